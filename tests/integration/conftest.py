"""What the integration tier shares: databases on a real PostgreSQL, and a blog of real parts."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from dependency_injector import providers

from blog_adapters.container import Container
from blog_adapters.sql import PooledDatabase, RollbackDatabase
from blog_api.testing.people import Blog, Member, OpenBlog
from servers import MailServer, plain_mailer


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder outside of pytest's own, which each run of pytest shuts to all other accounts.

    For root, PostgreSQL runs as one of those.
    """
    with TemporaryDirectory(prefix="blog-test-") as folder:
        yield Path(folder)


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    """A mail server that takes everything."""
    server = MailServer()
    async with server.listening():
        yield server


class CountedCommits:
    """A `DataVersion` that is exact while all who write tell it, as the containers of a test do."""

    def __init__(self) -> None:
        self._commits = 0

    def current(self) -> int:
        """See `DataVersion`."""
        return self._commits

    def move(self) -> None:
        """See `DataVersion`."""
        self._commits += 1

    async def keep_up(self) -> None:
        """See `DataVersion`; nothing has to be done."""


MakeContainer = Callable[[PooledDatabase | RollbackDatabase], Container]


@pytest.fixture
def make_container(
    blog_container_over: MakeContainer, mail_server: MailServer, response_cache: bool
) -> MakeContainer:
    """Makes a container of real parts over a database; its mail goes to a real server."""
    version = CountedCommits()

    def made(database: PooledDatabase | RollbackDatabase) -> Container:
        container = blog_container_over(database)
        if response_cache:
            container.data_version.override(providers.Object(version))
        container.mailer.override(providers.Object(plain_mailer(mail_server.port)))
        return container

    return made


@pytest.fixture
async def blog(
    blog_http: OpenBlog, make_container: MakeContainer, blog_database: RollbackDatabase
) -> AsyncIterator[Blog]:
    """A blog of real parts; what a test does to its database is rolled back."""
    async with blog_http(make_container(blog_database)) as blog:
        yield blog


@pytest.fixture
async def crowded_blog(
    blog_http: OpenBlog, make_container: MakeContainer, blog_committing_database: PooledDatabase
) -> AsyncIterator[Blog]:
    """A blog of real parts where requests meet in the database."""
    async with blog_http(make_container(blog_committing_database)) as blog:
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
