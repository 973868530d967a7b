"""A run in words: Markdown for people, JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from benchmarks.http import targets
from benchmarks.http.figures import TUTORIAL, Figures, rate_of
from benchmarks.http.footprint import API, CORE, MARKS, THEIRS, Footprint
from benchmarks.http.load import Scenario

BUSY = 0.3
"""From how many processors on that work for others we say so."""

_HEAD = (
    "| connections | app | requests/s | p50, ms | p99, ms | its CPU, µs | PostgreSQL's, µs "
    "| of the limit | times the tutorial |"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything that one run found, and what on."""

    date: str
    command: str
    machine: str
    versions: dict[str, str]
    data: str
    scenarios: Sequence[Scenario]
    figures: Figures
    footprint: Footprint
    missing: Sequence[str]

    def as_markdown(self) -> str:
        """Return it for people."""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        lines = [f"{self.date}, `{self.command}`. {self.machine}.", self.data, f"{versions}."]
        lines += [f"\nLeft out: {reason}" for reason in self.missing]
        for scenario in self.scenarios:
            lines += ["", f"`{scenario.title}`:", "", *_table(self.figures, scenario.name)]
        lines += ["", *_footprint(self.footprint), "", *_targets(self.targets)]
        return "\n".join([*lines, *_warning(self.figures)])

    def as_json(self) -> str:
        """Return it for programs, each reading on a line of its own."""
        whole = asdict(self) | {"targets": [asdict(one) for one in self.targets]}
        rest = json.loads(json.dumps(whole), parse_float=lambda text: round(float(text), 3))
        readings = [json.dumps(one) for one in rest.pop("figures")["readings"]]
        rest["readings"] = []
        listed = ",\n  ".join(readings)
        return json.dumps(rest, indent=1).removesuffix("[]\n}") + f"[\n  {listed}\n ]\n}}\n"

    @property
    def targets(self) -> list[targets.Target]:
        """What was set out to be reached."""
        return [*targets.speed(self.figures), *targets.size(self.footprint)]


def _table(figures: Figures, scenario: str) -> Iterator[str]:
    yield _HEAD
    yield f"| ---: | --- |{' ---: |' * 7}"
    met = [reading for reading in figures.readings if reading.scenario == scenario]
    for connections in sorted({reading.connections for reading in met}):
        limit = figures.limit(scenario, connections)
        rates = {
            app: figures.median(app, scenario, connections, rate_of)
            for app in {one.app for one in met if one.connections == connections}
        }
        for app in sorted(rates, key=rates.__getitem__, reverse=True):
            here = (app, scenario, connections)
            of_limit = figures.ratio(app, limit, scenario, connections)
            cells = (
                f"{connections}",
                app,
                f"{rates[app]:,.0f}",
                f"{figures.median(*here, lambda one: one.load.p50):.1f}",
                f"{figures.median(*here, lambda one: one.load.p99):.1f}",
                f"{figures.median(*here, lambda one: one.app_cpu):.0f}",
                f"{figures.median(*here, lambda one: one.database_cpu):.0f}",
                "1" if app == limit else f"{of_limit}",
                f"{figures.ratio(app, TUTORIAL, scenario, connections).median:.1f}",
            )
            yield f"| {' | '.join(cells)} |"


def _footprint(footprint: Footprint) -> Iterator[str]:
    starts, imports, memory = footprint.starts, footprint.imports, footprint.memory
    yield "| footprint | ours | tutorial's |"
    yield "| --- | ---: | ---: |"
    yield f"| start to the first answer, s | {starts['ours']:.2f} | {starts[TUTORIAL]:.2f} |"
    yield f"| import of the app, ms | {imports[API]:.0f} | {imports[THEIRS]:.0f} |"
    yield f"| import of `{CORE}` alone, ms | {imports[CORE]:.0f} | |"
    for mark in (0, *MARKS):
        kept = [f"{memory[app][mark]:.0f}" if mark in memory[app] else "" for app in memory]
        if any(kept):
            what = f"after {mark:,} requests" if mark else "idle"
            yield f"| memory {what}, MiB | {' | '.join(kept)} |"
    served = [max(marks) for marks in memory.values()]
    kept = [f"{marks[end]:.0f}" for marks, end in zip(memory.values(), served, strict=True)]
    what = " and ".join(f"{end:,}" for end in served)
    yield f"| memory at the end, after {what} requests, MiB | {' | '.join(kept)} |"


def _targets(found: Sequence[targets.Target]) -> Iterator[str]:
    yield "| target | asked | measured | |"
    yield "| --- | ---: | ---: | --- |"
    for one in found:
        sign = "≤" if one.at_most else "≥"
        verdict = "reached" if one.kept else "**missed**"
        yield f"| {one.text} | {sign} {one.asked:.2f} | {one.measured:.2f} | {verdict} |"


def _warning(figures: Figures) -> Iterator[str]:
    busy = [one.others for one in figures.readings if one.others > BUSY]
    if busy:
        yield (
            f"\nThe machine was busy: in {len(busy)} of {len(figures.readings)} turns others used "
            f"more than {BUSY:g} processors, {max(busy):.1f} at worst. That changes absolute "
            "figures more than ratios."
        )
