"""Where ours spends its time: `python -m benchmarks.http --profile list`."""

import pstats
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.http.load import Material, Scenario, drive
from benchmarks.http.servers import serving
from benchmarks.http.variants import VARIANTS

_SECONDS = 10
_SHOWN = 30


def profile(
    scenario: Scenario, material: Material, *, urls: Mapping[str, str], folder: Path
) -> None:
    """Print the functions of ours that take most time themselves, the profiler's own included."""
    ours = next(variant for variant in VARIANTS if variant.name == "ours")
    found = folder / "profile"
    profiled = replace(ours, command=("-m", "cProfile", "-o", str(found), *ours.command))
    with serving(profiled, urls=urls, folder=folder) as app:
        drive(scenario, app.url, material, connections=16, seconds=_SECONDS)
    pstats.Stats(str(found)).strip_dirs().sort_stats("tottime").print_stats(_SHOWN)
