"""The tutorial's fixtures, and ours over HTTP on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from benchmarks import tutorial
from benchmarks.meter import SERVER, Server
from blog_adapters.container import Container
from blog_adapters.memory import MemoryMailer
from blog_adapters.sql import RollbackDatabase
from blog_adapters.testing.containers import container_over
from blog_adapters.testing.databases import ThrowAwayDatabases
from blog_api.testing.people import OpenBlog


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for fixtures and tests."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def server(blog_server: str, blog_connection: AsyncConnection, pytestconfig: pytest.Config) -> None:
    """The server that both sides stand on."""
    version = ".".join(map(str, blog_connection.dialect.server_version_info or ()))
    pytestconfig.stash[SERVER] = Server(url=blog_server, version=version)


@pytest.fixture
def turn(request: pytest.FixtureRequest) -> int:
    """Which turn of a test it is, from 0."""
    number: int = request.param
    return number


@pytest.fixture(scope="session")
async def tutorial_engine(blog_databases: ThrowAwayDatabases) -> AsyncIterator[AsyncEngine]:
    """The tutorial's engine and tables."""
    async with blog_databases.empty() as url, tutorial.tables(url) as engine:
        yield engine


@pytest.fixture
async def tutorial_session(tutorial_engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """The tutorial's session of a test."""
    async with tutorial.session(tutorial_engine) as session:
        yield session


@pytest.fixture
async def tutorial_client(tutorial_session: AsyncSession) -> AsyncIterator[AsyncClient]:
    """The tutorial's client of a test."""
    async with tutorial.client(tutorial_session) as client:
        yield client


@pytest.fixture
async def postgres_client(
    blog_http: OpenBlog, blog_database: RollbackDatabase, blog_lasting_parts: Container
) -> AsyncIterator[AsyncClient]:
    """What `blog_client` is over `blog_postgres_container`, but for the bucket.

    The tutorial's client has none either.
    """
    container = container_over(blog_database, parts=blog_lasting_parts, mailer=MemoryMailer())
    async with blog_http(container) as blog:
        yield await blog.visitor()
