"""What the integration tier shares: databases on a real PostgreSQL, and a blog of real parts."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from dependency_injector import providers
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

import servers
from blog_adapters.container import Container, close
from blog_adapters.sql import PooledDatabase, RollbackDatabase
from blog_adapters.testing.databases import (
    ThrowAwayDatabases,
    connected,
    database_server,
    rolled_back,
    throw_away_databases,
)
from blog_api.app import create_app
from journeys import Blog, Member, opened, real_container
from servers import MailServer, S3Server, without_aws_settings


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder outside of pytest's own, which each run of pytest shuts to all other accounts.

    For root, PostgreSQL runs as one of those.
    """
    with TemporaryDirectory(prefix="blog-test-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def run(testrun_uid: str) -> str:
    """A name for this run, which all its processes share."""
    return testrun_uid[:8]


@pytest.fixture(scope="session")
def server(run: str) -> Iterator[str]:
    """The URL of the server that all processes of this run share."""
    with database_server(run) as url:
        yield url


@pytest.fixture(scope="session")
async def databases(server: str, run: str) -> AsyncIterator[ThrowAwayDatabases]:
    """Databases to make and throw away."""
    async with throw_away_databases(server, run=run) as databases:
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


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A server that speaks S3, for all tests."""
    with servers.s3_server() as server:
        yield server


@pytest.fixture
def bucket(s3_server: S3Server) -> Iterator[S3Server]:
    """The server, with an empty bucket."""
    with s3_server.bucket():
        yield s3_server


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    """A mail server that takes everything."""
    server = MailServer()
    async with server.listening():
        yield server


@pytest.fixture(scope="session")
async def lasting_parts(s3_server: S3Server) -> AsyncIterator[Container]:
    """Threads and the storage's client, shared because to build them takes longer than a test."""
    container = real_container(s3_port=s3_server.port, mail_port=1)
    with without_aws_settings():
        container.storage()
    yield container
    await close(container)


MakeContainer = Callable[[PooledDatabase | RollbackDatabase], Container]


@pytest.fixture
def make_container(
    lasting_parts: Container, s3_server: S3Server, mail_server: MailServer
) -> MakeContainer:
    """Makes a container of real parts over a database."""

    def made(database: PooledDatabase | RollbackDatabase) -> Container:
        container = real_container(s3_port=s3_server.port, mail_port=mail_server.port)
        container.override_providers(
            database=providers.Object(database),
            storage=lasting_parts.storage,
            password_workers=lasting_parts.password_workers,
            image_workers=lasting_parts.image_workers,
        )
        return container

    return made


@pytest.fixture(scope="session")
def app(lasting_parts: Container) -> FastAPI:
    """The app, which `opened` gives the container of each test."""
    return create_app(lasting_parts, relay=False)


@pytest.fixture
async def blog(
    app: FastAPI, make_container: MakeContainer, rollback_database: RollbackDatabase
) -> AsyncIterator[Blog]:
    """A blog of real parts; what a test does to its database is rolled back."""
    async with opened(app, make_container(rollback_database)) as blog:
        yield blog


@pytest.fixture
async def crowded_blog(
    app: FastAPI, make_container: MakeContainer, committing_database: PooledDatabase
) -> AsyncIterator[Blog]:
    """A blog of real parts where requests meet in the database."""
    async with opened(app, make_container(committing_database)) as blog:
        yield blog


@pytest.fixture
async def visitor(blog: Blog) -> Member:
    """Somebody who is not logged in."""
    return await blog.visitor()


@pytest.fixture
async def corey(blog: Blog) -> Member:
    """An account, logged in."""
    return await blog.sign_up("corey")


@pytest.fixture
async def ada(blog: Blog) -> Member:
    """Another account, logged in."""
    return await blog.sign_up("ada")


@pytest.fixture
async def post(corey: Member) -> dict[str, Any]:
    """A post by corey."""
    return await corey.publish()
