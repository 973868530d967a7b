"""How often something may be tried over HTTP, and by whom."""

from datetime import timedelta
from typing import Any

import pytest
from dependency_injector import providers
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from starlette.types import Receive, Scope, Send

from blog_adapters.container import Container
from blog_adapters.memory import MemoryRateLimiter
from blog_api.testing.people import PASSWORD, Blog, Member
from blog_core.domain.limits import Limit, RateLimits
from blog_core.testing.builders import StoppedClock

pytestmark = pytest.mark.anyio

KNOWN, UNKNOWN = "corey@example.com", "nobody@example.com"


@pytest.fixture
def clock(container: Container) -> StoppedClock:
    clock = StoppedClock()
    container.clock.override(providers.Object(clock))
    return clock


async def log_in(client: AsyncClient, email: str, password: str = "wrong password") -> Response:
    return await client.post("/api/users/token", data={"username": email, "password": password})


async def ask_for_reset(client: AsyncClient, email: str) -> Response:
    return await client.post("/api/users/forgot-password", json={"email": email})


def without_id(response: Response) -> dict[str, Any]:
    answer: dict[str, Any] = response.json()
    return answer | {"instance": ""}


@pytest.mark.usefixtures("clock", "corey")
@pytest.mark.parametrize("email", [KNOWN, UNKNOWN, "corey", "no address\x00"])
async def test_the_eleventh_login_is_429(client: Member, email: str) -> None:
    answers = [(await log_in(client, email)).status_code for _ in range(11)]

    assert answers == [401] * 10 + [429]


@pytest.mark.usefixtures("clock", "corey")
async def test_a_known_and_an_unknown_account_hear_the_same(blog_over_http: Blog) -> None:
    answers = []
    for email in (KNOWN, UNKNOWN):
        visitor = await blog_over_http.visitor()
        answers.append([await log_in(visitor, email) for _ in range(11)][-1])

    known, unknown = answers
    assert without_id(known) == without_id(unknown)
    assert {**known.headers, "x-request-id": ""} == {**unknown.headers, "x-request-id": ""}
    assert known.headers["Retry-After"] == "300"


@pytest.mark.usefixtures("clock", "corey")
async def test_the_right_password_from_another_address_is_let_in(
    client: Member, blog_over_http: Blog
) -> None:
    for _ in range(11):
        await log_in(client, KNOWN)

    elsewhere = await blog_over_http.visitor()

    assert (await log_in(elsewhere, KNOWN, PASSWORD)).status_code == 200


@pytest.mark.usefixtures("clock", "corey")
async def test_the_right_password_from_the_same_address_is_not(client: Member) -> None:
    for _ in range(10):
        await log_in(client, KNOWN)

    assert (await log_in(client, KNOWN, PASSWORD)).status_code == 429


@pytest.mark.usefixtures("clock", "corey")
async def test_later_it_may_be_tried_again(client: Member, clock: StoppedClock) -> None:
    for _ in range(10):
        await log_in(client, KNOWN)

    clock.now += timedelta(minutes=5)

    assert (await log_in(client, KNOWN, PASSWORD)).status_code == 200


@pytest.mark.usefixtures("clock")
async def test_a_form_that_is_refused_costs_nothing(client: Member) -> None:
    for _ in range(20):
        await client.post("/api/users/token", data={"username": KNOWN})

    assert (await log_in(client, KNOWN)).status_code == 401


@pytest.mark.usefixtures("clock", "corey")
@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
async def test_the_sixth_reset_mail_for_an_address_is_429(blog_over_http: Blog, email: str) -> None:
    answers = [
        await ask_for_reset(await blog_over_http.visitor(), spelled)
        for spelled in (email, email.upper()) * 3
    ]

    assert [answer.status_code for answer in answers] == [202] * 5 + [429]


async def test_writes_are_counted_by_account(
    corey: Member, ada: Member, container: Container, clock: StoppedClock
) -> None:
    limits = RateLimits(writes=Limit("writes", 2, timedelta(minutes=1)))
    container.limits.override(providers.Object(limits))
    container.write_limiter.override(providers.Object(MemoryRateLimiter(clock)))

    article = {"title": "x", "content": "x"}
    answers = [await ada.post("/api/posts", json=article) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[-1].headers["RateLimit-Policy"] == '"writes";q=2;w=60'
    assert (await corey.post("/api/posts", json=article)).status_code == 201
    assert await ada.status() == 200


# Who is calling


async def eleven_logins(app: FastAPI, peer: str, *forwarded: str) -> list[int]:
    """Log in eleven times, with these headers in turn."""
    answers = []
    transport = ASGITransport(app, client=(peer, 50_000))
    async with AsyncClient(transport=transport, base_url="http://blog.test") as client:
        for number in range(11):
            client.headers["X-Forwarded-For"] = forwarded[number % len(forwarded)]
            answers.append((await log_in(client, KNOWN)).status_code)
    return answers


ROTATING = [f"192.0.2.{number}" for number in range(11)]


async def test_from_a_stranger_another_name_each_time_does_not_help(blog_over_http: Blog) -> None:
    answers = await eleven_logins(blog_over_http.app, "198.51.100.7", *ROTATING)

    assert answers == [401] * 10 + [429]


async def test_each_client_of_a_proxy_is_counted_by_itself(blog_over_http: Blog) -> None:
    answers = await eleven_logins(blog_over_http.app, "127.0.0.1", *ROTATING)

    assert answers == [401] * 11


@pytest.mark.parametrize("chain", ["{}, 198.51.100.7", "{},198.51.100.7, 127.0.0.1", "{}, [, ::1"])
async def test_what_a_client_adds_on_the_left_does_not_help(
    blog_over_http: Blog, chain: str
) -> None:
    forwarded = [chain.format(address) for address in ROTATING]

    answers = await eleven_logins(blog_over_http.app, "127.0.0.1", *forwarded)

    assert answers == [401] * 10 + [429]


@pytest.mark.parametrize(("peer", "scheme"), [("127.0.0.1", "https"), ("198.51.100.7", "http")])
async def test_a_listed_proxy_says_whether_it_was_https(
    blog_over_http: Blog, peer: str, scheme: str
) -> None:
    transport = ASGITransport(blog_over_http.app, client=(peer, 50_000))
    headers = {"X-Forwarded-Proto": "https"}

    async with AsyncClient(transport=transport, base_url="http://blog.test") as client:
        answer = await client.get("/api/posts/", headers=headers)

    assert answer.headers["Location"] == f"{scheme}://blog.test/api/posts"


async def test_who_calls_from_nowhere_is_counted_by_account(blog_over_http: Blog) -> None:
    async def from_nowhere(scope: Scope, receive: Receive, send: Send) -> None:
        await blog_over_http.app({**scope, "client": None}, receive, send)

    transport = ASGITransport(from_nowhere)
    async with AsyncClient(transport=transport, base_url="http://blog.test") as client:
        answers = [(await log_in(client, KNOWN)).status_code for _ in range(301)]

    assert answers == [401] * 300 + [429]
