"""The schema: made, unmade and made again by the migrations, and checked before use."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from blog_adapters.sql import PooledDatabase
from blog_adapters.sql.migrate import (
    check,
    current_revision,
    downgrade,
    revisions,
    upgrade,
)
from blog_adapters.sql.schema import REVISION, SchemaError, require_current_schema
from blog_adapters.sql.tables import metadata
from blog_adapters.sql.urls import engine_url
from blog_adapters.testing.databases import ThrowAwayDatabases, connected

pytestmark = pytest.mark.anyio

RELATIONS = text("""
    SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,
           column_default, is_identity
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT 'constraint', conname, pg_get_constraintdef(oid), NULL, NULL, NULL, NULL
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'index', indexname, indexdef, NULL, NULL, NULL, NULL
    FROM pg_indexes WHERE schemaname = 'public'
""")
"""What tables are made of, as the server describes it."""

ROUTINES = text("""
    SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
""")
"""What the server does by itself."""

TALLIES = "SELECT sum(posts), sum(changes) FROM tallies"
WAITING = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
AUTHOR_TALLIES = "SELECT user_id, posts FROM author_tallies ORDER BY user_id"

TWO_AUTHORS_AND_THREE_POSTS = (
    """INSERT INTO users (username, username_key, email, email_key, password_hash, version)
       SELECT 'u' || n, 'u' || n, 'e' || n, 'e' || n, 'hash', 1 FROM generate_series(1, 3) n""",
    """INSERT INTO posts (title, content, user_id, date_posted, version)
       SELECT 'A title', 'Content', n, now(), 1 FROM unnest(ARRAY[1, 2, 2]) n""",
)


@pytest.fixture
async def empty_url(blog_databases: ThrowAwayDatabases) -> AsyncIterator[str]:
    async with blog_databases.empty() as url:
        yield url


@pytest.fixture
async def migrated_url(blog_databases: ThrowAwayDatabases) -> AsyncIterator[str]:
    async with blog_databases.migrated() as url:
        yield url


async def schema_of(connection: AsyncConnection) -> set[tuple[object, ...]]:
    rows = await connection.execute(RELATIONS)
    return {tuple(row) for row in rows if "alembic_version" not in f"{row}"}


async def routines_of(connection: AsyncConnection) -> set[tuple[object, ...]]:
    return {tuple(row) for row in await connection.execute(ROUTINES)}


async def rows_of(url: str, query: str) -> list[tuple[object, ...]]:
    async with connected(url) as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def execute(url: str, statement: str) -> None:
    async with connected(url) as connection:
        await connection.execute(text(statement))
        await connection.commit()


@pytest.mark.parametrize(("before", "revision"), [*pairwise(["base", *revisions()])])
async def test_each_revision_goes_up_and_down_and_up(
    empty_url: str, before: str, revision: str
) -> None:
    await upgrade(empty_url, revision)
    async with connected(empty_url) as connection:
        first = await schema_of(connection) | await routines_of(connection)

    await downgrade(empty_url, before)
    await upgrade(empty_url, revision)

    async with connected(empty_url) as connection:
        assert await schema_of(connection) | await routines_of(connection) == first
    assert await current_revision(empty_url) == revision


async def test_going_down_to_the_base_leaves_nothing(migrated_url: str) -> None:
    await downgrade(migrated_url, "base")

    async with connected(migrated_url) as connection:
        assert await schema_of(connection) | await routines_of(connection) == set()
    assert await current_revision(migrated_url) is None


async def test_the_migrations_make_the_tables_that_the_code_knows(
    empty_url: str, migrated_url: str
) -> None:
    async with connected(empty_url) as connection:
        await connection.run_sync(metadata.create_all)
        known = await schema_of(connection)

    async with connected(migrated_url) as connection:
        assert await schema_of(connection) == known


def test_the_revision_that_is_asked_for_is_the_last_migration() -> None:
    assert revisions()[-1] == REVISION


async def test_a_migrated_database_has_not_drifted(migrated_url: str) -> None:
    await check(migrated_url)


async def test_drift_is_told(migrated_url: str) -> None:
    await execute(migrated_url, "ALTER TABLE posts DROP COLUMN likes")

    with pytest.raises(SchemaError, match="drifted: add_column"):
        await check(migrated_url)


async def test_upgrading_twice_changes_nothing(migrated_url: str) -> None:
    await upgrade(migrated_url)

    assert await current_revision(migrated_url) == REVISION


async def test_of_two_migrators_one_works_and_one_waits(empty_url: str) -> None:
    await asyncio.gather(upgrade(empty_url), upgrade(empty_url))

    assert await current_revision(empty_url) == REVISION


async def test_what_ends_waiting_elsewhere_ends_no_migration(empty_url: str) -> None:
    name = engine_url(empty_url).database
    async with connected(empty_url) as connection:
        for setting in ("statement_timeout", "lock_timeout"):
            await connection.execute(text(f"ALTER DATABASE {name} SET {setting} = '1ms'"))
        await connection.commit()

    await asyncio.gather(upgrade(empty_url), upgrade(empty_url))

    assert await current_revision(empty_url) == REVISION


async def test_posts_from_before_the_tallies_are_counted(empty_url: str) -> None:
    await upgrade(empty_url, "0001")
    for statement in TWO_AUTHORS_AND_THREE_POSTS:
        await execute(empty_url, statement)

    await upgrade(empty_url, "0002")

    assert await rows_of(empty_url, TALLIES) == [(3, 0)]
    assert await rows_of(empty_url, AUTHOR_TALLIES) == [(1, 1), (2, 2)]


async def test_a_post_being_written_while_the_tallies_are_made_is_counted(empty_url: str) -> None:
    await upgrade(empty_url, "0001")
    async with connected(empty_url) as writing:
        for statement in TWO_AUTHORS_AND_THREE_POSTS:
            await writing.execute(text(statement))
        upgrading = asyncio.create_task(upgrade(empty_url, "0002"))
        while not await rows_of(empty_url, WAITING):
            pass
        await writing.commit()
    await upgrading

    assert await rows_of(empty_url, TALLIES) == [(3, 0)]


def somewhere_else(blog_server: str) -> str:
    """Return the URL of a database that is not on the server."""
    return engine_url(blog_server).set(database="nowhere").render_as_string(hide_password=False)


class TestRequireCurrentSchema:
    async def test_the_current_one_will_do(self, migrated_url: str) -> None:
        await self._require(migrated_url)

    async def test_a_database_without_a_schema_is_refused(self, empty_url: str) -> None:
        with pytest.raises(SchemaError, match="no schema yet: run `blog migrate`"):
            await self._require(empty_url)

    async def test_an_old_schema_is_refused(self, migrated_url: str) -> None:
        await downgrade(migrated_url, "base")

        with pytest.raises(SchemaError, match=f"needs {REVISION}: run `blog migrate`"):
            await self._require(migrated_url)

    async def test_a_newer_schema_is_refused(self, migrated_url: str) -> None:
        await execute(migrated_url, "UPDATE alembic_version SET version_num = '9999'")

        with pytest.raises(SchemaError, match="at revision 9999, which is newer"):
            await self._require(migrated_url)

    async def test_a_missing_database_is_refused(self, blog_server: str) -> None:
        with pytest.raises(SchemaError, match=r"^The database refused: .* does not exist$"):
            await self._require(somewhere_else(blog_server))

    async def _require(self, url: str) -> None:
        database = PooledDatabase(url)
        try:
            await require_current_schema(database)
        finally:
            await database.close()


class TestWhatCannotBeDone:
    async def test_a_table_in_use_fails_the_migration_and_nothing_changes(
        self, migrated_url: str
    ) -> None:
        async with connected(migrated_url) as connection:
            await connection.execute(text("SELECT count(*) FROM sessions"))

            with pytest.raises(SchemaError, match="lock timeout"):
                await downgrade(migrated_url, "base")

        assert await current_revision(migrated_url) == REVISION

    async def test_an_unknown_revision_is_named(self, migrated_url: str) -> None:
        with pytest.raises(SchemaError, match="9999"):
            await upgrade(migrated_url, "9999")

    async def test_a_missing_database_is_told_in_one_line(self, blog_server: str) -> None:
        nowhere = (
            engine_url(blog_server).set(database="nowhere").render_as_string(hide_password=False)
        )

        with pytest.raises(
            SchemaError, match=r'^The database refused: .*"nowhere" does not exist$'
        ):
            await upgrade(nowhere)

    async def test_a_server_that_is_not_there_is_told_in_one_line(self) -> None:
        with pytest.raises(SchemaError, match=r"^The database does not answer: .*$"):
            await upgrade("postgresql://blog:secret@127.0.0.1:1/blog")
