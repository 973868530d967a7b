"""Errors over HTTP: their shape, their statuses, and that nothing goes unanswered."""

from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import pytest
from dependency_injector import providers
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from httpx import AsyncClient

from blog_adapters.container import Container
from blog_adapters.memory import MemoryPasswords
from blog_api import dependencies
from blog_core.errors import (
    BlogError,
    InvalidText,
    MailRefused,
    PostNotFound,
)
from operations import Broken

pytestmark = pytest.mark.anyio

SECRET = "hunter2-hunter2"

Logs = list[MutableMapping[str, Any]]


# The shape


async def test_an_error_is_a_problem_of_rfc_9457(client: AsyncClient) -> None:
    response = await client.get("/api/posts/999", headers={"X-Request-ID": "abc-1"})

    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "urn:blog:problem:post_not_found",
        "title": "Post not found",
        "status": 404,
        "detail": "Post not found",
        "code": "post_not_found",
        "instance": "abc-1",
    }


async def test_a_validation_error_points_to_each_field(client: AsyncClient) -> None:
    body = {"username": "", "email": "no address", "password": "testpassword123"}

    response = await client.post("/api/users", json=body)

    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "validation_error")
    assert problem["errors"] == [
        {
            "pointer": "/body/username",
            "code": "string_too_short",
            "detail": "String should have at least 1 character",
        },
        {
            "pointer": "/body/email",
            "code": "not_an_address",
            "detail": "email must be a plain e-mail address",
        },
    ]


async def test_the_detail_of_a_validation_error_names_every_field(client: AsyncClient) -> None:
    problem = (await client.get("/api/posts", params={"skip": "x", "limit": 0})).json()

    assert problem["detail"] == (
        "query.skip: Input should be a valid integer, unable to parse string as an integer; "
        "query.limit: Input should be greater than or equal to 1"
    )


async def test_a_bad_path_is_pointed_to(client: AsyncClient) -> None:
    problem = (await client.get("/api/posts/one")).json()

    assert problem["errors"][0]["pointer"] == "/path/post_id"


@pytest.mark.parametrize("path", ["/api/posts/999", "/api/nothing", "/api/posts/one"])
async def test_an_error_is_not_to_be_kept_by_caches(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).headers["Cache-Control"] == "no-store"


# Paths and methods


@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/apiary", "/api/posts/1/comments"])
async def test_an_unknown_path_of_the_api_is_a_problem(client: AsyncClient, path: str) -> None:
    response = await client.get(path)

    problem = response.json()
    assert (response.status_code, problem["detail"]) == (404, "Not Found")
    assert (problem["code"], problem["title"]) == ("not_found", "Not found")


@pytest.mark.parametrize("path", ["/nothing", "/static/nothing", "/static/api"])
async def test_an_unknown_path_elsewhere_is_a_page(client: AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert (response.status_code, response.headers["Content-Type"]) == (
        404,
        "text/html; charset=utf-8",
    )
    assert "<title>404 Not Found · Blog</title>" in response.text
    assert "<h1>404 Not Found</h1>" in response.text


async def test_a_page_never_quotes_the_path(client: AsyncClient) -> None:
    response = await client.get("/<script>alert(1)</script>")

    assert "alert" not in response.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/users", "POST"),
        ("DELETE", "/api/posts", "GET, POST"),
        ("POST", "/api/posts/1", "DELETE, GET, PATCH, PUT"),
        ("PUT", "/api/users/1", "DELETE, GET, PATCH"),
        ("HEAD", "/api/posts", "GET, POST"),
        ("OPTIONS", "/api/posts", "GET, POST"),
        ("HEAD", "/api/posts/1", "DELETE, GET, PATCH, PUT"),
        ("POST", "/livez", "GET"),
        ("POST", "/static/profile_pics/default.jpg", "GET, HEAD"),
        ("BREW", "/api/users/me", "DELETE, GET, PATCH"),
    ],
)
async def test_another_method_is_405_and_told_which_there_are(
    client: AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)

    assert (response.status_code, response.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/api/posts", "/livez", "/readyz"])
async def test_another_method_is_a_problem_too(client: AsyncClient, path: str) -> None:
    problem = (await client.delete(path)).json()

    assert (problem["detail"], problem["code"]) == ("Method Not Allowed", "method_not_allowed")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_trailing_slash_is_sent_to_the_path_without(
    client: AsyncClient, method: str
) -> None:
    response = await client.request(method, "/api/posts/?limit=3")

    assert response.status_code == 307
    assert response.headers["Location"] == "http://blog.test/api/posts?limit=3"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
async def test_the_documentation_is_served(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


async def test_a_text_that_only_the_domain_refuses_is_422_and_pointed_to(
    client: AsyncClient, container: Container
) -> None:
    refusal = InvalidText("username", "reserved", "is reserved")
    container.users.override(providers.Object(Broken(refusal)))
    body = {"username": "root", "email": "a@b.test", "password": "testpassword123"}

    response = await client.post("/api/users", json=body)

    assert (response.status_code, response.json()["code"]) == (422, "validation_error")
    assert response.json()["errors"] == [
        {"pointer": "/body/username", "code": "reserved", "detail": "username is reserved"}
    ]


# What nobody foresaw


UNEXPECTED = [RuntimeError(SECRET), BlogError(SECRET), MailRefused(SECRET), KeyError(SECRET)]


@pytest.mark.parametrize("error", UNEXPECTED, ids=repr)
class TestAnUnexpectedError:
    """It is answered, logged, and told to nobody."""

    @pytest.fixture
    def blog_container(self, blog_container: Container, error: Exception) -> Container:
        blog_container.post_queries.override(providers.Object(Broken(error)))
        return blog_container

    async def test_is_a_500(self, client: AsyncClient) -> None:
        response = await client.get("/api/posts", headers={"X-Request-ID": "abc-1"})

        assert response.status_code == 500
        assert response.json() == {
            "type": "urn:blog:problem:internal_error",
            "title": "Internal error",
            "status": 500,
            "detail": "Internal Server Error",
            "code": "internal_error",
            "instance": "abc-1",
        }

    async def test_has_the_headers_of_any_answer(self, client: AsyncClient) -> None:
        headers = (await client.get("/api/posts", headers={"X-Request-ID": "abc-1"})).headers

        assert headers["X-Request-ID"] == "abc-1"
        assert headers["X-Content-Type-Options"] == "nosniff"

    async def test_is_logged_with_its_traceback_and_the_request_id(
        self, client: AsyncClient, logs: Logs, error: Exception
    ) -> None:
        await client.get("/api/posts", headers={"X-Request-ID": "abc-1"})

        (entry,) = (entry for entry in logs if entry["log_level"] == "error")
        assert entry["request_id"] == "abc-1"
        assert entry["exception"].startswith("Traceback")
        assert type(error).__name__ in entry["exception"]


async def test_an_unexpected_error_of_a_page_is_a_page(app: FastAPI, client: AsyncClient) -> None:
    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError(SECRET)

    response = await client.get("/broken")

    assert (response.status_code, SECRET in response.text) == (500, False)
    assert "<h1>500 Internal Server Error</h1>" in response.text


async def test_a_bad_request_for_a_page_is_a_page(app: FastAPI, client: AsyncClient) -> None:
    @app.get("/numbers/{number}")
    async def numbers(number: int) -> int:
        return number

    response = await client.get("/numbers/one")

    assert response.status_code == 422
    assert "Invalid request. Please check your input and try again." in response.text


async def test_an_answer_that_breaks_off_is_left_to_the_server(
    app: FastAPI, client: AsyncClient
) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError

    @app.get("/half")
    async def half_an_answer() -> StreamingResponse:
        return StreamingResponse(half())

    with pytest.raises(RuntimeError):
        await client.get("/half")


# Overriding


async def test_a_dependency_can_be_overridden(app: FastAPI, client: AsyncClient) -> None:
    async def empty() -> Broken:
        return Broken(PostNotFound("None left"))

    app.dependency_overrides[dependencies.post_queries] = empty

    assert (await client.get("/api/posts/1")).json()["detail"] == "None left"


async def test_a_caller_can_be_overridden(
    app: FastAPI, client: AsyncClient, corey: AsyncClient, container: Container
) -> None:
    token = corey.headers["Authorization"].removeprefix("Bearer ")
    actor = await container.access().authenticate(token=token)
    app.dependency_overrides[dependencies.current_actor] = lambda: actor

    assert (await client.get("/api/users/me")).json()["username"] == "corey"


async def test_a_part_can_be_overridden(client: AsyncClient, container: Container) -> None:
    container.passwords.override(providers.Singleton(MemoryPasswords, generation=7))
    body = {"username": "x", "email": "a@b.test", "password": "testpassword123"}

    await client.post("/api/users", json=body)

    user = await container.user_queries().by_email("a@b.test")
    assert user.password_hash.startswith("plain$7$")
