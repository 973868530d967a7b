"""Changing the schema: what `blog migrate` does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from blog_adapters.sql.database import CONNECT_SECONDS
from blog_adapters.sql.schema import SchemaError, refused
from blog_adapters.sql.tables import metadata
from blog_adapters.sql.urls import engine_url

_LOCK = 20_250_601
"""The advisory lock of all migrators of one database; any number that nobody else takes."""


async def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema up to a revision. A second migrator waits for the first.

    A table that others keep locked for 4 s fails the migration rather than the blog; what was
    migrated before it stays, and migrating again goes on from there.

    Raises:
        SchemaError: it could not be done.
        ValueError: the URL is not understood.
    """
    async with _migrating(url) as connection:
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), revision))


async def downgrade(url: str, revision: str) -> None:
    """Bring the schema down to a revision, `base` for none at all; data goes with its tables.

    Raises:
        SchemaError: it could not be done.
        ValueError: the URL is not understood.
    """
    async with _migrating(url) as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(sync), revision))


async def current_revision(url: str) -> str | None:
    """Return the revision the database is at, None before the first. Raises as `upgrade` does."""
    async with _connected(url) as connection:
        return await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_revision()
        )


def revisions() -> list[str]:
    """Return every revision this version knows, the first first."""
    scripts = ScriptDirectory.from_config(_config())
    return [script.revision for script in scripts.walk_revisions()][::-1]


async def check(url: str) -> None:
    """Raise SchemaError when the database's tables are not those of `blog_adapters.sql.tables`."""
    async with _connected(url) as connection:
        differences = await connection.run_sync(_differences)
    if differences:
        raise SchemaError(f"The schema has drifted: {'; '.join(differences)}")


@asynccontextmanager
async def _migrating(url: str) -> AsyncIterator[AsyncConnection]:
    async with _connected(url) as connection:
        await connection.execute(select(func.pg_advisory_lock(_LOCK)))  # until disconnected
        await connection.execute(text("SET lock_timeout = '4s'"))
        await connection.commit()
        yield connection


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(
        engine_url(url),
        poolclass=NullPool,
        # What keeps the blog from waiting must not end a migration, and may be set for the role.
        # A pooler refuses settings, and is refused: it would keep the lock after we have gone.
        connect_args={
            "timeout": CONNECT_SECONDS,
            "server_settings": {"statement_timeout": "0", "lock_timeout": "0"},
        },
    )
    try:
        async with engine.connect() as connection:
            yield connection
    except CommandError as error:
        raise SchemaError(str(error)) from error
    except DBAPIError as error:
        raise refused(error.driver_exception) from error
    except (OSError, UnicodeError) as error:  # a host's name may not be one
        raise SchemaError(f"The database does not answer: {error}") from error


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    # As a resource of the package: it is found in an installed wheel, and its path is not
    # searched for percent signs.
    config.set_main_option("script_location", "blog_adapters.sql:migrations")
    return config


def _differences(connection: Connection) -> list[str]:
    """Return what Alembic would change, by the names of its operations."""
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    found = compare_metadata(context, metadata)
    return [one[0] if isinstance(one, tuple) else one[0][0] for one in found]
