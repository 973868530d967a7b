"""What was set out to be reached, beside what was measured."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.http.figures import TUTORIAL, Figures
from benchmarks.http.footprint import API, CORE, THEIRS, Footprint

_AT_LEAST = (
    ("ours", "list", "limit", 0.50),
    ("ours", "one", "limit", 0.40),
    ("ours", "create", "limit", 0.45),
    ("ours", "list", TUTORIAL, 6.0),
    ("ours", "one", TUTORIAL, 6.0),
    ("ours", "create", TUTORIAL, 2.5),
    ("ours-cached", "list", "limit", 4.0),
)
"""Requests per second at 16 connections: whose, at what, over whose, and how many times."""

P99_OVER_P50 = 4.0
FOOTPRINT = 1.3
"""What the footprint may be at most, in terms of the tutorial app's."""
FLAT = 1.1
"""What memory after the last mark may be at most, in terms of what it was after the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One of them."""

    text: str
    asked: float
    measured: float
    at_most: bool = False

    @property
    def kept(self) -> bool:
        """Whether it was reached."""
        return self.measured <= self.asked if self.at_most else self.measured >= self.asked


def speed(figures: Figures) -> Iterator[Target]:
    """Return what a run can tell about speed."""
    for app, scenario, other, asked in _AT_LEAST:
        if figures.of(app, scenario, 16):
            name = figures.limit(scenario, 16) if other == "limit" else other
            yield Target(
                text=f"{scenario}, 16 connections: {app} in terms of the {other}",
                asked=asked,
                measured=figures.ratio(app, name, scenario, 16).median,
            )
    for scenario in ("list", "one", "create"):
        if figures.of("ours", scenario, 64):
            yield Target(
                text=f"{scenario}, 64 connections: p99 in terms of p50",
                asked=P99_OVER_P50,
                measured=figures.median(
                    "ours", scenario, 64, lambda one: one.load.p99 / one.load.p50
                ),
                at_most=True,
            )


def size(footprint: Footprint) -> Iterator[Target]:
    """Return what a run can tell about the footprint."""
    starts, imports, memory = footprint.starts, footprint.imports, footprint.memory
    ours, theirs = memory["ours"], memory[TUTORIAL]
    shares = {
        "start to the first answer": starts["ours"] / starts[TUTORIAL],
        f"`import {CORE}`": imports[CORE] / imports[THEIRS],
        f"`import {API}`": imports[API] / imports[THEIRS],
        "memory, idle": ours[0] / theirs[0],
        "memory after the run": ours[max(ours)] / theirs[max(theirs)],
    }
    for what, share in shares.items():
        text = f"{what}, in terms of the tutorial's"
        yield Target(text=text, asked=FOOTPRINT, measured=share, at_most=True)
    first, *others = sorted(mark for mark in ours if mark)
    if others:
        yield Target(
            text=f"memory after {others[-1]:,} requests, in terms of {first:,}",
            asked=FLAT,
            measured=ours[others[-1]] / ours[first],
            at_most=True,
        )
