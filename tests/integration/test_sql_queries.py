"""What a read costs: how many statements, and which way the server finds the rows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from asyncpg.connection import LoggedQuery
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from blog_adapters.sql import (
    PooledDatabase,
    RollbackDatabase,
    SqlPostQueries,
    SqlUserQueries,
    sql_unit_of_work,
)
from blog_adapters.testing.databases import ThrowAwayDatabases, connected
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostId
from blog_core.domain.users import UserId
from blog_core.errors import NotFound, SessionEnded
from blog_core.testing import builders
from blog_core.testing.builders import minutes
from blog_core.testing.contracts.base import given_posts, given_user

pytestmark = pytest.mark.anyio

NEWEST = datetime(2025, 1, 1, tzinfo=UTC)
MANY_POSTS = (
    """INSERT INTO users (username, username_key, email, email_key, password_hash, version)
       SELECT 'u' || n, 'u' || n, 'e' || n, 'e' || n, 'hash', 1 FROM generate_series(1, 50) n""",
    """INSERT INTO posts (title, content, user_id, date_posted, version)
       SELECT 'A title', repeat('x', 500), 1 + n % 50,
              timestamptz '2025-01-01 00:00Z' - n * interval '1 minute', 1
       FROM generate_series(1, 20000) n""",
    "VACUUM ANALYZE",
)
MIDDLE = Cursor(date_posted=NEWEST - minutes(10_000), post_id=10_000)
MIDDLE_BACKWARD = Cursor(date_posted=MIDDLE.date_posted, post_id=10_000, backward=True)


READS: dict[str, Callable[[SqlPostQueries, SqlUserQueries], Awaitable[object]]] = {
    "post": lambda posts, _: posts.get(PostId(1)),
    "page": lambda posts, _: posts.page(limit=2),
    "page of an author": lambda posts, _: posts.page(limit=2, author_id=UserId(1)),
    "page after skipping": lambda posts, _: posts.page(limit=2, skip=2),
    "page at a cursor": lambda posts, _: posts.page(limit=2, cursor=MIDDLE),
    "account": lambda _, users: users.public(UserId(1)),
    "account by address": lambda _, users: users.by_email("u1@example.com"),
    "actor": lambda _, users: users.actor(uuid4()),
    "sessions": lambda _, users: users.sessions(UserId(1)),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
async def test_a_read_is_one_statement_and_no_transaction(
    blog_committing_database: PooledDatabase,
    read: Callable[[SqlPostQueries, SqlUserQueries], Awaitable[object]],
) -> None:
    asked: list[str] = []
    async with blog_committing_database.reading() as statements:  # the one that is used again
        statements._connection.add_query_logger(lambda record: asked.append(record.query))

    with suppress(NotFound, SessionEnded):  # asked all the same
        await read(
            SqlPostQueries(blog_committing_database), SqlUserQueries(blog_committing_database)
        )
    await asyncio.sleep(0)  # the driver tells its loggers a turn later

    assert [statement.split()[0] for statement in asked] == ["SELECT"]


@pytest.fixture(scope="module")
async def many_posts(blog_databases: ThrowAwayDatabases) -> AsyncIterator[AsyncConnection]:
    """A connection to 20,000 posts of 50 authors, a minute apart."""
    async with blog_databases.migrated() as url:
        async with connected(url) as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            for statement in MANY_POSTS:
                await connection.execute(text(statement))
        async with connected(url) as connection:
            yield connection


PAGES: dict[str, dict[str, Any]] = {
    "first": {},
    "after skipping": {"skip": 1_000},
    "older": {"cursor": MIDDLE},
    "newer": {"cursor": MIDDLE_BACKWARD},
    "first of an author": {"author_id": UserId(7)},
    "older of an author": {"author_id": UserId(7), "cursor": MIDDLE},
    "newer of an author": {"author_id": UserId(7), "cursor": MIDDLE_BACKWARD},
}


@pytest.mark.parametrize("plan_cache_mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
async def test_a_page_is_found_through_indexes_without_sorting(
    many_posts: AsyncConnection, page: dict[str, Any], plan_cache_mode: str
) -> None:
    plan = await plan_of(many_posts, page, plan_cache_mode)

    assert not [line for line in plan if "Sort" in line or "Seq Scan on posts" in line]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
async def test_only_the_posts_shown_are_fetched(
    many_posts: AsyncConnection, page: dict[str, Any]
) -> None:
    plan = await plan_of(many_posts, page)

    fetches = [line for line in plan if "Index Scan using pk_posts" in line]
    assert ["loops=11" in line for line in fetches] == [True]


async def plan_of(
    connection: AsyncConnection, page: dict[str, Any], plan_cache_mode: str = "auto"
) -> list[str]:
    """Return how the server answers what a page of 10 posts asks it, line by line."""
    asked = []

    def note(record: LoggedQuery) -> None:
        asked.append((record.query, record.args))

    driver: Any = (await connection.get_raw_connection()).driver_connection
    driver.add_query_logger(note)
    await SqlPostQueries(RollbackDatabase(connection)).page(limit=10, **page)
    await asyncio.sleep(0)  # the driver tells its loggers a turn later
    driver.remove_query_logger(note)
    ((statement, parameters),) = [one for one in asked if one[0].startswith("SELECT")]

    values = ", ".join(f"'{value}'" for value in parameters)
    await connection.exec_driver_sql(f"SET LOCAL plan_cache_mode = {plan_cache_mode}")
    await connection.exec_driver_sql(f"PREPARE page AS {statement}")
    explained = await connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE page{f'({values})' if values else ''}"
    )
    plan = [row[0] for row in explained]
    await connection.exec_driver_sql("DEALLOCATE page")
    await connection.rollback()
    return plan


async def test_walking_back_shows_what_walking_on_has_shown(
    blog_database: RollbackDatabase,
) -> None:
    uow, queries = partial(sql_unit_of_work, blog_database), SqlPostQueries(blog_database)
    author = await given_user(uow)
    posts = await given_posts(uow, *[builders.new_post(author.id)] * 7)
    pages = [await queries.page(limit=2)]
    while pages[-1].next_cursor:
        pages.append(await queries.page(limit=2, cursor=pages[-1].next_cursor))

    back = pages[-1]
    while back.prev_cursor:
        back = await queries.page(limit=2, cursor=back.prev_cursor)

    assert [view.post for page in pages for view in page.posts] == posts[::-1]
    assert back.posts == pages[0].posts


@pytest.mark.parametrize(
    "moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("post_id", [0, 2**63 - 1])
async def test_every_place_there_can_be_is_understood(
    blog_database: RollbackDatabase, moment: datetime, post_id: int, backward: bool
) -> None:
    uow, queries = partial(sql_unit_of_work, blog_database), SqlPostQueries(blog_database)
    await given_posts(uow, builders.new_post((await given_user(uow)).id))
    place = Cursor(date_posted=moment, post_id=post_id, backward=backward)

    page = await queries.page(limit=5, cursor=place)

    towards_the_post = (moment.year == 1) == backward
    assert (page.total, len(page.posts)) == (1, towards_the_post)
    assert (page.next_cursor is None, page.prev_cursor is None) == (
        towards_the_post or not backward,
        towards_the_post or backward,
    )
