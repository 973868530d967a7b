"""The response cache on PostgreSQL: what several processes write, and a database that goes away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress

import pytest
from dependency_injector import providers

from blog_adapters.container import Container
from blog_adapters.sql import (
    Database,
    PooledDatabase,
    RollbackDatabase,
    SqlDataVersion,
    sql_unit_of_work,
)
from blog_adapters.sql.urls import engine_url
from blog_adapters.testing.databases import ThrowAwayDatabases
from blog_api.testing.people import Blog, Member, OpenBlog
from blog_core.domain.posts import Post
from blog_core.domain.users import User
from blog_core.errors import DatabaseUnavailable
from blog_core.ports import UnitOfWork
from blog_core.testing import builders
from blog_core.testing.contracts.base import given_posts, given_user
from lines import HOST, at_database, line_to

pytestmark = pytest.mark.anyio


class Clock:
    """A clock that is put on by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class PolledByHand(SqlDataVersion):
    """Asks when a test has it ask."""

    def __init__(self, database: Database) -> None:
        self.clock = Clock()
        super().__init__(database, bound=0.1, clock=self.clock)

    async def keep_up(self) -> None:
        """Leave it to the test."""


# The version


@pytest.fixture
async def version(blog_database: RollbackDatabase) -> SqlDataVersion:
    version = PolledByHand(blog_database)
    await version.poll()
    return version


@pytest.fixture
async def author(blog_database: RollbackDatabase) -> User:
    return await given_user(lambda: sql_unit_of_work(blog_database))


@pytest.fixture
async def post(blog_database: RollbackDatabase, author: User) -> Post:
    (post,) = await given_posts(
        lambda: sql_unit_of_work(blog_database), builders.new_post(author.id)
    )
    return post


Change = Callable[[UnitOfWork, User, Post], Awaitable[object]]

CHANGES: dict[str, Change] = {
    "a new post": lambda unit, author, _: unit.posts.add(builders.new_post(author.id)),
    "a changed post": lambda unit, _, post: unit.posts.save(post.revised(title="New")),
    "a deleted post": lambda unit, _, post: unit.posts.delete(post.id),
    "a changed account": lambda unit, author, _: unit.users.save(author.with_picture("x.jpg")),
    "a deleted account": lambda unit, author, _: unit.users.delete(author.id),
}
HIDDEN: dict[str, Change] = {
    "a session": lambda unit, author, _: unit.sessions.add(builders.session(author.id)),
    "a task": lambda unit, _, __: unit.outbox.add(builders.entry()),
    "nothing": lambda *_: asyncio.sleep(0),
}


async def moved(
    database: RollbackDatabase, change: Change, author: User, post: Post
) -> tuple[bool, bool]:
    """Whether a change moves the version of another process that polls, and of this at once."""
    here, elsewhere = PolledByHand(database), PolledByHand(database)
    for version in (here, elsewhere):
        await version.poll()
    before = here.current(), elsewhere.current()
    async with sql_unit_of_work(database, changed=here.move) as unit:
        await change(unit, author, post)
        await unit.commit()
    at_once = here.current() != before[0]
    await elsewhere.poll()
    return elsewhere.current() != before[1], at_once


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_what_readers_can_see_moves_the_version(
    blog_database: RollbackDatabase, author: User, post: Post, change: Change
) -> None:
    assert await moved(blog_database, change, author, post) == (True, True)


@pytest.mark.parametrize("change", HIDDEN.values(), ids=HIDDEN)
async def test_what_they_cannot_see_leaves_it(
    blog_database: RollbackDatabase, author: User, post: Post, change: Change
) -> None:
    assert await moved(blog_database, change, author, post) == (False, False)


async def test_what_is_rolled_back_leaves_it(
    blog_database: RollbackDatabase, version: SqlDataVersion, author: User
) -> None:
    await version.poll()
    before = version.current()
    async with sql_unit_of_work(blog_database, changed=version.move) as unit:
        await unit.posts.add(builders.new_post(author.id))
    await version.poll()

    assert version.current() == before


async def test_a_commit_of_unknown_outcome_moves_it(
    blog_database: RollbackDatabase, version: SqlDataVersion, author: User
) -> None:
    before = version.current()
    with suppress(DatabaseUnavailable):
        async with sql_unit_of_work(blog_database, changed=version.move) as unit:
            await unit.posts.add(builders.new_post(author.id))
            unit._transaction.commit = lost  # type: ignore[method-assign] # the answer gets lost
            await unit.commit()

    assert version.current() not in (before, None)


async def lost() -> None:
    raise DatabaseUnavailable


# Over HTTP


@pytest.fixture
async def open_process(
    blog_http: OpenBlog,
    blog_container_over: Callable[[Database], Container],
    blog_committing_database: PooledDatabase,
) -> AsyncIterator[Callable[[], Awaitable[tuple[Blog, PolledByHand]]]]:
    """Open one more process on the database, whose version has been polled just now."""
    async with AsyncExitStack() as stack:

        async def opened() -> tuple[Blog, PolledByHand]:
            container = blog_container_over(blog_committing_database)
            version = PolledByHand(blog_committing_database)
            container.data_version.override(providers.Object(version))
            await version.poll()
            return await stack.enter_async_context(blog_http(container)), version

        yield opened


Process = Callable[[], Awaitable[tuple[Blog, PolledByHand]]]


async def total(reader: Member) -> int:
    response = await reader.get("/api/posts")
    assert response.status_code == 200
    found: int = response.json()["total"]
    return found


async def test_a_process_sees_its_own_writes_at_once(open_process: Process) -> None:
    blog, _ = await open_process()
    corey, reader = await blog.sign_up("corey"), await blog.visitor()

    seen = []
    for _ in range(3):
        await corey.publish()
        seen += [await total(reader), await total(reader)]

    assert seen == [1, 1, 2, 2, 3, 3]


async def test_a_process_sees_what_another_wrote_once_it_has_polled(open_process: Process) -> None:
    blog, version = await open_process()
    other, _ = await open_process()
    corey, reader = await other.sign_up("corey"), await blog.visitor()
    await version.poll()
    before = await total(reader)

    await corey.publish()
    promised = await total(reader)
    await version.poll()

    assert (before, promised, await total(reader)) == (0, 0, 1)


async def test_a_process_that_has_not_polled_in_time_reads_the_data_itself(
    open_process: Process,
) -> None:
    blog, version = await open_process()
    other, _ = await open_process()
    corey, reader = await other.sign_up("corey"), await blog.visitor()
    await version.poll()
    await total(reader)

    await corey.publish()
    version.clock.now += 0.1

    assert await total(reader) == 1


async def test_the_version_is_kept_up_while_the_blog_is_served(
    blog_http: OpenBlog,
    blog_container_over: Callable[[Database], Container],
    blog_committing_database: PooledDatabase,
) -> None:
    container = blog_container_over(blog_committing_database)
    polled = asyncio.Event()

    class Telling(SqlDataVersion):
        async def poll(self) -> None:
            await super().poll()
            polled.set()

    version = Telling(blog_committing_database, bound=60)
    container.data_version.override(providers.Object(version))

    async with blog_http(container) as blog, asyncio.timeout(60):
        await (await blog.visitor()).get("/api/posts")
        await polled.wait()

    assert version.current() is not None


async def test_while_the_database_is_away_the_version_is_not_known(
    blog_databases: ThrowAwayDatabases,
) -> None:
    async with (
        blog_databases.migrated() as database_url,
        line_to(at_database(engine_url(database_url))) as line,
    ):
        url = engine_url(database_url).set(host=HOST, port=line.port, query={})
        database = PooledDatabase(url.render_as_string(hide_password=False), size=1)
        version = PolledByHand(database)
        await version.poll()
        before = version.current()

        await line.cut()
        version.clock.now += 0.1
        with pytest.raises(DatabaseUnavailable):
            await version.poll()
        meanwhile = version.current()
        await line.mend()
        await version.poll()
        after = version.current()
        await database.close()

    assert before is not None
    assert meanwhile is None
    assert after not in (before, None)
