"""Many who ask the same of two server processes at once: one gets it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
import pytest

from faults.conftest import Scorecard
from faults.load import PASSWORD, browser, log_in, people
from faults.world import Process, World, eventually
from journeys import reset_token_in

pytestmark = pytest.mark.anyio

CROWD = 50
PATCHES = 20
ROUNDS = 20

NAMES = ["straße{}", "STRASSE{}", "Straße{}", "strasse{}", "\uff53trasse{}"]
EMAILS = ["corey{}@example.com", "Corey{}@Example.com", "COREY{}@EXAMPLE.COM"]

Ask = Callable[[int], Awaitable[httpx.Response]]


async def at_once(count: int, ask: Ask) -> list[httpx.Response]:
    return list(await asyncio.gather(*(ask(number) for number in range(count))))


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


async def serving(world: World) -> Process:
    """Serve with two processes, and without limits: nobody asks as often as these tests."""
    return await world.serve("--workers", "2", RATE_LIMITS="off")


async def test_of_many_who_register_one_name_or_address_one_does(
    world: World, scorecard: Scorecard, many: bool
) -> None:
    rounds, blog, seen = ROUNDS if many else 2, await serving(world), []

    async with browser(base_url=blog.url) as client:
        for number in range(rounds):

            def register(each: int, number: int = number) -> Awaitable[httpx.Response]:
                name, email = f"{number} {each}", f"{number}.{each}@example.com"
                if number % 2:
                    name = NAMES[each % len(NAMES)].format(number)
                else:
                    email = EMAILS[each % len(EMAILS)].format(number)
                body = {"username": name, "email": email, "password": PASSWORD}
                return client.post("/api/users", json=body)

            seen.append(statuses(await at_once(CROWD, register)))
    accounts = await world.database.column("SELECT count(*) FROM users")
    scorecard.add(
        f"{CROWD} register one name or address at once, in all cases, with 2 server processes",
        target="one account each time, no 5xx",
        result=f"{rounds} times: {accounts[0]} accounts, {dict(sum(seen, Counter()))}",
    )
    assert seen == [{201: 1, 400: CROWD - 1}] * rounds
    assert accounts == [rounds]


async def test_of_many_who_redeem_one_reset_token_one_does(
    world: World, scorecard: Scorecard, many: bool
) -> None:
    rounds, blog, seen = ROUNDS if many else 2, await serving(world), []
    emails = await people(world.database, "forgetful", rounds)

    async with browser(base_url=blog.url) as client:
        for email in emails:
            await client.post("/api/users/forgot-password", json={"email": email})
        await eventually(lambda: _all_came(world, rounds))
        for mail in world.mail_server.messages:
            token = reset_token_in(mail)

            def redeem(each: int, token: str = token) -> Awaitable[httpx.Response]:
                body = {"token": token, "new_password": f"{PASSWORD} {each}"}
                return client.post("/api/users/reset-password", json=body)

            seen.append(statuses(await at_once(CROWD, redeem)))
    scorecard.add(
        f"{CROWD} redeem one reset token at once, with 2 server processes",
        target="one does each time, no 5xx",
        result=f"{rounds} times: {dict(sum(seen, Counter()))}",
    )
    assert seen == [{200: 1, 400: CROWD - 1}] * rounds


async def _all_came(world: World, count: int) -> bool:
    return len(world.mail_server.messages) == count


async def test_of_many_who_renew_with_one_refresh_token_one_does(
    world: World, scorecard: Scorecard
) -> None:
    blog, seen = await serving(world), []
    emails = await people(world.database, "renewing", ROUNDS)

    async with browser(base_url=blog.url) as client:
        for email in emails:
            form = {"username": email, "password": PASSWORD}
            tokens = (await client.post("/api/users/token", data=form)).json()

            def renew(_: int, token: str = tokens["refresh_token"]) -> Awaitable[httpx.Response]:
                return client.post("/api/users/token/refresh", json={"refresh_token": token})

            seen.append(statuses(await at_once(CROWD, renew)))
    sessions = await world.database.column("SELECT count(*) FROM sessions")
    scorecard.add(
        f"{CROWD} use one refresh token at once, with 2 server processes",
        target="one does each time, no 5xx; it was used again, so the session ends",
        result=f"{ROUNDS} times: {dict(sum(seen, Counter()))}, {sessions[0]} sessions left",
    )
    assert seen == [{200: 1, 401: CROWD - 1}] * ROUNDS
    assert sessions == [0]


async def test_of_many_who_edit_what_they_have_seen_one_does_and_no_edit_is_lost(
    world: World, scorecard: Scorecard
) -> None:
    blog = await serving(world)
    (email,) = await people(world.database, "editor", 1)
    shared, free, versions = [], [], []

    async with browser(base_url=blog.url) as client:
        account = await log_in(client, blog.url, email)
        client.headers["Authorization"] = f"Bearer {account.token}"
        for number in range(ROUNDS):
            body = {"title": str(number), "content": "Some words."}
            post = await client.post("/api/posts", json=body)
            path, seen = f"/api/posts/{post.json()['id']}", {"If-Match": post.headers["ETag"]}

            def edit(
                each: int, path: str = path, headers: dict[str, str] = seen
            ) -> Awaitable[httpx.Response]:
                return client.patch(path, json={"title": f"Edit {each}"}, headers=headers)

            def just_edit(each: int, path: str = path) -> Awaitable[httpx.Response]:
                return client.patch(path, json={"content": f"Edit {each}"})

            shared.append(statuses(await at_once(PATCHES, edit)))
            free.append(statuses(await at_once(PATCHES, just_edit)))
        versions = await world.database.column("SELECT version FROM posts")
    acknowledged = sum(count[200] for count in shared + free)
    scorecard.add(
        f"{PATCHES} edit one post at once, with 2 server processes",
        target="with one If-Match one does, the rest is 412; without, every edit that was "
        "acknowledged was made",
        result=f"{ROUNDS} times: {dict(sum(shared, Counter()))} with, {dict(sum(free, Counter()))} "
        f"without; {acknowledged} acknowledged, {sum(versions) - ROUNDS} made",
    )
    assert shared == [{200: 1, 412: PATCHES - 1}] * ROUNDS
    assert free == [{200: PATCHES}] * ROUNDS
    assert versions == [1 + 1 + PATCHES] * ROUNDS
