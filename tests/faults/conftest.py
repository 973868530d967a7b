"""The fault harness: real processes, real servers, broken on purpose; one scorecard at the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--faults`."""
    parser.addoption(
        "--faults",
        choices=["short", "long"],
        default="short",
        help="how many faults: short takes minutes, long an hour and a half",
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the scorecard: what was done, what must come of it, what came of it."""

    figure: str
    target: str
    result: str


@dataclass(slots=True)
class Scorecard:
    """What a run of the harness has shown. Counts are asserted by the tests, times only told."""

    lines: list[Line] = field(default_factory=list)

    def add(self, figure: str, *, target: str, result: str) -> None:
        """Note a line; a test that fails afterwards still leaves it."""
        self.lines.append(Line(figure, target, result))


_SCORECARD = pytest.StashKey[Scorecard]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin a scorecard."""
    config.stash[_SCORECARD] = Scorecard()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the scorecard as a table of Markdown, for `docs/reliability.md`."""
    lines = config.stash[_SCORECARD].lines
    if lines:
        terminalreporter.section("scorecard")
        terminalreporter.write_line("| figure | target | result |")
        terminalreporter.write_line("| --- | --- | --- |")
    for line in lines:
        terminalreporter.write_line(f"| {line.figure} | {line.target} | {line.result} |")


@pytest.fixture
def scorecard(pytestconfig: pytest.Config) -> Scorecard:
    """The scorecard of this run."""
    return pytestconfig.stash[_SCORECARD]


@pytest.fixture
def many(pytestconfig: pytest.Config) -> bool:
    """Whether this is the long form."""
    return bool(pytestconfig.getoption("faults") == "long")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder outside of pytest's own, which each run of pytest shuts to all other accounts.

    For root, PostgreSQL runs as one of those.
    """
    with TemporaryDirectory(prefix="blog-test-") as folder:
        yield Path(folder)
