"""Processes that are killed at any moment: what was acknowledged stays, what was promised comes."""

import asyncio
import signal
from collections import Counter
from random import Random

import pytest

from blog_adapters.relay import BATCH
from faults.conftest import Scorecard
from faults.load import load
from faults.world import World

pytestmark = pytest.mark.anyio


async def test_whoever_is_killed_no_acknowledged_write_and_no_mail_is_lost(
    world: World, scorecard: Scorecard, many: bool, seed: int
) -> None:
    kills, random = 200 if many else 25, Random(seed)
    await world.serve()
    await world.serve()
    await world.work()

    async with load(world, 8, seed=seed) as ledger:
        for _ in range(kills):
            await asyncio.sleep(random.uniform(0.05, 1))
            victim = random.choice(world.processes)
            await victim.end(signal.SIGKILL)
            await victim.start()
    for process in world.processes:  # so that nobody holds what is brought forward
        await process.end(signal.SIGKILL)
    await world.processes[-1].start()
    await world.deliver_all()

    lost, twice = await ledger.lost(world.database), await ledger.twice(world.database)
    mails = world.mail_server.messages
    missing = ledger.missing(world.mail_server)
    copies = len(mails) - len({mail["Message-ID"] for mail in mails})
    letters = Counter(to for to, _ in {(str(mail["To"]), mail["Message-ID"]) for mail in mails})
    stored, shown = await world.pictures()
    scorecard.add(
        "kill -9, web and worker",
        target="no acknowledged write or mail lost, no post twice, no more mails twice than were "
        f"in hand ({BATCH} for each kill), no orphan",
        result=f"{kills} kills, {ledger.writes} acknowledged: {len(lost)} lost, "
        f"{len(missing)} of {len(ledger.asked)} mails missing, {len(twice)} posts and {copies} "
        "mails twice, "
        f"{len(stored ^ shown)} orphans",
    )
    assert (lost, missing, twice) == (set(), set(), [])
    assert copies <= BATCH * kills
    assert set(letters.values()) == {1}  # a copy has the same Message-ID
    assert stored == shown
    assert set(ledger.failures) <= {503}
