"""Idempotency keys on a real PostgreSQL: many at once, one not done yet, a crash, a day later."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from dependency_injector import providers
from httpx import Response
from sqlalchemy import text

from blog_api.testing.people import PASSWORD, Blog, Member
from blog_core.domain.idempotency import REMEMBERED_FOR
from blog_core.domain.keys import KeyRing
from blog_core.ports import UnitOfWork, UnitOfWorkFactory
from journeys import clock_of

pytestmark = pytest.mark.anyio

ARTICLE = {"title": "A canary title", "content": "Some canary words."}
CANARY = {"username": "canary", "email": "canary@example.com", "password": "canary password"}
KEY = {"Idempotency-Key": "canary-key"}

ROWS = text("SELECT to_jsonb(k)::text AS row FROM idempotency_keys k")
END_WHO_IS_WAITING = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'idle in transaction'"
)

Send = Callable[[Member], Coroutine[Any, Any, Response]]


@pytest.fixture
def blog(crowded_blog: Blog) -> Blog:
    return crowded_blog


async def publish(member: Member, **changed: str) -> Response:
    return await member.post("/api/posts", json=ARTICLE | changed, headers=KEY)


async def register(member: Member, **changed: str) -> Response:
    return await member.post("/api/users", json=CANARY | changed, headers=KEY)


def answered(response: Response) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


async def total(member: Member) -> int:
    number: int = (await member.get("/api/posts")).json()["total"]
    return number


async def rows(blog: Blog) -> list[str]:
    async with blog.container.database().reading() as statements:
        return [row["row"] for row in await statements.execute(ROWS)]


class Held:
    """Opens units; the first to be committed waits until it may."""

    def __init__(self, uow: UnitOfWorkFactory) -> None:
        self._uow = uow
        self.is_waiting, self.may_commit = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[UnitOfWork]:
        async with self._uow() as unit:
            commit = unit.commit

            async def commit_when_it_may() -> None:
                self.is_waiting.set()
                await self.may_commit.wait()
                await commit()

            unit.commit = commit_when_it_may  # type: ignore[method-assign] # the point
            yield unit


@pytest.fixture
def held(blog: Blog) -> Held:
    held = Held(blog.container.unit_of_work())
    blog.container.unit_of_work.override(providers.Object(held))
    blog.container.posts.reset()
    blog.container.users.reset()
    return held


WRITES = pytest.mark.parametrize("send", [publish, register])


@WRITES
async def test_what_is_sent_again_is_answered_as_before_and_done_once(
    blog: Blog, corey: Member, send: Send
) -> None:
    first = await send(corey)

    second = await send(corey)

    assert (first.status_code, second.status_code) == (201, 201)
    assert (second.content, second.headers["ETag"]) == (first.content, first.headers["ETag"])
    assert len(await rows(blog)) == 1


@WRITES
async def test_of_many_at_once_one_is_done(blog: Blog, corey: Member, send: Send) -> None:
    responses = await asyncio.gather(*(send(corey) for _ in range(50)))

    answers = Counter(answered(response) for response in responses)
    assert set(answers) <= {(201, ""), (409, "request_in_flight")}
    assert len({response.content for response in responses if response.is_success}) == 1
    assert await total(corey) == (1 if send is publish else 0)
    assert len(await rows(blog)) == 1


@WRITES
async def test_what_is_being_done_is_409_and_afterwards_found(
    corey: Member, held: Held, send: Send
) -> None:
    first = asyncio.create_task(send(corey))
    await held.is_waiting.wait()

    meanwhile = await send(corey)
    held.may_commit.set()
    done = await first
    afterwards = await send(corey)

    assert answered(meanwhile) == (409, "request_in_flight")
    assert meanwhile.headers["Retry-After"] == "2"
    assert afterwards.content == done.content


@WRITES
async def test_what_the_database_lost_before_it_was_done_leaves_the_key_free(
    blog: Blog, corey: Member, held: Held, send: Send
) -> None:
    first = asyncio.create_task(send(corey))
    await held.is_waiting.wait()
    async with blog.container.database().reading() as statements:
        await statements.execute(END_WHO_IS_WAITING)
    held.may_commit.set()

    assert answered(await first) == (503, "database_unavailable")
    assert await rows(blog) == []
    assert answered(await send(corey)) == (201, "")


@WRITES
async def test_who_goes_away_before_it_was_done_leaves_the_key_free(
    blog: Blog, corey: Member, held: Held, send: Send
) -> None:
    first = asyncio.create_task(send(corey))
    await held.is_waiting.wait()
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    held.may_commit.set()

    assert await rows(blog) == []
    assert answered(await send(corey)) == (201, "")


@pytest.mark.parametrize("changed", [{"title": "Another"}, {"content": "Others"}])
async def test_another_post_under_the_key_is_422(corey: Member, changed: dict[str, str]) -> None:
    await publish(corey)

    response = await publish(corey, **changed)

    assert answered(response) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("changed", [{"username": "x"}, {"password": PASSWORD}])
async def test_another_account_under_the_key_is_422(
    visitor: Member, changed: dict[str, str]
) -> None:
    await register(visitor)

    response = await register(visitor, **changed)

    assert answered(response) == (422, "idempotency_key_reused")


async def test_a_name_that_is_taken_leaves_the_key_free(blog: Blog, visitor: Member) -> None:
    await blog.sign_up("canary")
    refused = await register(visitor)

    response = await register(visitor, username="other", email="other@example.com")

    assert answered(refused) == (400, "username_taken")
    assert answered(response) == (201, "")


async def test_a_post_is_answered_as_it_is_now(corey: Member) -> None:
    post = (await publish(corey)).json()
    revised = await corey.patch(f"/api/posts/{post['id']}", json={"title": "Newer"})

    again = await publish(corey)

    assert again.json() == revised.json()
    assert again.headers["ETag"] == revised.headers["ETag"]


async def test_authors_do_not_share_keys(corey: Member, ada: Member) -> None:
    mine = await publish(corey)

    hers = await publish(ada)

    assert hers.json()["id"] != mine.json()["id"]
    assert hers.json()["author"]["username"] == "ada"


async def test_a_day_later_it_is_another_post(blog: Blog, corey: Member) -> None:
    first = await publish(corey)
    clock_of(blog).ahead += REMEMBERED_FOR
    corey = await blog.log_in("corey@example.com")

    second = await publish(corey)

    assert answered(second) == (201, "")
    assert second.json()["id"] != first.json()["id"]
    assert len(await rows(blog)) == 1


async def test_a_rotation_of_the_keys_does_not_matter(blog: Blog, corey: Member) -> None:
    first = await publish(corey)
    keys = blog.container.keys
    rotated = KeyRing((b"a new secret of thirty-two bytes!", *keys().keys))
    keys.override(providers.Object(rotated))

    second = await publish(corey)

    assert second.content == first.content


async def test_neither_the_key_nor_anything_that_was_said_is_stored(
    blog: Blog, corey: Member
) -> None:
    await publish(corey)
    await register(corey)

    stored = await rows(blog)

    assert len(stored) == 2
    assert "canary" not in "".join(stored)


async def test_without_a_key_nothing_is_remembered(blog: Blog, corey: Member) -> None:
    await corey.publish()
    await corey.publish()

    assert await total(corey) == 2
    assert await rows(blog) == []
