"""A PostgreSQL that crashes under load."""

import asyncio
import time
from random import Random

import pytest

from faults.conftest import Scorecard
from faults.load import Ledger, load
from faults.world import World, eventually

pytestmark = pytest.mark.anyio


async def first_write_after(moment: float, ledger: Ledger) -> float:
    """Return how many seconds it took until a write was acknowledged again."""

    async def is_back() -> bool:
        return ledger.last_write > moment

    await eventually(is_back)
    return ledger.last_write - moment


async def test_when_postgresql_crashes_no_acknowledged_write_is_lost(
    world: World, scorecard: Scorecard, many: bool, seed: int
) -> None:
    crashes, random = 20 if many else 3, Random(seed)
    blog = await world.serve()
    back_after = []

    async with load(world, 10, seed=seed) as ledger:
        for _ in range(crashes):
            await asyncio.sleep(random.uniform(1, 3))
            await world.database.crash()
            await asyncio.sleep(random.uniform(0, 1))
            await world.database.come_back()
            back_after.append(await first_write_after(time.monotonic(), ledger))
    await blog.end()
    await blog.start()
    await world.deliver_all()

    lost, twice = await ledger.lost(world.database), await ledger.twice(world.database)
    missing = ledger.missing(world.mail_server)
    scorecard.add(
        "PostgreSQL crashes (`-m immediate`) under 10 writers",
        target="no acknowledged write or mail lost, no post twice, no failure but 503, "
        "back within 1 s",
        result=f"{crashes} crashes, {ledger.writes} acknowledged: {len(lost)} lost, "
        f"{len(missing)} mails missing, {len(twice)} posts twice; 5xx: {ledger.failures}, "
        f"connections lost: {ledger.unanswered}; back after {max(back_after):.2f} s",
    )
    assert (lost, missing, twice) == (set(), set(), [])
    assert set(ledger.failures) == {503}
    assert ledger.unanswered == 0
