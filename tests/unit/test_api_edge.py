"""The edge: request ids, body limits, headers and the log line of every request."""

import re
from collections.abc import AsyncIterator, Awaitable, MutableMapping
from typing import Any

import pytest
from dependency_injector import providers
from httpx import AsyncClient, Response

from blog_adapters.container import Container

pytestmark = pytest.mark.anyio

Logs = list[MutableMapping[str, Any]]

ANSWERS = ["/api/posts", "/api/posts/1", "/api/nothing", "/nothing", "/api/posts/", "/livez"]


# Request ids


@pytest.mark.parametrize("path", ANSWERS)
async def test_every_answer_names_its_request(client: AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


@pytest.mark.parametrize("request_id", ["a", "A-1_b.c", "x" * 64])
async def test_a_callers_request_id_is_kept(client: AsyncClient, request_id: str) -> None:
    response = await client.get("/api/posts", headers={"X-Request-ID": request_id})

    assert response.headers["X-Request-ID"] == request_id


@pytest.mark.parametrize("request_id", ["", "x" * 65, "two words", "<script>", "a;b", "a\tb"])
async def test_any_other_request_id_is_replaced(client: AsyncClient, request_id: str) -> None:
    response = await client.get("/api/posts", headers={"X-Request-ID": request_id})

    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


# Headers


@pytest.mark.parametrize("path", ANSWERS)
async def test_every_answer_has_the_security_headers(client: AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/api/users/me", "/api/users/me/sessions"])
async def test_what_needs_a_token_is_not_to_be_kept_by_caches(
    corey: AsyncClient, path: str
) -> None:
    assert (await corey.get(path)).headers["Cache-Control"] == "no-store"


async def test_what_anybody_may_read_may_be_kept(corey: AsyncClient) -> None:
    assert "Cache-Control" not in (await corey.get("/api/posts")).headers


# Body limits

KIB, MIB = 1024, 1024 * 1024

LIMITS = [
    ("POST", "/api/posts", 3 * MIB),
    ("PUT", "/api/posts/1", 3 * MIB),
    ("PATCH", "/api/posts/1", 3 * MIB),
    ("POST", "/api/preview", 3 * MIB),
    ("PATCH", "/api/users/1/picture", 6 * MIB),
    ("POST", "/api/users/token", 16 * KIB),
    ("POST", "/api/users", 64 * KIB),
    ("PATCH", "/api/users/1", 64 * KIB),
    ("POST", "/api/users/forgot-password", 64 * KIB),
    ("POST", "/api/users/reset-password", 64 * KIB),
    ("PATCH", "/api/users/me/password", 64 * KIB),
    ("POST", "/api/users/logout", 64 * KIB),
]


UPLOAD = b'--0\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'


class Body:
    """A stream that counts what was asked of it; an upload where a form is expected."""

    def __init__(self, size: int) -> None:
        self.sent = 0
        self._size = size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.sent += len(UPLOAD)
        yield UPLOAD
        while self.sent < self._size:
            chunk = min(16 * KIB, self._size - self.sent)
            self.sent += chunk
            yield b"0" * chunk


READING = [limit for limit in LIMITS if limit[1] != "/api/users/logout"]


def media_type(path: str) -> str:
    if path.endswith("/picture"):
        return "multipart/form-data; boundary=0"
    return "application/x-www-form-urlencoded" if path.endswith("/token") else "application/json"


@pytest.mark.parametrize(("method", "path", "limit"), LIMITS)
class TestAnAnnouncedBody:
    """Its Content-Length is believed when it says too much."""

    async def test_over_the_limit_is_413_and_not_read(
        self, corey: AsyncClient, method: str, path: str, limit: int
    ) -> None:
        body = Body(limit + 1)

        response = await corey.request(
            method, path, content=body, headers={"Content-Length": str(limit + 1)}
        )

        assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
        assert body.sent == 0

    async def test_at_the_limit_is_not_413(
        self, corey: AsyncClient, method: str, path: str, limit: int
    ) -> None:
        response = await corey.request(
            method, path, content=b"0" * limit, headers={"Content-Type": media_type(path)}
        )

        assert response.status_code != 413


@pytest.mark.parametrize("announced", [{}, {"Content-Length": "10"}, {"Content-Length": "many"}])
@pytest.mark.parametrize(("method", "path", "limit"), READING)
class TestABodyThatIsNotAnnounced:
    """Or not truly: what comes is counted."""

    async def test_over_the_limit_is_413(
        self, corey: AsyncClient, method: str, path: str, limit: int, announced: dict[str, str]
    ) -> None:
        headers = {"Content-Type": media_type(path), **announced}

        response = await corey.request(method, path, content=Body(limit + 1), headers=headers)

        assert (response.status_code, response.json()["code"]) == (413, "body_too_large")

    async def test_is_not_read_much_further(
        self, corey: AsyncClient, method: str, path: str, limit: int, announced: dict[str, str]
    ) -> None:
        body = Body(100 * MIB)
        headers = {"Content-Type": media_type(path), **announced}

        await corey.request(method, path, content=body, headers=headers)

        assert body.sent <= limit + 16 * KIB


@pytest.mark.parametrize("length", ["9" * 19, "9" * 5000])
async def test_a_content_length_may_be_of_any_length(client: AsyncClient, length: str) -> None:
    response = await client.post("/api/posts", headers={"Content-Length": length})

    assert response.status_code == 413


async def test_a_413_outside_the_api_is_a_page(client: AsyncClient) -> None:
    response = await client.post("/nothing", content=b"0" * (64 * KIB + 1))

    assert response.status_code == 413
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


# The log


async def line_of(response: Awaitable[Response], logs: Logs) -> dict[str, Any]:
    """Return the one line of a request."""
    logs.clear()
    await response
    (line,) = (dict(entry) for entry in logs if entry["event"] == "request")
    return line


async def test_a_request_is_one_line(client: AsyncClient, logs: Logs) -> None:
    request = client.get("/api/posts/999", headers={"X-Request-ID": "abc"})

    line = await line_of(request, logs)

    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "route": "/api/posts/{post_id}",
        "status": 404,
        "request_id": "abc",
        "user_id": None,
    }


async def test_the_line_knows_who_asked(corey: AsyncClient, logs: Logs) -> None:
    assert (await line_of(corey.get("/api/users/me"), logs))["user_id"] == 1


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/static/nothing"])
async def test_the_line_has_no_path_that_was_made_up(
    client: AsyncClient, logs: Logs, path: str
) -> None:
    line = await line_of(client.get(path), logs)

    assert (line["route"], line["status"]) == (None, 404)


async def test_the_line_names_no_query_header_or_body(client: AsyncClient, logs: Logs) -> None:
    request = client.post(
        "/api/users?token=canary",
        json={"username": "canary"},
        headers={"Authorization": "Bearer canary", "User-Agent": "canary"},
    )

    assert "canary" not in str(await line_of(request, logs))


async def test_an_unexpected_error_has_its_line_too(
    client: AsyncClient, container: Container, logs: Logs
) -> None:
    container.post_queries.override(providers.Object(None))

    line = await line_of(client.get("/api/posts"), logs)

    assert line["status"] == 500
