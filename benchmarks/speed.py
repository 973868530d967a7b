"""What a test costs with the kit's fixtures, beside the tutorial's pattern, in one run.

make bench-tests prints it; python -m benchmarks.speed --write docs/test-speed.md keeps it.
"""

import argparse
import fcntl
import platform
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from statistics import median

import pytest

from benchmarks.meter import Cost, Meter, over_floor, ran_and_waited

FLOOR = "test_nothing"
PAIRS = {
    "the fixture": ("test_rolled_back", "test_tutorial"),
    "with a client": ("test_client", "test_tutorial_client"),
    "with a client and a registration": ("test_registering", "test_tutorial_registering"),
}
PROMISED = 0.2
"""`blog_database` costs at most this part of the tutorial's session."""

BUSY = 0.1
"""The part of its time that pytest may wait for a processor before we say so."""


@dataclass(frozen=True, slots=True)
class UnitTier:
    """One run of the unit tier; times in seconds."""

    tests: int
    wall: float
    cpu: float


def main() -> int:
    """Measure and print; return 1 when a test failed or the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--tests", type=int, default=10, help="of each kind in each round")
    parser.add_argument("--write", type=Path, help="a Markdown file, to put the figures into")
    options = parser.parse_args()

    with Path(__file__).open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # two runs would disturb each other
        unit = unit_tier()
        meter = Meter(rounds=options.rounds, tests=options.tests)
        ran, waited = ran_and_waited()
        quiet = ["-qq", "-p", "no:randomly", "-p", "no:cacheprovider"]
        if pytest.main([str(Path(__file__).parent), *quiet], plugins=[meter]):
            return 1
        ran, waited = (
            now - then for now, then in zip(ran_and_waited(), (ran, waited), strict=True)
        )
    lines, kept = report(meter, unit)
    if waited / (ran + waited) > BUSY:
        share = f"{waited / (ran + waited):.0%}"
        lines.append(
            f"\nThe machine was busy: pytest waited for a processor {share} of its time. That is "
            "left out of its wall times; what the server waited is not."
        )
    say("\n".join(lines))
    if options.write:
        keep(options.write, lines)
    return 0 if kept else 1


def unit_tier() -> UnitTier:
    """Run it, in a process of its own."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "tests/unit", "-q", "-p", "no:randomly"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - all ours
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.search(r"(\d+) passed", done.stdout)
    assert found is not None
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return UnitTier(tests=int(found[1]), wall=wall, cpu=cpu)


def report(meter: Meter, unit: UnitTier) -> tuple[list[str], bool]:
    """Return lines of Markdown, and whether the promise is kept."""
    assert meter.server is not None
    floor = meter.costs(FLOOR)
    costs = {kind: over_floor(meter.costs(kind), floor) for kind in meter.rows}
    versions = ", ".join(f"{name} {version(name)}" for name in ("SQLAlchemy", "asyncpg", "pytest"))
    machine = f"{platform.system()}, {cpu_count()} processors, Python {platform.python_version()}"
    a_second = f"{unit.tests / unit.wall:.0f} a second, {unit.tests / unit.cpu:.0f} a CPU second"
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, `make bench-tests`.",
        f"{machine}, PostgreSQL {meter.server.version}, {versions}.\n",
        f"The unit tier: {unit.tests} tests in {unit.wall:.0f} s, {a_second}.\n",
        "| per test, over an empty one | wall, ms | CPU, ms |",
        "| --- | ---: | ---: |",
        *(row(name, costs[kind] if kind != FLOOR else floor) for kind, name in meter.rows.items()),
        "",
        "| ours, as a part of the tutorial's | wall | CPU |",
        "| --- | ---: | ---: |",
    ]
    ratios = {name: ratio(costs[ours], costs[theirs]) for name, (ours, theirs) in PAIRS.items()}
    lines += [f"| {name} | {found.wall:.2f} | {found.cpu:.2f} |" for name, found in ratios.items()]
    fixture = ratios["the fixture"]
    kept = max(fixture.wall, fixture.cpu) <= PROMISED
    verdict = "at most" if kept else "more than"
    lines += ["", f"`blog_database` costs {verdict} a fifth of the tutorial's session."]
    return lines, kept


def row(name: str, costs: list[Cost]) -> str:
    """Return a row of the table: medians over the rounds."""
    wall, cpu = median(each.wall for each in costs), median(each.cpu for each in costs)
    return f"| {name} | {wall:.1f} | {cpu:.1f} |"


def ratio(ours: list[Cost], theirs: list[Cost]) -> Cost:
    """Return what ours costs in terms of theirs: medians over the rounds."""
    pairs = list(zip(ours, theirs, strict=True))
    return Cost(
        wall=median(one.wall / other.wall for one, other in pairs),
        cpu=median(one.cpu / other.cpu for one, other in pairs),
    )


def keep(path: Path, lines: list[str]) -> None:
    """Put the lines between the two marks in a file."""
    before, _, rest = path.read_text().partition("<!-- measured -->\n")
    _, _, after = rest.partition("<!-- end -->")
    text = "\n".join(lines)
    path.write_text(f"{before}<!-- measured -->\n{text}\n<!-- end -->{after}")


def say(text: str) -> None:
    """Print it."""
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
