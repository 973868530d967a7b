"""What the integration tier shares: databases on a real PostgreSQL."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from blog_adapters.sql import PooledDatabase, RollbackDatabase
from blog_adapters.testing.databases import (
    ThrowAwayDatabases,
    connected,
    database_server,
    rolled_back,
    throw_away_databases,
)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The URL of the server that all processes of this run share."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":  # a process beside others, whose own folder lies in the run's
        folder = folder.parent
    with database_server(folder / "postgres") as url:
        yield url


@pytest.fixture(scope="session")
async def databases(server: str, testrun_uid: str) -> AsyncIterator[ThrowAwayDatabases]:
    """Databases to make and throw away."""
    async with throw_away_databases(server, run=testrun_uid[:8]) as databases:
        yield databases


@pytest.fixture(scope="session")
async def held_connection(databases: ThrowAwayDatabases) -> AsyncIterator[AsyncConnection]:
    """One connection to one database for all tests that roll back."""
    async with databases.migrated() as url, connected(url) as connection:
        yield connection


@pytest.fixture
async def rollback_database(held_connection: AsyncConnection) -> AsyncIterator[RollbackDatabase]:
    """A database without rows; what a test does to it is rolled back."""
    async with rolled_back(held_connection) as database:
        yield database


@pytest.fixture
async def committing_database(databases: ThrowAwayDatabases) -> AsyncIterator[PooledDatabase]:
    """A database without rows, made for this test, where commits last and connections meet."""
    async with databases.migrated() as url:
        database = PooledDatabase(url, patience=30)  # seconds: a slow machine is no failure
        yield database
        await database.close()
