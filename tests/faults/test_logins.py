"""Very many who log in at once: each hash takes 64 MiB and a processor."""

import asyncio
import os
from collections import Counter
from random import Random

import httpx
import pytest

from faults.conftest import Scorecard
from faults.load import PASSWORD, Writer, browser, load, people, somewhere
from faults.meters import Peak
from faults.world import World

pytestmark = pytest.mark.anyio

HASH_MB = 64 * 1024**2 / 1e6
SLACK_MB = 50


async def test_a_flood_of_logins_takes_no_more_memory_than_there_are_cores_and_stops_nobody_else(
    world: World, scorecard: Scorecard, many: bool, seed: int
) -> None:
    floods, at_once, random = 5 if many else 1, 200, Random(seed)
    blog = await world.serve()
    emails = await people(world.database, "flood", at_once)
    cores = len(os.sched_getaffinity(0))

    async def log_in(client: httpx.AsyncClient, email: str) -> int:
        form, headers = {"username": email, "password": PASSWORD}, somewhere(random)
        answer = await client.post(f"{blog.url}/api/users/token", data=form, headers=headers)
        return answer.status_code

    async with (
        load(world, 2, seed=seed, deeds=[Writer.read, Writer.look_up]) as others,
        browser() as client,
    ):
        await asyncio.sleep(2)
        before, peak = others.slowest(), Peak(blog.pid)
        others.seconds.clear()
        statuses: Counter[int] = Counter()
        for _ in range(floods):
            statuses.update(await asyncio.gather(*(log_in(client, email) for email in emails)))
        meanwhile, growth = others.slowest(), peak.growth

    bound = cores * HASH_MB + SLACK_MB
    scorecard.add(
        f"{at_once} logins at once",
        target=f"at most {bound:.0f} MB more ({cores} cores x 64 MiB + {SLACK_MB} MB), the excess "
        "is 429 or 503, nobody else fails",
        result=f"{dict(sorted(statuses.items()))}, {growth:.0f} MB more, others "
        f"{len(others.failures)} failures, {meanwhile:.0f} ms (99th percentile; before it was "
        f"{before:.0f} ms)",
    )
    assert growth <= bound
    assert set(statuses) <= {200, 429, 503}
    assert statuses[200] >= cores
    assert (others.failures, others.unanswered) == ({}, 0)
