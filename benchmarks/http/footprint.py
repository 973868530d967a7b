"""What it takes to start an app and to keep it, beside the tutorial's."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.http.environments import ROOT, python_of
from benchmarks.http.figures import TUTORIAL
from benchmarks.http.load import Material, Scenario, drive
from benchmarks.http.rounds import Reading
from benchmarks.http.servers import Serving, environment_of, serving
from benchmarks.http.variants import VARIANTS

MARKS = (10_000, 50_000, 100_000)
"""After how many requests memory is looked at."""

CORE, API, THEIRS = "blog_core.services", "blog_api.app", "benchmarks.http.apps.tutorial"

_COMPARED = {one.name: one for one in VARIANTS if one.name in ("ours", TUTORIAL)}
_TIMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What ours and the tutorial's app take.

    Args:
        starts: from the start of the process to the first answer, in seconds; medians, by app.
        imports: in a fresh interpreter, in ms; medians, by module.
        memory: in MiB, by app and by how many requests it has served at least.
    """

    starts: dict[str, float]
    imports: dict[str, float]
    memory: dict[str, dict[int, float]]


def starts(*, urls: Mapping[str, str], folder: Path) -> dict[str, float]:
    """Start each app some times, in turn."""
    taken: dict[str, list[float]] = {name: [] for name in _COMPARED}
    for _ in range(_TIMES):
        for name, variant in _COMPARED.items():
            with serving(variant, urls=urls, folder=folder) as app:
                taken[name].append(app.seconds)
    return {name: median(seconds) for name, seconds in taken.items()}


def imports(*, urls: Mapping[str, str], folder: Path) -> dict[str, float]:
    """Import each module some times, in turn."""
    taken: dict[str, list[float]] = {module: [] for module in (CORE, API, THEIRS)}
    for _ in range(_TIMES):
        for module, times in taken.items():
            variant = _COMPARED[TUTORIAL if module == THEIRS else "ours"]
            environment = environment_of(variant, urls=urls, folder=folder)
            times.append(_import_time(module, python_of(variant.environment), environment))
    return {module: median(times) for module, times in taken.items()}


def _import_time(module: str, python: Path, environment: dict[str, str]) -> float:
    code = f"import time; start = time.perf_counter(); import {module}; "
    code += "print((time.perf_counter() - start) * 1000)"
    done = subprocess.run(  # noqa: S603 - ours
        [python, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def kept(readings: Sequence[Reading], *, idle: float) -> dict[int, float]:
    """Return what an app kept in memory while it raced: idle, at each mark, and at the end."""
    memory, served = {0: idle}, 0
    for reading in readings:
        served += reading.load.requests
        for mark in MARKS:
            if served >= mark:
                memory.setdefault(mark, reading.memory)
    if readings:
        memory[served] = readings[-1].memory
    return memory


def soak(app: Serving, scenario: Scenario, material: Material, memory: dict[int, float]) -> None:
    """Let an app serve on up to the last mark, and note what it keeps in memory at each."""
    served = max(memory)
    for mark in MARKS:
        while served < mark:
            load = drive(scenario, app.url, material, connections=16, seconds=1)
            served += load.requests
        memory.setdefault(mark, app.memory())
