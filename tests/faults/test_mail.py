"""A mail server that is away, slow, or does not want one recipient."""

import asyncio

import pytest

from faults.conftest import Scorecard
from faults.load import Writer, browser, load, people
from faults.world import World, eventually

pytestmark = pytest.mark.anyio

DEEDS = (Writer.forget, Writer.read, Writer.look_up, Writer.publish)

UNWANTED = """
    SELECT email FROM outbox JOIN users ON users.id = (payload ->> 'user_id')::bigint WHERE dead
"""


async def test_without_its_mail_server_the_blog_goes_on_and_the_mail_comes_later(
    world: World, scorecard: Scorecard, many: bool, seed: int
) -> None:
    seconds, blog = 600 if many else 10, await world.serve()
    (unwanted,) = await people(world.database, "unwanted", 1)
    world.mail_server.replies[unwanted] = "550 no such user"

    async with load(world, 4, seed=seed, deeds=DEEDS, pause=0.2) as ledger:
        world.mail_server.pause = 2
        await asyncio.sleep(10)
        world.mail_server.pause = 0
        await world.mail.cut()
        async with browser() as client:
            await client.post(f"{blog.url}/api/users/forgot-password", json={"email": unwanted})
        await asyncio.sleep(seconds)
    await world.mail.mend()

    async def is_all_done() -> bool:
        return await world.database.column("SELECT count(*) FROM outbox WHERE NOT dead") == [0]

    done_after = await eventually(is_all_done)
    missing = ledger.missing(world.mail_server)
    dead = await world.database.column(UNWANTED)
    scorecard.add(
        "the mail server is slow, away, and refuses one address",
        target="no request fails; when it is back every other mail comes, within 60 s; "
        "the refused one is a dead letter",
        result=f"10 s slow, {seconds} s away: {len(ledger.failures)} failures of "
        f"{ledger.answers}, {len(missing)} of {len(ledger.asked)} mails missing after "
        f"{done_after:.0f} s, {len(dead)} dead letter",
    )
    assert (ledger.failures, ledger.unanswered) == ({}, 0)
    assert missing == set()
    assert dead == [unwanted]
