"""Clients that go away in the middle of a request."""

import asyncio
from random import Random

import httpx
import pytest

from faults.conftest import Scorecard
from faults.load import Account, browser, log_in, people
from faults.world import Process, World, eventually

pytestmark = pytest.mark.anyio

POOL = 8
"""DATABASE_POOL_SIZE."""

BACKENDS = """
    SELECT coalesce(state, '') FROM pg_stat_activity
    WHERE application_name = 'blog' AND pid <> pg_backend_pid()
"""


async def leave(blog: Process, account: Account, random: Random) -> None:
    """Begin a request and go away, before it is sent or answered."""
    path, body = random.choice(
        [
            ("GET /api/users/me", b""),
            ("GET /api/posts?limit=100", b""),
            ("POST /api/posts", b'{"title": "Left", "content": "x"}'),
            ("POST /api/users/forgot-password", b'{"email": "nobody@example.com"}'),
        ]
    )
    request = (
        f"{path} HTTP/1.1\r\nHost: blog\r\nAuthorization: Bearer {account.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    address = httpx.URL(blog.url)
    _, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(
        request[: random.choice([len(request), len(request), random.randrange(1, len(request))])]
    )
    await asyncio.sleep(random.uniform(0, 0.03))
    writer.transport.abort()
    await asyncio.sleep(0)


async def test_clients_that_go_away_take_nothing_with_them(
    world: World, scorecard: Scorecard, many: bool, seed: int
) -> None:
    count, random = 5_000 if many else 500, Random(seed)
    blog = await world.serve()
    (email,) = await people(world.database, "leaver", 1)

    async with browser() as client:
        account = await log_in(client, blog.url, email)
        for _ in range(count // 50):
            await asyncio.gather(*(leave(blog, account, random) for _ in range(50)))

        async def are_at_rest() -> bool:
            states = await world.database.column(BACKENDS)
            return len(states) <= POOL + 1 and set(states) <= {"idle"}

        at_rest_after = await eventually(are_at_rest)
        me, headers = f"{blog.url}/api/users/me", {"Authorization": f"Bearer {account.token}"}
        answers = await asyncio.gather(*(client.get(me, headers=headers) for _ in range(10 * POOL)))
    statuses = {answer.status_code for answer in answers}
    backends = len(await world.database.column(BACKENDS))
    scorecard.add(
        "clients go away in the middle of a request",
        target="no connection stays lent, no more backends than the pool has, at rest within 6 s",
        result=f"{count} left: at rest after {at_rest_after:.1f} s, {backends} backends, "
        f"{len(answers)} requests at once then: {statuses}",
    )
    assert statuses == {200}
    assert backends <= POOL + 1
    assert "Traceback" not in blog.log
