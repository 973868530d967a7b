"""Tests that do next to nothing: what they cost is what their fixtures cost.

`meter` runs each many times, in turn with the others; each docstring is a row of the table.
"""

import pytest
from httpx import AsyncClient

from blog_adapters.sql import PooledDatabase

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("turn")]

ADA = {"username": "ada", "email": "ada@example.com", "password": "testpassword123"}


async def test_nothing() -> None:
    """The empty test itself."""


@pytest.mark.usefixtures("blog_database")
async def test_rolled_back() -> None:
    """`blog_database`."""


@pytest.mark.usefixtures("tutorial_session")
async def test_tutorial() -> None:
    """The tutorial's session."""


@pytest.mark.usefixtures("blog_committing_database")
async def test_cloned() -> None:
    """`blog_committing_database`."""


async def test_cloned_and_asked(blog_committing_database: PooledDatabase) -> None:
    """`blog_committing_database`, one query."""
    await blog_committing_database.check()


@pytest.mark.usefixtures("blog_bucket")
async def test_bucket() -> None:
    """`blog_bucket`."""


@pytest.mark.usefixtures("blog_client")
async def test_client_of_fakes() -> None:
    """`blog_client` over fakes."""


@pytest.mark.usefixtures("postgres_client")
async def test_client() -> None:
    """`blog_client` over `blog_database`."""


@pytest.mark.usefixtures("tutorial_client")
async def test_tutorial_client() -> None:
    """The tutorial's session and client."""


async def test_registering_with_fakes(blog_client: AsyncClient) -> None:
    """`blog_client` over fakes, one registration."""
    assert (await blog_client.post("/api/users", json=ADA)).status_code == 201


async def test_registering(postgres_client: AsyncClient) -> None:
    """`blog_client` over `blog_database`, one registration."""
    assert (await postgres_client.post("/api/users", json=ADA)).status_code == 201


async def test_tutorial_registering(tutorial_client: AsyncClient) -> None:
    """The tutorial's session and client, one registration."""
    assert (await tutorial_client.post("/api/users", json=ADA)).status_code == 201
