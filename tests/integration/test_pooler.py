"""PgBouncer in transaction mode between us and the server: Debian's, as it comes."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from blog_adapters.sql import PooledDatabase, SqlPostQueries, SqlUserQueries, sql_unit_of_work
from blog_adapters.sql.migrate import upgrade
from blog_adapters.sql.schema import SchemaError, require_current_schema
from blog_adapters.testing.databases import ThrowAwayDatabases
from blog_core.domain.posts import PostId
from blog_core.errors import DatabaseUnavailable, PostNotFound, RequestInFlight
from blog_core.testing import builders
from blog_core.testing.builders import NOW
from blog_core.testing.contracts.base import given_posts, given_user
from poolers import PGBOUNCER, pgbouncer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(PGBOUNCER is None, reason="needs pgbouncer, which CI installs"),
]


@pytest.fixture
async def pooled_url(blog_databases: ThrowAwayDatabases) -> AsyncIterator[str]:
    """A migrated database, through the pooler."""
    async with blog_databases.migrated() as url:
        with pgbouncer(url) as through:
            yield through


async def write_and_read(database: PooledDatabase, name: str) -> int:
    """Return how many of the posts that this author wrote are found."""
    uow = partial(sql_unit_of_work, database)
    author = await given_user(uow, builders.new_user(username=name, email=f"{name}@example.com"))
    await given_posts(uow, *[builders.new_post(author.id)] * 3)
    assert await SqlUserQueries(database).public(author.id) == author.author
    return (await SqlPostQueries(database).page(author_id=author.id, limit=10)).total


async def test_many_at_once_share_the_servers_of_the_pooler(pooled_url: str) -> None:
    database = PooledDatabase(pooled_url, size=8, behind_pooler=True)

    found = await asyncio.gather(*(write_and_read(database, f"author{n}") for n in range(24)))
    await database.close()

    assert found == [3] * 24


async def test_a_unit_of_work_is_one_transaction(pooled_url: str) -> None:
    database = PooledDatabase(pooled_url, size=8, behind_pooler=True)
    uow = partial(sql_unit_of_work, database)
    author = await given_user(uow)

    async with uow() as unit:
        post = await unit.posts.add(builders.new_post(author.id))

    with pytest.raises(PostNotFound):
        await SqlPostQueries(database).get(PostId(post.id))
    await database.close()


async def test_a_key_is_a_units_own_for_as_long_as_its_transaction(pooled_url: str) -> None:
    database = PooledDatabase(pooled_url, size=8, behind_pooler=True)
    uow, outcome = partial(sql_unit_of_work, database), builders.outcome()

    async with uow() as first, uow() as second:
        await first.idempotency.take(outcome.digest, since=NOW)
        with pytest.raises(RequestInFlight):
            await second.idempotency.take(outcome.digest, since=NOW)
    async with uow() as third, uow() as fourth:  # on the same two servers
        await third.idempotency.take(outcome.digest, since=NOW)
        with pytest.raises(RequestInFlight):
            await fourth.idempotency.take(outcome.digest, since=NOW)
    await database.close()


async def test_without_saying_so_the_settings_of_a_connection_are_refused(pooled_url: str) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        await PooledDatabase(pooled_url).check()

    assert "unsupported startup parameter" in str(caught.value.__cause__)


async def test_migrations_through_it_are_refused_with_the_way_out(pooled_url: str) -> None:
    with pytest.raises(SchemaError, match="if this is PgBouncer, set DATABASE_DIRECT_URL"):
        await upgrade(pooled_url)


async def test_a_start_that_does_not_know_of_it_is_told_the_way_out(pooled_url: str) -> None:
    with pytest.raises(SchemaError, match="if this is PgBouncer, set DATABASE_DIRECT_URL"):
        await require_current_schema(PooledDatabase(pooled_url))
