"""The API over the fakes: the kit's fixtures under short names, and two accounts."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from blog_adapters.container import Container
from blog_api.testing.people import Member, SignUp


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What the API logs, instead of writing it."""
    with capture_logs() as logs:
        yield logs


@pytest.fixture
def container(
    blog_container: Container,
    logs: list[MutableMapping[str, Any]],  # noqa: ARG001 - keeps them off the terminal
) -> Container:
    """A blog of fakes; override a part before the first request."""
    return blog_container


@pytest.fixture
def app(
    blog_app: FastAPI,
    logs: list[MutableMapping[str, Any]],  # noqa: ARG001 - keeps them off the terminal
) -> FastAPI:
    """The app, over this test's container."""
    return blog_app


@pytest.fixture
def client(
    blog_client: Member,
    logs: list[MutableMapping[str, Any]],  # noqa: ARG001 - keeps them off the terminal
) -> Member:
    """Somebody who is not logged in."""
    return blog_client


@pytest.fixture
async def corey(blog_sign_up: SignUp) -> Member:
    """The first account, with id 1, logged in."""
    return await blog_sign_up("corey")


@pytest.fixture
async def ada(corey: Member, blog_sign_up: SignUp) -> Member:  # noqa: ARG001 - comes second
    """The second account, with id 2, logged in."""
    return await blog_sign_up("ada")


@pytest.fixture
async def post(corey: Member) -> dict[str, Any]:
    """A post by corey."""
    return await corey.publish()
