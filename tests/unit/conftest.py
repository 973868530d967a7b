"""The API over the fakes, called in process: no server, no network, no lifespan."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import AsyncExitStack
from functools import cache, partial
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # none are published
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from structlog.testing import capture_logs

from blog_adapters.container import Container, in_memory_container
from blog_api.app import create_app

PASSWORD = "testpassword123"

SignIn = Callable[[str], Awaitable[AsyncClient]]


@pytest.fixture
def container() -> Container:
    """A blog of fakes; override a part before the first request."""
    return in_memory_container()


@pytest.fixture(scope="session")
def shared_app() -> FastAPI:
    """One app for all tests, because to build one takes longer than most tests."""
    return create_app(in_memory_container())


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What the API logs, instead of writing it."""
    with capture_logs() as logs:
        yield logs


@pytest.fixture
def app(
    shared_app: FastAPI,
    container: Container,
    logs: list[MutableMapping[str, Any]],  # noqa: ARG001 - keeps them off the terminal
) -> FastAPI:
    """The app, over this test's container."""
    shared_app.state.container = container
    shared_app.dependency_overrides.clear()
    return shared_app


@pytest.fixture
async def connect(app: FastAPI) -> AsyncIterator[Callable[[], Awaitable[AsyncClient]]]:
    """Opens clients that fail the test when an answer is not what the OpenAPI document says."""
    async with AsyncExitStack() as clients:

        async def opened() -> AsyncClient:
            return await clients.enter_async_context(
                AsyncClient(
                    transport=ASGITransport(app),
                    base_url="http://blog.test",
                    event_hooks={"response": [partial(require_documented, app)]},
                )
            )

        yield opened


@pytest.fixture
async def client(connect: Callable[[], Awaitable[AsyncClient]]) -> AsyncClient:
    """Somebody who is not logged in."""
    return await connect()


@pytest.fixture
def sign_in(connect: Callable[[], Awaitable[AsyncClient]]) -> SignIn:
    """Logs an account in once more: `await sign_in("corey@example.com")`."""

    async def signed_in(email: str) -> AsyncClient:
        client = await connect()
        form = {"username": email, "password": PASSWORD}
        token = (await client.post("/api/users/token", data=form)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    return signed_in


@pytest.fixture
def sign_up(client: AsyncClient, sign_in: SignIn) -> SignIn:
    """Opens an account and logs it in: `await sign_up("corey")`."""

    async def signed_up(username: str) -> AsyncClient:
        email = f"{username}@example.com"
        body = {"username": username, "email": email, "password": PASSWORD}
        assert (await client.post("/api/users", json=body)).status_code == 201
        return await sign_in(email)

    return signed_up


@pytest.fixture
async def corey(sign_up: SignIn) -> AsyncClient:
    """The first account, with id 1, logged in."""
    return await sign_up("corey")


@pytest.fixture
async def ada(corey: AsyncClient, sign_up: SignIn) -> AsyncClient:  # noqa: ARG001 - comes second
    """The second account, with id 2, logged in."""
    return await sign_up("ada")


@pytest.fixture
async def post(corey: AsyncClient) -> dict[str, Any]:
    """A post by corey."""
    response = await corey.post("/api/posts", json={"title": "A title", "content": "Some words."})
    published: dict[str, Any] = response.json()
    return published


async def require_documented(app: FastAPI, response: Response) -> None:
    """Fail unless the OpenAPI document lists this answer of this operation."""
    await response.aread()
    operation = _operation(app, response.request.method, response.request.url.path)
    if operation is None:
        return
    answer = operation["responses"].get(str(response.status_code))
    assert answer, f"{operation['operationId']} does not document {response.status_code}"

    content = answer.get("content", {})
    if not content:
        assert not response.content
        return
    media_type = response.headers["Content-Type"]
    assert media_type in content, f"{operation['operationId']} does not document {media_type}"
    _validator(json.dumps(content[media_type]["schema"]), app).validate(response.json())


def _operation(app: FastAPI, method: str, path: str) -> dict[str, Any] | None:
    for template, operations in app.openapi()["paths"].items():
        # Literal paths come before templates in the document, as they do in the router.
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path) and method.lower() in operations:
            found: dict[str, Any] = operations[method.lower()]
            return found
    return None


@cache
def _validator(schema: str, app: FastAPI) -> jsonschema.Draft202012Validator:
    components = app.openapi()["components"]
    return jsonschema.Draft202012Validator({**json.loads(schema), "components": components})
