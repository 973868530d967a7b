"""Servers that are told to end while they are busy."""

import asyncio
import time
from random import Random

import pytest

import lines
from faults.conftest import Scorecard
from faults.load import load
from faults.world import World

pytestmark = pytest.mark.anyio


async def test_a_sigterm_costs_no_request_that_was_sent_before_it(
    world: World, scorecard: Scorecard, many: bool, seed: int
) -> None:
    times, random = 20 if many else 3, Random(seed)
    statuses, taken, up = [], [], []
    blog = await world.serve()

    async with load(world, 10, seed=seed) as ledger:
        for number in range(times):
            started = time.monotonic()
            await asyncio.sleep(random.uniform(0.5, 2))
            if number == times - 1:  # the worst: it waits for those who never answer
                world.storage.fault = world.mail.fault = lines.black_hole
                await asyncio.sleep(1)
            told = time.monotonic()
            up.append((started, told))
            statuses.append(await blog.end())
            taken.append(time.monotonic() - told)
            await blog.start()
    await blog.end()
    world.storage.fault = world.mail.fault = lines.none
    await blog.start()
    await world.deliver_all()

    lost = await ledger.lost(world.database)
    dropped = [begun for begun in ledger.cut_off if any(start < begun < end for start, end in up)]
    missing = ledger.missing(world.mail_server)
    stored, shown = await world.pictures()
    scorecard.add(
        "SIGTERM under 10 writers, the last while storage and mail server hang",
        target="no acknowledged write or mail lost, no request dropped that was sent before it, "
        "status 0 within 25 s",
        result=f"{times} times, {ledger.writes} acknowledged: {len(lost)} lost, {len(missing)} "
        f"mails missing, {len(dropped)} dropped; ended after {max(taken[:-1]):.1f} s, "
        f"while they hang {taken[-1]:.1f} s",
    )
    assert (lost, missing, dropped) == (set(), set(), [])
    assert statuses == [0] * times
    assert set(ledger.failures) <= {503}
    assert stored == shown
