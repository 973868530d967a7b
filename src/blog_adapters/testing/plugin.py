"""pytest plugin: the fixtures `blog_*`, from a container of fakes to a real PostgreSQL.

Imported at the start of every pytest run where this distribution is installed, so it imports
nothing but pytest before a fixture is asked for. Nothing has to be set, and nothing is started
that no test asks for.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from secrets import token_hex
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # see above; nothing reads these annotations at run time
    from sqlalchemy.ext.asyncio import AsyncConnection

    from blog_adapters.container import Container
    from blog_adapters.memory import MemoryMailer
    from blog_adapters.sql import Database, PooledDatabase, RollbackDatabase
    from blog_adapters.testing.databases import ThrowAwayDatabases
    from blog_adapters.testing.s3 import S3Server
    from blog_core.ports import ImageStorage

_SETTING = "blog_database_url, BLOG_TEST_DATABASE_URL: no databases can be made there"
_AUTO_MODE = (
    "blog-core's fixtures are run by anyio, and pytest-asyncio's auto mode takes them over, each "
    "on a loop of its own: set asyncio_mode = strict, and mark your own async tests with "
    "pytest.mark.asyncio"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting."""
    parser.addini(
        "blog_database_url",
        "A PostgreSQL server to test on, by the URL of a database there, which is only used to "
        "make others. Without it, and without the variable BLOG_TEST_DATABASE_URL, an embedded "
        "server is started.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that use the kit on one loop of asyncio, which connections can outlive a test on.

    Whoever has made `anyio_backend` last for the session has chosen already, and a contract suite
    says it itself.
    """
    fixtures = metafunc.definition._fixtureinfo.name2fixturedefs  # noqa: SLF001 - pytest has no other way to ask
    backend = fixtures.get("anyio_backend")
    if backend and backend[-1].scope != "session" and _uses_kit(metafunc.fixturenames):
        asyncio = [pytest.param("asyncio", id=pytest.HIDDEN_PARAM)]
        metafunc.definition.add_marker(
            pytest.mark.parametrize("anyio_backend", asyncio, scope="session")
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse pytest-asyncio's auto mode, which would break in stranger ways."""
    if not config.pluginmanager.has_plugin("asyncio"):
        return
    mode = config.getoption("asyncio_mode", None) or config.getini("asyncio_mode")
    if mode == "auto" and any(_uses_kit(getattr(item, "fixturenames", ())) for item in items):
        raise pytest.UsageError(_AUTO_MODE)


def _uses_kit(fixturenames: Iterable[str]) -> bool:
    return any(name.startswith("blog_") for name in fixturenames)


@pytest.fixture
def blog_mailbox() -> "MemoryMailer":
    """The mail that the blog sends, in order: `blog_mailbox.sent` is a list of `Mail`."""
    from blog_adapters.memory import MemoryMailer

    return MemoryMailer()


@pytest.fixture
async def blog_container(blog_mailbox: "MemoryMailer") -> "AsyncIterator[Container]":
    """A container of fakes: nothing is started. Replace it to test on other parts.

    `blog_client` and what else speaks HTTP stand on it. To have them on PostgreSQL, write

        @pytest.fixture
        def blog_container(blog_postgres_container): return blog_postgres_container
    """
    from dependency_injector import providers

    from blog_adapters.container import close, in_memory_container

    container = in_memory_container()
    container.mailer.override(providers.Object(blog_mailbox))
    yield container
    await close(container)


@pytest.fixture(scope="session")
def blog_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a PostgreSQL server that all processes of this run share."""
    from blog_adapters.testing.databases import database_server

    url: str = request.config.getini("blog_database_url")
    with database_server(_run_of(request.config), url=url or None) as found:
        yield found


@pytest.fixture(scope="session")
async def blog_databases(
    blog_server: str, request: pytest.FixtureRequest
) -> "AsyncIterator[ThrowAwayDatabases]":
    """Databases to make and throw away: `async with blog_databases.migrated() as url`."""
    from blog_adapters.testing.databases import throw_away_databases

    async with AsyncExitStack() as stack:
        lent = throw_away_databases(blog_server, run=_run_of(request.config))
        try:
            databases = await stack.enter_async_context(lent)
        except Exception as error:  # noqa: BLE001 - told once, and not for each test
            reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
            pytest.exit(f"{_SETTING}: {reason}", returncode=pytest.ExitCode.USAGE_ERROR)
        yield databases


@pytest.fixture(scope="session")
async def blog_connection(blog_databases: "ThrowAwayDatabases") -> "AsyncIterator[AsyncConnection]":
    """One connection to one migrated database, for all tests that roll back."""
    from blog_adapters.testing.databases import connected

    async with blog_databases.migrated() as url, connected(url) as connection:
        yield connection


@pytest.fixture
async def blog_database(blog_connection: "AsyncConnection") -> "AsyncIterator[RollbackDatabase]":
    """A PostgreSQL without rows; what a test does to it is rolled back, commits and all.

    Its doors share one connection, one passage at a time: for what only shows between two
    connections (locks, isolation, races) take `blog_committing_database`.
    """
    from blog_adapters.testing.databases import rolled_back

    async with rolled_back(blog_connection) as database:
        yield database


@pytest.fixture
async def blog_committing_database(
    blog_databases: "ThrowAwayDatabases",
) -> "AsyncIterator[PooledDatabase]":
    """A PostgreSQL without rows, cloned for this test, where commits last and connections meet."""
    from blog_adapters.sql import PooledDatabase

    async with blog_databases.migrated() as url:
        database = PooledDatabase(url, patience=30)  # seconds: a slow machine is no failure
        yield database
        await database.close()


@pytest.fixture(scope="session")
def blog_s3() -> "Iterator[S3Server]":
    """A server that speaks S3, for all tests."""
    from blog_adapters.testing.s3 import s3_server

    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
async def blog_lasting_parts(blog_s3: "S3Server") -> "AsyncIterator[Container]":
    """Threads and the storage's client: to build them takes longer than a test."""
    from blog_adapters.container import close
    from blog_adapters.testing.containers import real_container
    from blog_adapters.testing.s3 import without_aws_settings

    container = real_container(s3_endpoint_url=blog_s3.url)
    with without_aws_settings():
        container.storage()
    yield container
    await close(container)


@pytest.fixture
def blog_bucket(blog_s3: "S3Server") -> "Iterator[S3Server]":
    """An empty bucket: `blog_bucket.stored()` lists its keys, `blog_bucket.read(key)` reads one."""
    with blog_s3.bucket():
        yield blog_s3


@pytest.fixture
def blog_storage(
    blog_lasting_parts: "Container",
    blog_bucket: "S3Server",  # noqa: ARG001 - to be empty
) -> "ImageStorage":
    """An `ImageStorage` on S3, which puts pictures into `blog_bucket`."""
    return blog_lasting_parts.storage()


@pytest.fixture
def blog_container_over(
    blog_lasting_parts: "Container",
    blog_bucket: "S3Server",  # noqa: ARG001 - to be empty
    blog_mailbox: "MemoryMailer",
) -> "Callable[[Database], Container]":
    """Make a container of real parts over a database: `blog_container_over(blog_database)`.

    Pictures go to `blog_bucket` and mail to `blog_mailbox`; its clock can be moved.
    """
    from blog_adapters.testing.containers import container_over

    def over(database: "Database") -> "Container":
        return container_over(database, parts=blog_lasting_parts, mailer=blog_mailbox)

    return over


@pytest.fixture
def blog_postgres_container(
    blog_container_over: "Callable[[Database], Container]", blog_database: "RollbackDatabase"
) -> "Container":
    """A container of real parts on PostgreSQL, where all is rolled back."""
    return blog_container_over(blog_database)


def _run_of(config: pytest.Config) -> str:
    """Return a name for this run, which all its processes share."""
    worker: dict[str, str] = getattr(config, "workerinput", {})
    return worker.get("testrunuid") or config.stash.setdefault(_RUN, token_hex(4))


_RUN = pytest.StashKey[str]()
