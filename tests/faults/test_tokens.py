"""Tokens that must let nobody in, on every route of a real server that asks for one."""

import asyncio
from collections import Counter

import pytest

from faults.conftest import Scorecard
from faults.load import browser, log_in, people
from faults.world import SECRET, World
from forgeries import Forger
from operations import ROUTES, SECURED, SENT

pytestmark = pytest.mark.anyio


async def test_a_forged_or_stale_token_lets_nobody_in_anywhere(
    world: World, scorecard: Scorecard
) -> None:
    blog = await world.serve()
    emails = await people(world.database, "member", 2)
    async with browser() as client:
        member, ended = [await log_in(client, blog.url, email) for email in emails]
        await client.post(f"{blog.url}/api/users/logout", headers=bearer(ended.token))
        tokens = Forger(member.token, SECRET.encode()).forgeries() | {
            "of a session that has ended": ended.token,
            "a refresh token": member.refresh_token,
        }
        # The first cannot be sent, the second is more than a header of a server should be.
        del tokens["nothing"], tokens["a megabyte of payload"]
        slots = asyncio.Semaphore(8)

        async def ask(operation: str, token: str) -> int:
            method, path = ROUTES[operation]
            where = path.format(user_id=member.id, post_id=1, session_id=1)
            sent = SENT.get(operation, {})
            async with slots:
                answer = await client.request(
                    method, blog.url + where, headers=bearer(token), **sent
                )
            assert token not in answer.text or not token
            return answer.status_code

        statuses = Counter(
            await asyncio.gather(
                *(ask(operation, token) for operation in SECURED for token in tokens.values())
            )
        )

    scorecard.add(
        "forged and stale tokens on every route that asks for one",
        target="at least 25 kinds, all 401",
        result=f"{len(tokens)} kinds on {len(SECURED)} routes: "
        + ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items())),
    )
    assert len(tokens) >= 25
    assert statuses == {401: len(tokens) * len(SECURED)}
    assert SECRET not in blog.log


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
