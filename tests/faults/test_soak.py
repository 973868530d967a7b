"""A long day: nothing may grow, and nothing may fail."""

import asyncio
import os

import pytest

from faults.conftest import Scorecard
from faults.load import load
from faults.meters import Usage
from faults.world import World

pytestmark = pytest.mark.anyio

SAMPLE_SECONDS = 1

GROWTH_MB = 15
"""By how much more memory may be held at the least in the last quarter than in the second."""

CORES = len(os.sched_getaffinity(0))
THREADS_MAX = 1 + CORES + min(2, CORES) + 16 + 3 + (CORES + 4) + 4
"""The first, those for passwords, pictures, the storage and texts, asyncio's and uvloop's: each
pool grows by one whenever all that it has are busy, until it is full."""

BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'blog'"


def quarters(values: list[float]) -> tuple[float, float]:
    """Return the least of the second quarter, when all is warm, and of the last.

    What comes and goes, as the 64 MiB of each hash do, is not growth.
    """
    quarter = len(values) // 4
    return min(values[quarter : 2 * quarter]), min(values[-quarter:])


async def test_under_a_mixed_load_nothing_grows(
    world: World, scorecard: Scorecard, many: bool, seed: int
) -> None:
    minutes, blog = 30 if many else 2, await world.serve()
    usage, backends = [], []

    async with load(world, 6, seed=seed) as ledger:
        for _ in range(minutes * 60 // SAMPLE_SECONDS):
            await asyncio.sleep(SAMPLE_SECONDS)
            usage.append(Usage.of(blog.pid))
            backends += await world.database.column(BACKENDS)

    warm, late = quarters([each.memory for each in usage])
    files, held = quarters([each.files for each in usage]), quarters(backends)
    threads = max(each.threads for each in usage)
    scorecard.add(
        f"a mixed load for {minutes} min",
        target="no 5xx; memory, open files and backends no more in the last quarter than in the "
        f"second; at most the {THREADS_MAX} threads that all pools have",
        result=f"{ledger.answers} answers, {ledger.unanswered} without one, "
        f"5xx: {ledger.failures or 0}; memory {warm:.0f} to {late:.0f} MB, "
        f"files {files[0]:.0f} to {files[1]:.0f}, backends {held[0]:.0f} to {held[1]:.0f}, "
        f"at most {threads} threads",
    )
    assert (ledger.failures, ledger.errors) == ({}, {})
    assert late - warm <= GROWTH_MB
    assert threads <= THREADS_MAX
    for before, after in (files, held):
        assert after <= before + 4
