"""What happens when many ask the same at once, from the request to the row."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest
from httpx import Response

from blog_api.testing.people import PASSWORD, Blog, Member
from journeys import reset_token_in
from servers import MailServer

pytestmark = pytest.mark.anyio

EMAIL = "corey@example.com"
NEW_PASSWORD = "another password"


@pytest.fixture
def blog(crowded_blog: Blog) -> Blog:
    return crowded_blog


@pytest.fixture
async def reset_token(
    blog: Blog,
    visitor: Member,
    corey: Member,  # noqa: ARG001 - whose it is
    mail_server: MailServer,
) -> str:
    """A reset token of corey's."""
    await visitor.post("/api/users/forgot-password", json={"email": EMAIL})
    await blog.deliver()
    return reset_token_in(mail_server.messages[-1])


async def at_once(*requests: Awaitable[Response]) -> list[Response]:
    return list(await asyncio.gather(*requests))


def outcomes(responses: list[Response]) -> Counter[tuple[int, str]]:
    """Count the answers, by status and, of those that failed, detail."""
    return Counter(
        (response.status_code, "" if response.is_success else response.json()["detail"])
        for response in responses
    )


async def register(blog: Blog, username: str, email: str) -> Response:
    body = {"username": username, "email": email, "password": PASSWORD}
    return await (await blog.visitor()).post("/api/users", json=body)


async def reset_password(blog: Blog, token: str, new_password: str) -> Response:
    body = {"token": token, "new_password": new_password}
    return await (await blog.visitor()).post("/api/users/reset-password", json=body)


@pytest.mark.parametrize("attempt", range(3))
async def test_of_many_who_register_one_name_one_gets_it(blog: Blog, attempt: int) -> None:
    names = ["straße", "STRASSE", "Straße", "strasse", "\uff53trasse"] * 10

    responses = await at_once(
        *(register(blog, name, f"{attempt}.{i}@example.com") for i, name in enumerate(names))
    )

    assert outcomes(responses) == {(201, ""): 1, (400, "Username already exists"): 49}


@pytest.mark.parametrize("attempt", range(3))
async def test_of_many_who_register_one_address_one_gets_it(blog: Blog, attempt: int) -> None:
    emails = ["corey@example.com", "Corey@Example.com", "COREY@EXAMPLE.COM"] * 17

    responses = await at_once(
        *(register(blog, f"{attempt} {i}", email) for i, email in enumerate(emails[:50]))
    )

    assert outcomes(responses) == {(201, ""): 1, (400, "Email already registered"): 49}


async def test_of_many_who_register_the_same_all_hear_of_the_name(blog: Blog) -> None:
    names = ["corey", "Corey"] * 25

    responses = await at_once(*(register(blog, name, f"{name}@example.com") for name in names))

    assert outcomes(responses) == {(201, ""): 1, (400, "Username already exists"): 49}


async def test_of_many_who_take_one_name_one_gets_it(blog: Blog) -> None:
    members = [await blog.sign_up(f"member{i}") for i in range(10)]

    responses = await at_once(
        *(member.patch(member.path, json={"username": "corey"}) for member in members)
    )

    assert outcomes(responses) == {(200, ""): 1, (400, "Username already exists"): 9}


async def test_of_many_who_redeem_one_reset_token_one_does(blog: Blog, reset_token: str) -> None:
    new_passwords = [f"{NEW_PASSWORD} {i}" for i in range(50)]

    responses = await at_once(*(reset_password(blog, reset_token, new) for new in new_passwords))

    assert outcomes(responses) == {(200, ""): 1, (400, "Invalid or expired reset token"): 49}
    winner = [response.status_code for response in responses].index(200)
    assert await (await blog.log_in(EMAIL, new_passwords[winner])).status() == 200


async def test_of_many_who_change_what_they_have_seen_one_does(
    corey: Member, post: dict[str, Any]
) -> None:
    path = f"/api/posts/{post['id']}"
    seen = {"If-Match": (await corey.get(path)).headers["ETag"]}

    responses = await at_once(
        *(corey.patch(path, json={"title": f"Title {i}"}, headers=seen) for i in range(20))
    )

    assert Counter(response.status_code for response in responses) == {200: 1, 412: 19}
    (winner,) = (response for response in responses if response.is_success)
    assert (await corey.get(path)).json() == winner.json()


async def test_of_many_who_just_change_it_nobodys_change_is_lost(
    corey: Member, post: dict[str, Any]
) -> None:
    path = f"/api/posts/{post['id']}"
    bodies = [{"title": f"Title {i}"} for i in range(10)]
    bodies += [{"content": f"Content {i}"} for i in range(10)]

    responses = await at_once(*(corey.patch(path, json=body) for body in bodies))

    versions = [int(response.headers["ETag"].strip('"').split("-")[0]) for response in responses]
    in_order = [body for _, body in sorted(zip(versions, bodies, strict=True), key=lambda v: v[0])]
    last_of_each = {name: text for body in in_order for name, text in body.items()}
    assert {response.status_code for response in responses} == {200}
    assert sorted(versions) == list(range(2, 22))
    html = {"content_html": f"<p>{last_of_each['content']}</p>\n"}
    assert (await corey.get(path)).json() == post | last_of_each | html


async def test_of_many_who_delete_a_post_one_does(corey: Member, post: dict[str, Any]) -> None:
    path = f"/api/posts/{post['id']}"

    responses = await at_once(*(corey.delete(path) for _ in range(10)))

    assert outcomes(responses) == {(204, ""): 1, (404, "Post not found"): 9}


@pytest.mark.parametrize("attempt", range(3))
async def test_a_login_that_races_a_reset_leaves_no_session(
    blog: Blog,
    visitor: Member,
    reset_token: str,
    attempt: int,  # noqa: ARG001 - the race is run more than once
) -> None:
    form = {"username": EMAIL, "password": PASSWORD}
    body = {"token": reset_token, "new_password": NEW_PASSWORD}
    requests = [visitor.post("/api/users/token", data=form) for _ in range(20)]
    requests.insert(5, visitor.post("/api/users/reset-password", json=body))

    responses = await at_once(*requests)

    assert responses[5].status_code == 200
    corey = await blog.log_in(EMAIL, NEW_PASSWORD)
    (session,) = (await corey.get("/api/users/me/sessions")).json()["sessions"]
    assert session["current"]


async def test_while_an_account_is_deleted_nothing_of_it_is_left_behind(
    visitor: Member, corey: Member
) -> None:
    body = {"title": "A title", "content": "Some words."}
    publish = [corey.post("/api/posts", json=body) for _ in range(10)]

    responses = await at_once(*publish[:5], corey.delete(corey.path), *publish[5:])

    assert {response.status_code for response in responses} <= {201, 204, 401}
    assert (await visitor.get("/api/posts")).json()["total"] == 0
