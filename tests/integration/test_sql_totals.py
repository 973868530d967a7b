"""The totals and the data's version: exact whoever writes and however they meet."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

import asyncpg
import pytest
from asyncpg import Connection
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from blog_adapters.sql import PooledDatabase, SqlPostQueries, sql_unit_of_work
from blog_adapters.sql.urls import engine_url
from blog_adapters.testing.databases import ThrowAwayDatabases
from blog_core.domain.posts import PostId
from blog_core.domain.users import UserId
from blog_core.errors import PostNotFound
from blog_core.ports import UnitOfWorkFactory
from blog_core.testing import builders
from blog_core.testing.contracts.base import given_posts, given_two_users, given_user
from costs import plan_of

pytestmark = pytest.mark.anyio

AUTHORS = ("ada", "ben", "cyd")

STEPS: Mapping[str, str] = {
    "publish one": "INSERT INTO posts (title, content, user_id, date_posted, version)"
    " SELECT 'Title', '', id, now(), 1 FROM users WHERE username = $1",
    "publish one for everybody": "INSERT INTO posts (title, content, user_id, date_posted, version)"
    " SELECT $1, '', id, now(), 1 FROM users ORDER BY id",
    "publish many": "INSERT INTO posts (title, content, user_id, date_posted, version)"
    " SELECT 'Title', '', id, now(), 1 FROM users, generate_series(1, 3) WHERE username = $1",
    "revise all": "UPDATE posts SET title = title || '!'"
    " WHERE user_id = (SELECT id FROM users WHERE username = $1)",
    "give away one": "UPDATE posts SET user_id = (SELECT id FROM users WHERE username = $1)"
    " WHERE id = (SELECT max(id) FROM posts)"
    " AND EXISTS (SELECT FROM users WHERE username = $1)",
    "delete one": "DELETE FROM posts WHERE id = (SELECT max(posts.id) FROM posts"
    " JOIN users ON users.id = user_id WHERE username = $1)",
    "delete all": "DELETE FROM posts"
    " WHERE user_id = (SELECT id FROM users WHERE username = $1)",
    "rename": "UPDATE users SET email = email || '!' WHERE username = $1",
    "leave": "DELETE FROM users WHERE username = $1",
    "all leave": "DELETE FROM users WHERE username <= $1",
}  # fmt: skip
"""What may be done in a transaction, to whatever is there, by an author's name."""

JOIN = """
    INSERT INTO users (username, username_key, email, email_key, password_hash, version)
    SELECT name, name, name, name, 'hash', 1 FROM unnest($1::text[]) AS name
    ON CONFLICT DO NOTHING
"""

LOOK = """
    SELECT
        (SELECT sum(posts) FROM tallies) = (SELECT count(*) FROM posts) AS total_is_exact,
        ARRAY(
            SELECT (username, author_tallies.posts)::text
            FROM author_tallies FULL JOIN users ON users.id = author_tallies.user_id
            WHERE coalesce(author_tallies.posts, 0)
               <> (SELECT count(*) FROM posts WHERE posts.user_id = users.id)
            OR users.id IS NULL
        ) AS wrong_authors,
        (SELECT sum(changes) FROM tallies) AS version,
        (SELECT md5(string_agg(posts::text, ',' ORDER BY id)) FROM posts) AS all_posts,
        (SELECT md5(string_agg(users::text, ',' ORDER BY id)) FROM users) AS all_users
"""
"""One snapshot: whether what is tallied is what is there, and the data for this version."""


@dataclass(frozen=True, slots=True)
class Step:
    """A statement, which may be undone by a savepoint before the transaction goes on."""

    name: str
    author: str
    undone: bool


@dataclass(frozen=True, slots=True)
class Program:
    """The statements of a transaction, which may end in a rollback."""

    steps: list[Step]
    kept: bool


programs = st.builds(
    Program,
    st.lists(
        st.builds(Step, st.sampled_from(list(STEPS)), st.sampled_from(AUTHORS), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)


@pytest.fixture(scope="module")
async def writers(blog_databases: ThrowAwayDatabases) -> AsyncIterator[list[Connection]]:
    """Connections to one database that give up soon when they have to wait for each other."""
    async with blog_databases.migrated() as url, AsyncExitStack() as closing:
        plain = engine_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        connections = []
        for _ in range(5):
            connection = await asyncpg.connect(plain, server_settings={"lock_timeout": "100ms"})
            closing.push_async_callback(connection.close)
            connections.append(connection)
        yield connections


@given(st.lists(programs, min_size=1, max_size=4))
@settings(max_examples=150, derandomize=True, database=None)
async def test_whatever_meets_all_tallies_are_exact_and_a_version_means_one_state(
    writers: list[Connection], programs: list[Program]
) -> None:
    reader, *others = writers
    await reader.execute(JOIN, list(AUTHORS))
    seen = [await reader.fetchrow(LOOK)]

    writing = asyncio.gather(*(run(*pair) for pair in zip(others, programs, strict=False)))
    while not writing.done():
        seen.append(await reader.fetchrow(LOOK))
    await writing
    seen.append(await reader.fetchrow(LOOK))

    assert {(row["total_is_exact"], *row["wrong_authors"]) for row in seen} == {(True,)}
    versions = [row["version"] for row in seen]
    assert versions == sorted(versions)
    states = {(row["version"], row["all_posts"], row["all_users"]) for row in seen}
    assert len(states) == len(set(versions))


async def run(connection: Connection, program: Program) -> None:
    """Run a transaction; one that meets a lock or a deleted author is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        for step in program.steps:
            savepoint = connection.transaction()
            await savepoint.start()
            await connection.execute(STEPS[step.name], step.author)
            await (savepoint.rollback() if step.undone else savepoint.commit())
        await (transaction.commit() if program.kept else transaction.rollback())
    except (
        asyncpg.LockNotAvailableError,
        asyncpg.DeadlockDetectedError,
        asyncpg.ForeignKeyViolationError,
    ):
        await transaction.rollback()


@pytest.fixture
def uow(blog_committing_database: PooledDatabase) -> UnitOfWorkFactory:
    return partial(sql_unit_of_work, blog_committing_database)


async def value_of(database: PooledDatabase, query: str) -> int:
    async with database.reading() as statements:
        ((value,),) = await statements.execute(text(query))
    return int(value)


async def execute(database: PooledDatabase, *queries: str) -> None:
    async with database.writing() as transaction:
        for query in queries:
            await transaction.execute(text(query))
        await transaction.commit()


TOTAL = "SELECT sum(posts) FROM tallies"
VERSION = "SELECT sum(changes) FROM tallies"
SLOTS = "SELECT count(*) FROM tallies"


async def test_authors_who_publish_at_once_do_not_wait_for_each_other(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    authors = [await given_user(uow, builders.new_user(f"author{n}")) for n in range(8)]
    async with AsyncExitStack() as stack:
        units = [await stack.enter_async_context(uow()) for _ in authors]
        for unit, author in zip(units, authors, strict=True):
            await unit.posts.add(builders.new_post(author.id))  # a wait would time out
        for unit in units:
            await unit.commit()

    assert await value_of(blog_committing_database, TOTAL) == 8


async def test_an_account_that_changes_does_not_hold_up_who_publishes(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    renamed, author = await given_two_users(uow)
    async with uow() as changing:
        await changing.users.save(renamed.renamed(username="new"))

        await given_posts(uow, builders.new_post(author.id))

    assert await value_of(blog_committing_database, TOTAL) == 1


async def test_slots_are_no_more_than_there_were_writers_at_once(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    author, other = await given_two_users(uow)
    for _ in range(10):
        async with uow() as first, uow() as second:
            for _ in range(5):
                await first.posts.add(builders.new_post(author.id))
                await second.posts.add(builders.new_post(other.id))
            await first.commit()
            await second.commit()

    assert await value_of(blog_committing_database, SLOTS) == 2


async def test_a_transaction_of_many_statements_leaves_slots_for_others(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    author, other = await given_two_users(uow)
    async with uow() as first, uow() as second:
        await first.posts.add(builders.new_post(author.id))
        await second.posts.add(builders.new_post(other.id))
        await first.commit()
        await second.commit()

    await given_posts(uow, *[builders.new_post(author.id)] * 5)

    async with blog_committing_database.reading() as statements:
        rows = await statements.execute(text("SELECT posts FROM tallies ORDER BY slot"))
    assert [row["posts"] for row in rows] == [6, 1]


async def test_one_author_who_publishes_on_two_connections_is_counted_twice(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    author = await given_user(uow)

    await asyncio.gather(*(given_posts(uow, builders.new_post(author.id)) for _ in range(20)))

    page = await SqlPostQueries(blog_committing_database).page(author_id=author.id, limit=1)
    assert page.total == 20


async def test_an_author_leaving_and_a_post_being_deleted_never_wait_in_a_circle(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    author = await given_user(uow)
    (post,) = await given_posts(uow, builders.new_post(author.id))
    async with blog_committing_database.writing() as holding:
        await holding.execute(text("SELECT FROM author_tallies FOR UPDATE"))
        # The author's deletion waits for the tally here, with the post in its hands or without.
        leaving = asyncio.create_task(delete_user(uow, author.id))
        await until_waiting(blog_committing_database, 1)
        deleting = asyncio.create_task(delete_post(uow, post.id))
        await until_waiting(blog_committing_database, 2)
    results = await asyncio.gather(leaving, deleting, return_exceptions=True)

    assert [type(result) for result in results] == [type(None), PostNotFound]


async def until_waiting(database: PooledDatabase, number: int) -> None:
    """Return once so many connections wait for others."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while await value_of(database, waiting) != number:
        pass


async def delete_post(uow: UnitOfWorkFactory, post_id: PostId) -> None:
    async with uow() as unit:
        await unit.posts.delete(post_id)
        await unit.commit()


async def delete_user(uow: UnitOfWorkFactory, user_id: UserId) -> None:
    async with uow() as unit:
        await unit.users.delete(user_id)
        await unit.commit()


async def test_a_table_that_is_emptied_counts_none_and_goes_on_from_there(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    author = await given_user(uow)
    await given_posts(uow, *[builders.new_post(author.id)] * 3)
    await execute(blog_committing_database, "TRUNCATE posts")
    queries = SqlPostQueries(blog_committing_database)
    emptied = [(await queries.page(limit=1, author_id=who)).total for who in (None, author.id)]

    await given_posts(uow, builders.new_post(author.id))

    assert emptied == [0, 0]
    assert (await queries.page(limit=1)).total == 1
    assert (await queries.page(limit=1, author_id=author.id)).total == 1


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ("UPDATE posts SET title = 'Other' WHERE false", 0),
        ("DELETE FROM posts WHERE false", 0),
        ("INSERT INTO posts (user_id) SELECT id FROM users WHERE false", 0),
        ("UPDATE posts SET title = 'Other'", 1),
        ("DELETE FROM posts", 1),
        ("TRUNCATE posts", 1),
        ("UPDATE users SET username = 'other'", 1),
    ],
)
async def test_the_version_moves_with_what_a_reader_could_see(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase, change: str, more: int
) -> None:
    author = await given_user(uow)
    await given_posts(uow, *[builders.new_post(author.id)] * 2)
    before = await value_of(blog_committing_database, VERSION)

    await execute(blog_committing_database, change)

    assert await value_of(blog_committing_database, VERSION) - before == more


async def test_old_versions_that_were_kept_for_long_do_not_make_the_total_dear(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    await given_user(uow)
    await execute(blog_committing_database, MANY_VERSIONS)
    async with blog_committing_database.reading() as statements:
        await statements.execute(text("VACUUM tallies"))
    size = "SELECT pg_relation_size('tallies') / 8192"

    whole, *_ = await plan_of(
        blog_committing_database, lambda posts, _: posts.page(limit=1), "auto"
    )

    assert await value_of(blog_committing_database, size) > 30
    assert whole["Shared Hit Blocks"] < 10


MANY_VERSIONS = """
    DO $$ BEGIN FOR n IN 1..6000 LOOP UPDATE tallies SET changes = changes + 1; END LOOP; END $$
"""
"""In one transaction: as long as it is open nothing can be thrown away."""
