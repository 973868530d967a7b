"""A pytest plugin that runs tests in alternating blocks and takes down what each costs.

Linux only, and with a server of this machine, on a Unix socket: it reads `/proc`.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import make_url

TICKS = 100
"""A second of the times in `/proc/<pid>/stat`."""

SETTLING = 0.05
"""Seconds until the server has done what a block leaves it to do: end processes, write out."""


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server of this machine."""

    url: str
    version: str

    def cpu(self) -> float:
        """Return what its processes have used so far, those that ended included; in ms."""
        query = make_url(self.url).query
        lock = Path(str(query["host"])) / f".s.PGSQL.{query.get('port', 5432)}.lock"
        postmaster = lock.read_text().split()[0]
        process = Path("/proc") / postmaster
        ended = (process / "stat").read_text().rpartition(")")[2].split()[13:15]
        living = (process / "task" / postmaster / "children").read_text().split()
        return sum(map(int, ended)) * 1000 / TICKS + sum(map(_cpu, [postmaster, *living]))


def _cpu(pid: str) -> float:
    try:
        return int((Path("/proc") / pid / "schedstat").read_text().split()[0]) / 1e6
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0.0


def ran_and_waited() -> tuple[float, float]:
    """Return how long this process ran, and how long it waited for a processor; in ms."""
    ran, waited, _ = Path("/proc/self/schedstat").read_text().split()
    return int(ran) / 1e6, int(waited) / 1e6


SERVER = pytest.StashKey[Server]()
"""The server whose processes are counted, once it is there."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one test costs, in ms.

    `wall` leaves out what pytest waits for a processor, and `cpu` takes in what the server uses.
    """

    wall: float
    cpu: float


@dataclass(slots=True)
class Block:
    """Tests of one kind, run in a row; times in ms."""

    walls: list[float] = field(default_factory=list)
    cpu: float = 0.0

    def cost(self) -> Cost:
        """Return what one of them costs: fixtures, test and report."""
        return Cost(wall=median(self.walls), cpu=self.cpu / len(self.walls))


class Meter:
    """Runs each test `rounds` times `tests` times, the kinds taking turns.

    Two more rounds do not count: the first warms up, and the last takes everything down.
    """

    def __init__(self, *, rounds: int, tests: int) -> None:
        self.server: Server | None = None
        self._turns, self._tests = (rounds + 2) * tests, tests
        self.rows: dict[str, str] = {}
        """What each kind is called in a table, in order."""
        self._blocks: dict[str, list[Block]] = defaultdict(list)
        self._now: tuple[str, int] | None = None
        self._mark = 0.0

    def costs(self, kind: str) -> list[Cost]:
        """Return what a test of a kind costs, for each round."""
        return [block.cost() for block in self._blocks[kind][1:-1]]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Multiply the tests."""
        if "turn" in metafunc.fixturenames:
            metafunc.parametrize("turn", range(self._turns), indirect=True)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Let the kinds take turns."""
        items.sort(key=lambda item: _turn(item) // self._tests)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Take the time of one test."""
        self.server = item.config.stash.get(SERVER, None)
        assert isinstance(item, pytest.Function)
        kind, block = item.originalname, (item.originalname, _turn(item) // self._tests)
        self.rows[kind] = str(item.function.__doc__).rstrip(".")
        if block != self._now:
            self._next(block)
        start = self._clock()
        result = yield
        self._blocks[kind][-1].walls.append(self._clock() - start)
        return result

    def _clock(self) -> float:
        """Return the time, in ms, which stands still while others keep pytest from a processor."""
        _, waited = ran_and_waited()
        return time.perf_counter() * 1000 - waited

    def _next(self, block: tuple[str, int]) -> None:
        time.sleep(SETTLING)
        cpu = time.process_time() * 1000 + (self.server.cpu() if self.server else 0.0)
        if self._now is not None:
            self._blocks[self._now[0]][-1].cpu = cpu - self._mark
        self._blocks[block[0]].append(Block())
        self._now, self._mark = block, cpu


def _turn(item: pytest.Item) -> int:
    turn: object = item.callspec.params["turn"]  # type: ignore[attr-defined] # they are functions
    assert isinstance(turn, int)
    return turn


def over_floor(costs: list[Cost], floor: list[Cost]) -> list[Cost]:
    """Return for each round how much more a test costs than one that does nothing."""
    return [
        Cost(wall=cost.wall - nothing.wall, cpu=cost.cpu - nothing.cpu)
        for cost, nothing in zip(costs, floor, strict=True)
    ]
