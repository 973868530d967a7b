"""Migrations while people use the blog."""

import asyncio

import pytest
from sqlalchemy import text

from blog_adapters.sql.migrate import downgrade, revisions
from blog_adapters.testing.databases import connected
from faults.conftest import Scorecard
from faults.load import Writer, load
from faults.world import World

pytestmark = pytest.mark.anyio


async def test_migrating_again_and_twice_at_once_disturbs_nobody(
    world: World, scorecard: Scorecard, many: bool, seed: int
) -> None:
    times = 20 if many else 3
    await world.serve()

    async with load(world, 6, seed=seed) as ledger:
        done = [
            status
            for _ in range(times)
            for status, _ in await asyncio.gather(world.migrate(), world.migrate())
        ]

    scorecard.add(
        "two `blog migrate` at once under 6 writers",
        target="both end with 0, no 5xx",
        result=f"{times} times: {done.count(0)} of {len(done)} ended with 0; "
        f"{ledger.answers} answers, 5xx: {ledger.failures or 0}",
    )
    assert done == [0, 0] * times
    assert (ledger.failures, ledger.unanswered) == ({}, 0)


async def test_a_migration_gives_way_to_who_holds_a_table(
    world: World, scorecard: Scorecard, seed: int
) -> None:
    """The latest revision is undone first; readers of posts do not need it."""
    await world.serve()

    async with load(world, 4, seed=seed, deeds=[Writer.read]) as ledger:
        await downgrade(world.database.url, revisions()[-2])
        async with connected(world.database.url) as holder:
            await holder.execute(text("SELECT count(*) FROM sessions"))
            refused, said = await world.migrate()
        done, _ = await world.migrate()

    scorecard.add(
        "`blog migrate` while another session holds a table",
        target="it gives up after its lock time-out and says so, no reader gets a 5xx; later it "
        "is done",
        result=f"status {refused}, then {done}; {ledger.answers} answers, "
        f"5xx: {ledger.failures or 0}",
    )
    assert refused == 1
    assert "lock timeout" in said
    assert done == 0
    assert (ledger.failures, ledger.unanswered) == ({}, 0)
