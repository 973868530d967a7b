"""What a read costs: how many statements, and which way the server finds the rows."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

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
from costs import Read, asked_of, plan_of

pytestmark = pytest.mark.anyio

NEWEST = datetime(2025, 1, 1, tzinfo=UTC)
MANY_POSTS = (
    """INSERT INTO users (username, username_key, email, email_key, password_hash, version)
       SELECT 'u' || n, 'u' || n, 'e' || n, 'e' || n, 'hash', 1 FROM generate_series(1, 2500) n""",
    """INSERT INTO posts (title, content, user_id, date_posted, version)
       SELECT 'A title', repeat('x', 500), CASE n % 10 WHEN 0 THEN 1 ELSE 1 + n % 2500 END,
              timestamptz '2025-01-01 00:00Z' - n * interval '1 minute', 1
       FROM generate_series(1, 100000) n""",
    "VACUUM ANALYZE",
)
PROLIFIC, SELDOM = UserId(1), UserId(7)
"""Authors with a tenth of all posts, and with forty."""


def cursor_at(number: int, *, backward: bool = False) -> Cursor:
    """Return the place of one of many posts, counted from the newest."""
    return Cursor(date_posted=NEWEST - minutes(number), post_id=number, backward=backward)


READS: dict[str, Read] = {
    "post": lambda posts, _: posts.get(PostId(1)),
    "page": lambda posts, _: posts.page(limit=2),
    "page of an author": lambda posts, _: posts.page(limit=2, author_id=UserId(1)),
    "page after skipping": lambda posts, _: posts.page(limit=2, skip=2),
    "page at a cursor": lambda posts, _: posts.page(limit=2, cursor=cursor_at(1)),
    "ids": lambda posts, _: posts.ids(after=1, limit=2),
    "account": lambda _, users: users.public(UserId(1)),
    "account by address": lambda _, users: users.by_email("u1@example.com"),
    "actor": lambda _, users: users.actor(uuid4()),
    "sessions": lambda _, users: users.sessions(UserId(1)),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
async def test_a_read_is_one_statement_and_no_transaction(
    blog_committing_database: PooledDatabase, read: Read
) -> None:
    async with asked_of(blog_committing_database) as asked:
        with suppress(NotFound, SessionEnded):  # asked all the same
            await read(
                SqlPostQueries(blog_committing_database), SqlUserQueries(blog_committing_database)
            )

    assert [one.query.split()[0] for one in asked] == ["SELECT"]


@pytest.fixture(scope="module")
async def many_posts(blog_databases: ThrowAwayDatabases) -> AsyncIterator[PooledDatabase]:
    """100,000 posts of 2,500 authors, a minute apart."""
    async with blog_databases.migrated() as url:
        async with connected(url) as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            for statement in MANY_POSTS:
                await connection.execute(text(statement))
        database = PooledDatabase(url)
        yield database
        await database.close()


def page_of(**which: Any) -> Read:  # noqa: ANN401 - what a page is asked by
    """Return what reads a page of ten posts."""
    return lambda posts, _: posts.page(limit=10, **which)


PAGES: dict[str, Read] = {
    "first": page_of(),
    **{
        f"{'newer' if backward else 'older'} from {number}": page_of(
            cursor=cursor_at(number, backward=backward)
        )
        for number in (1, 50_000, 100_000)
        for backward in (False, True)
    },
    **{
        f"{name} of {author_id}": page_of(author_id=author_id, **which)
        for author_id in (PROLIFIC, SELDOM)
        for name, which in {
            "first": {},
            "older": {"cursor": cursor_at(50_000)},
            "newer": {"cursor": cursor_at(50_000, backward=True)},
        }.items()
    },
}
DEEP: dict[str, Read] = {
    "after skipping": page_of(skip=10_000),
    "of an author after skipping": page_of(skip=9_000, author_id=PROLIFIC),
}
IDS: dict[str, Read] = {
    "first ids": lambda posts, _: posts.ids(after=0, limit=1_000),
    "more ids": lambda posts, _: posts.ids(after=50_000, limit=1_000),
}
SINGLE: dict[str, Read] = {
    "post": lambda posts, _: posts.get(PostId(50_000)),
    "account": lambda _, users: users.public(UserId(2_000)),
    "account by address": lambda _, users: users.by_email("e2000"),
}
READS_OF_MANY = PAGES | DEEP | IDS | SINGLE
PAGES_OF_MEMORY = {
    **dict.fromkeys(PAGES, 60),
    **dict.fromkeys(DEEP, 180),
    **dict.fromkeys(IDS, 16),
    **dict.fromkeys(SINGLE, 8),
}
"""How many a read may touch, of 8 kB each: per post some of an index, and its author."""

all_plans = pytest.mark.parametrize("plan_cache_mode", ["force_custom_plan", "force_generic_plan"])


@all_plans
@pytest.mark.parametrize("name", PAGES_OF_MEMORY)
async def test_a_read_goes_by_an_index_and_sorts_nothing(
    many_posts: PooledDatabase, name: str, plan_cache_mode: str
) -> None:
    plan = await plan_of(many_posts, READS_OF_MANY[name], plan_cache_mode)

    assert not [node for node in plan if "Sort" in node["Node Type"] or scans_it_all(node)]


@all_plans
@pytest.mark.parametrize("name", PAGES_OF_MEMORY)
async def test_a_read_touches_few_pages_of_memory(
    many_posts: PooledDatabase, name: str, plan_cache_mode: str
) -> None:
    whole, *_ = await plan_of(many_posts, READS_OF_MANY[name], plan_cache_mode)

    assert whole["Shared Hit Blocks"] + whole["Shared Read Blocks"] <= PAGES_OF_MEMORY[name]


@all_plans
@pytest.mark.parametrize("read", DEEP.values(), ids=DEEP.keys())
async def test_posts_that_are_skipped_are_not_fetched(
    many_posts: PooledDatabase, read: Read, plan_cache_mode: str
) -> None:
    plan = await plan_of(many_posts, read, plan_cache_mode)

    fetches = [node for node in plan if node.get("Index Name") == "pk_posts"]
    assert [(node["Actual Rows"], node["Actual Loops"]) for node in fetches] == [(1, 11)]


def scans_it_all(node: dict[str, Any]) -> bool:
    """Whether a step of a plan reads a whole table that grows."""
    return bool(node["Node Type"] == "Seq Scan" and node["Relation Name"] != "tallies")


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
