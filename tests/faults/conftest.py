"""The fault harness: real processes, real servers, broken on purpose; one scorecard at the end."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import randrange
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import pytest

from faults.world import World, opened

if TYPE_CHECKING:  # nothing reads these annotations at run time, and runs without -n do without
    from xdist.workermanage import WorkerController  # type: ignore[import-untyped]  # none are published


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--faults` and `--faults-seed`."""
    parser.addoption(
        "--faults",
        choices=["short", "long"],
        default="short",
        help="how many faults: short takes minutes, long an hour and a half",
    )
    parser.addoption("--faults-seed", type=int, help="which ones; drawn if none is given")


class Line(NamedTuple):
    """One line of the scorecard: what was done, what must come of it, what came of it."""

    scenario: str
    target: str
    result: str


class Scorecard:
    """What a run of the harness has shown. Counts are asserted by the tests, times only told."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def add(self, scenario: str, *, target: str, result: str) -> None:
        """Note a line; a test that fails afterwards still leaves it."""
        self.lines.append(Line(scenario, target, result))


_SCORECARD = pytest.StashKey[Scorecard]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin a scorecard, and draw the seed that all processes of the run share."""
    config.stash[_SCORECARD] = Scorecard()
    if config.getoption("faults_seed", None) is None:
        config.option.faults_seed = randrange(10**6)


def pytest_report_header(config: pytest.Config) -> str:
    """Say how to see the same again."""
    return f"faults: --faults={config.option.faults} --faults-seed={config.option.faults_seed}"


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: "WorkerController") -> None:
    """Take over what a worker of pytest-xdist has noted."""
    noted = getattr(node, "workeroutput", {}).get("faults_scorecard", ())
    node.config.stash[_SCORECARD].lines.extend(Line(*each) for each in noted)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker, hand over what was noted."""
    if hasattr(session.config, "workeroutput"):
        lines = session.config.stash[_SCORECARD].lines
        session.config.workeroutput["faults_scorecard"] = [list(line) for line in lines]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the scorecard as a table of Markdown, for `docs/reliability.md`."""
    lines = config.stash[_SCORECARD].lines
    if lines:
        terminalreporter.section("scorecard")
        terminalreporter.write_line("| scenario | target | result |")
        terminalreporter.write_line("| --- | --- | --- |")
    for line in sorted(lines):
        terminalreporter.write_line(f"| {line.scenario} | {line.target} | {line.result} |")


@pytest.fixture
def scorecard(pytestconfig: pytest.Config) -> Scorecard:
    """The scorecard of this run."""
    return pytestconfig.stash[_SCORECARD]


@pytest.fixture
def many(pytestconfig: pytest.Config) -> bool:
    """Whether this is the long form."""
    return bool(pytestconfig.getoption("faults") == "long")


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    """What chooses the faults of this run."""
    return int(pytestconfig.getoption("faults_seed"))


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder outside of pytest's own, which each run of pytest shuts to all other accounts.

    For root, PostgreSQL runs as one of those.
    """
    with TemporaryDirectory(prefix="blog-test-") as folder:
        yield Path(folder)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A blog's surroundings, of this test alone; its processes end with it."""
    async with opened(tmp_path) as world:
        yield world
