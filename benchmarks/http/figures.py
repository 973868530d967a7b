"""Medians and ratios, always of what was measured in the same round."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.http.rounds import Reading

LIMITS = ("limit4", "limit16")
TUTORIAL = "tutorial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How two apps compare: the median over the rounds, and the rounds that differ most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, ours: Sequence[float], theirs: Sequence[float]) -> "Ratio":
        """Compare two apps round by round."""
        ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
        return cls(median=median(ratios), least=min(ratios), most=max(ratios))

    def __str__(self) -> str:
        places = 2 if self.median < 2 else 1
        span = f"{self.least:.{places}f}-{self.most:.{places}f}"
        return f"{self.median:.{places}f} ({span})"


@dataclass(frozen=True, slots=True)
class Figures:
    """All readings of a run."""

    readings: Sequence[Reading]

    def of(self, app: str, scenario: str, connections: int) -> list[Reading]:
        """Return an app's readings, round by round."""
        wanted = (app, scenario, connections)
        return [one for one in self.readings if (one.app, one.scenario, one.connections) == wanted]

    def median(
        self, app: str, scenario: str, connections: int, what: Callable[[Reading], float]
    ) -> float:
        """Return the median of a figure over the rounds."""
        return median(map(what, self.of(app, scenario, connections)))

    def limit(self, scenario: str, connections: int) -> str:
        """Return the better of the limit's two pool sizes."""
        return max(LIMITS, key=lambda name: self.median(name, scenario, connections, rate_of))

    def ratio(self, app: str, other: str, scenario: str, connections: int) -> Ratio:
        """Return how an app's requests per second compare to another's."""
        ours, theirs = (
            [rate_of(one) for one in self.of(name, scenario, connections)] for name in (app, other)
        )
        return Ratio.of(ours, theirs)


def rate_of(reading: Reading) -> float:
    """Return the requests per second."""
    return reading.load.rate
