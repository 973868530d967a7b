"""Idempotency keys over HTTP: the header, and what is answered to whom asks again."""

from typing import Any

import pytest
from httpx import AsyncClient

from blog_api.testing.people import PASSWORD, Member

pytestmark = pytest.mark.anyio

ARTICLE = {"title": "A title", "content": "Some words."}
GRACE = {"username": "grace", "email": "grace@example.com", "password": PASSWORD}
KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


def answered(response: Any) -> tuple[int, str]:  # noqa: ANN401 - httpx's, or the fuzzer's
    return response.status_code, response.json()["code"]


async def test_a_post_that_is_sent_again_is_answered_as_before(corey: AsyncClient) -> None:
    first = await corey.post("/api/posts", json=ARTICLE, headers=KEY)

    second = await corey.post("/api/posts", json=ARTICLE, headers=KEY)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["ETag"] == first.headers["ETag"]
    assert (await corey.get("/api/posts")).json()["total"] == 1


async def test_an_account_that_is_sent_again_is_answered_as_before(client: AsyncClient) -> None:
    first = await client.post("/api/users", json=GRACE, headers=KEY)

    second = await client.post("/api/users", json=GRACE, headers=KEY)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["ETag"] == first.headers["ETag"]


async def test_members_of_the_body_that_are_not_known_do_not_matter(corey: AsyncClient) -> None:
    first = await corey.post("/api/posts", json=ARTICLE, headers=KEY)

    second = await corey.post("/api/posts", json=ARTICLE | {"likes": 7}, headers=KEY)

    assert second.content == first.content


async def test_another_post_under_the_key_is_422(corey: AsyncClient) -> None:
    await corey.post("/api/posts", json=ARTICLE, headers=KEY)

    response = await corey.post("/api/posts", json=ARTICLE | {"title": "x"}, headers=KEY)

    assert answered(response) == (422, "idempotency_key_reused")
    assert response.json()["errors"] == [
        {
            "pointer": "/header/Idempotency-Key",
            "code": "idempotency_key_reused",
            "detail": "This idempotency key was used for another request",
        }
    ]


async def test_another_account_under_the_key_is_422(client: AsyncClient) -> None:
    await client.post("/api/users", json=GRACE, headers=KEY)

    response = await client.post("/api/users", json=GRACE | {"username": "x"}, headers=KEY)

    assert answered(response) == (422, "idempotency_key_reused")


async def test_a_post_that_was_deleted_since_is_404(corey: AsyncClient) -> None:
    post = (await corey.post("/api/posts", json=ARTICLE, headers=KEY)).json()
    await corey.delete(f"/api/posts/{post['id']}")

    response = await corey.post("/api/posts", json=ARTICLE, headers=KEY)

    assert answered(response) == (404, "post_not_found")


async def test_an_account_that_was_deleted_since_is_404(client: AsyncClient, corey: Member) -> None:
    body = GRACE | {"username": "hopper"}
    user = (await client.post("/api/users", json=body, headers=KEY)).json()
    form = {"username": GRACE["email"], "password": PASSWORD}
    token = (await client.post("/api/users/token", data=form)).json()["access_token"]
    corey.headers["Authorization"] = f"Bearer {token}"
    await corey.delete(f"/api/users/{user['id']}")

    response = await client.post("/api/users", json=body, headers=KEY)

    assert answered(response) == (404, "user_not_found")


@pytest.mark.parametrize("path", ["/api/posts", "/api/users"])
@pytest.mark.parametrize("key", [b"", b"k" * 256, b"a canary", b"canary\xe9"])
async def test_what_is_no_key_is_422_and_names_the_header(
    corey: AsyncClient, path: str, key: bytes
) -> None:
    response = await corey.post(
        path, json=ARTICLE if path == "/api/posts" else GRACE, headers={b"Idempotency-Key": key}
    )

    (error,) = response.json()["errors"]
    assert answered(response) == (422, "validation_error")
    assert error["pointer"] == "/header/Idempotency-Key"
    assert "canary" not in response.text


async def test_a_key_of_255_characters_is_taken(corey: AsyncClient) -> None:
    response = await corey.post("/api/posts", json=ARTICLE, headers={"Idempotency-Key": "k" * 255})

    assert response.status_code == 201


async def test_who_has_no_token_is_told_so_whatever_the_key(client: AsyncClient) -> None:
    response = await client.post("/api/posts", json=ARTICLE, headers={"Idempotency-Key": ""})

    assert answered(response) == (401, "not_authenticated")
