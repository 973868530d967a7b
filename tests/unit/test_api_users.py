"""Accounts over HTTP, without their pictures: what each route answers, and in which order."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

pytestmark = pytest.mark.anyio

GRACE = {"username": "grace", "email": "grace@example.com", "password": "testpassword123"}


async def test_registration_answers_the_account_and_no_password(client: AsyncClient) -> None:
    response = await client.post("/api/users", json=GRACE)

    assert (response.status_code, response.json()) == (
        201,
        {
            "id": 1,
            "username": "grace",
            "email": "grace@example.com",
            "image_file": None,
            "image_path": "/static/profile_pics/default.jpg",
        },
    )


async def test_an_address_is_kept_in_lower_case(client: AsyncClient) -> None:
    response = await client.post("/api/users", json=GRACE | {"email": "Grace@Example.COM"})

    assert response.json()["email"] == "grace@example.com"


async def test_a_username_is_kept_as_typed(client: AsyncClient) -> None:
    response = await client.post("/api/users", json=GRACE | {"username": "GrAcE \N{SNOWMAN}"})

    assert response.json()["username"] == "GrAcE \N{SNOWMAN}"


async def test_a_422_names_every_missing_field(client: AsyncClient) -> None:
    response = await client.post("/api/users", json={"username": "grace"})

    assert response.status_code == 422
    assert response.json()["detail"] == "body.email: Field required; body.password: Field required"


@pytest.mark.parametrize(
    "username", ["corey", "Corey", "COREY", "\N{FULLWIDTH LATIN SMALL LETTER C}orey"]
)
@pytest.mark.usefixtures("corey")
async def test_a_username_that_is_taken_but_for_its_case_is_400(
    client: AsyncClient, username: str
) -> None:
    response = await client.post("/api/users", json=GRACE | {"username": username})

    assert (response.status_code, response.json()["detail"]) == (400, "Username already exists")


@pytest.mark.parametrize("email", ["corey@example.com", "COREY@Example.com"])
@pytest.mark.usefixtures("corey")
async def test_an_address_that_is_taken_but_for_its_case_is_400(
    client: AsyncClient, email: str
) -> None:
    response = await client.post("/api/users", json=GRACE | {"email": email})

    assert (response.status_code, response.json()["detail"]) == (400, "Email already registered")


@pytest.mark.usefixtures("corey")
async def test_when_both_are_taken_the_username_is_named(client: AsyncClient) -> None:
    body = GRACE | {"username": "corey", "email": "corey@example.com"}

    response = await client.post("/api/users", json=body)

    assert response.json()["code"] == "username_taken"


async def test_of_many_registrations_at_once_one_wins(client: AsyncClient) -> None:
    responses = await asyncio.gather(*(client.post("/api/users", json=GRACE) for _ in range(20)))

    assert sorted(response.status_code for response in responses) == [201] + [400] * 19


@pytest.mark.parametrize(
    "email",
    [
        "grace@example.com",
        "grace@example.test",
        "grace@mail.example",
        "grace@localhost",
        "grace@host.invalid",
        "gr.ace+blog@sub.example.org",
        "grâce@exämple.com",
        "a@" + "b" * 58 + "." + "c" * 54 + ".com",
    ],
)
async def test_a_plain_address_is_accepted(client: AsyncClient, email: str) -> None:
    response = await client.post("/api/users", json=GRACE | {"email": email})

    assert (response.status_code, response.json()["email"]) == (201, email)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "grace",
        "grace@",
        "@example.com",
        "grace@com",
        "Grace <grace@example.com>",
        "grace@example.com, eve@example.com",
        " grace@example.com",
        "grace@example.com\n",
        "grace@exa mple.com",
        "grace@@example.com",
        "grace@example..com",
        "grace@-example.com",
        "grace@[127.0.0.1]",
        '"grace"@example.com',
        "grace@example.com\r\nBcc: eve@example.com",
        "grace@exam\x00ple.com",
        "a@" + "b" * 59 + "." + "c" * 55 + ".com",
        "a@" + "b" * 64 + ".com",
        ["grace@example.com"],
        42,
        None,
    ],
)
async def test_anything_but_a_plain_address_is_422(client: AsyncClient, email: object) -> None:
    response = await client.post("/api/users", json=GRACE | {"email": email})

    assert response.status_code == 422


@pytest.mark.parametrize("username", ["g", "g" * 50, "two words", "\N{PILE OF POO}" * 50])
async def test_a_username_may_have_1_to_50_visible_characters(
    client: AsyncClient, username: str
) -> None:
    response = await client.post("/api/users", json=GRACE | {"username": username})

    assert response.status_code == 201


@pytest.mark.parametrize(
    "username",
    [
        "",
        "g" * 51,
        " ",
        " grace",
        "grace ",
        "gra\nce",
        "gra\x00ce",
        "gra\u200bce",
        "\u202egrace",
        7,
    ],
)
async def test_a_username_that_hides_something_is_422(
    client: AsyncClient, username: object
) -> None:
    response = await client.post("/api/users", json=GRACE | {"username": username})

    assert response.status_code == 422


@pytest.mark.parametrize("length", [8, 128])
async def test_a_password_may_have_8_to_128_characters(client: AsyncClient, length: int) -> None:
    response = await client.post("/api/users", json=GRACE | {"password": "\N{SNOWMAN}" * length})

    assert response.status_code == 201


@pytest.mark.parametrize("length", [7, 129])
async def test_a_password_of_another_length_is_422(client: AsyncClient, length: int) -> None:
    response = await client.post("/api/users", json=GRACE | {"password": "x" * length})

    assert response.status_code == 422


async def test_there_is_no_list_of_users(client: AsyncClient) -> None:
    assert (await client.get("/api/users")).status_code == 405


async def test_me_is_the_caller_with_an_address(corey: AsyncClient) -> None:
    response = await corey.get("/api/users/me")

    assert response.status_code == 200
    assert (response.json()["id"], response.json()["email"]) == (1, "corey@example.com")


async def test_me_needs_a_token(client: AsyncClient) -> None:
    assert (await client.get("/api/users/me")).status_code == 401


@pytest.mark.usefixtures("corey")
async def test_anybody_sees_an_account_without_its_address(client: AsyncClient) -> None:
    response = await client.get("/api/users/1")

    assert (response.status_code, response.json()) == (
        200,
        {
            "id": 1,
            "username": "corey",
            "image_file": None,
            "image_path": "/static/profile_pics/default.jpg",
        },
    )


@pytest.mark.parametrize("path", ["/api/users/999", "/api/users/999/posts"])
async def test_an_account_that_is_not_there_is_404(client: AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert (response.status_code, response.json()["detail"]) == (404, "User not found")


@pytest.mark.parametrize("user_id", ["0", "-7", str(2**31), str(2**63), "9" * 5000])
async def test_an_id_that_no_user_has_is_404(client: AsyncClient, user_id: str) -> None:
    assert (await client.get(f"/api/users/{user_id}")).status_code == 404


async def test_an_id_that_is_no_whole_number_is_422(client: AsyncClient) -> None:
    assert (await client.get("/api/users/corey")).status_code == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "corey2"},
        {"email": "new@example.com"},
        {"username": "COREY"},
        {"username": "corey2", "email": "new@example.com"},
    ],
)
async def test_an_account_takes_the_changes_that_are_sent(
    corey: AsyncClient, changes: dict[str, str]
) -> None:
    before = (await corey.get("/api/users/me")).json()

    response = await corey.patch("/api/users/1", json=changes)

    assert (response.status_code, response.json()) == (200, before | changes)


@pytest.mark.parametrize(
    "changes", [{}, {"username": None, "email": None}, {"username": "corey"}, {"image_file": "x"}]
)
async def test_a_patch_that_says_nothing_changes_nothing(
    corey: AsyncClient, changes: dict[str, str | None]
) -> None:
    before = (await corey.get("/api/users/me")).json()

    response = await corey.patch("/api/users/1", json=changes)

    assert (response.status_code, response.json()) == (200, before)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"username": "ADA"}, "Username already exists"),
        ({"email": "Ada@example.com"}, "Email already registered"),
        ({"username": "ada", "email": "ada@example.com"}, "Username already exists"),
    ],
)
@pytest.mark.usefixtures("ada")
async def test_what_another_account_has_is_400(
    corey: AsyncClient, changes: dict[str, str], detail: str
) -> None:
    response = await corey.patch("/api/users/1", json=changes)

    assert (response.status_code, response.json()["detail"]) == (400, detail)


@pytest.mark.parametrize(
    "changes", [{"username": ""}, {"username": "x" * 51}, {"email": "x"}, {"email": ""}]
)
async def test_a_bad_change_is_422(corey: AsyncClient, changes: dict[str, str]) -> None:
    assert (await corey.patch("/api/users/1", json=changes)).status_code == 422


async def test_deleting_ones_account_is_204(corey: AsyncClient) -> None:
    response = await corey.delete("/api/users/1")

    assert (response.status_code, response.content) == (204, b"")


async def test_a_deleted_account_is_gone_with_its_posts(
    corey: AsyncClient, client: AsyncClient, post: dict[str, Any]
) -> None:
    await corey.delete("/api/users/1")

    assert (await client.get("/api/users/1")).status_code == 404
    assert (await client.get(f"/api/posts/{post['id']}")).status_code == 404


async def test_the_token_of_a_deleted_account_is_401(corey: AsyncClient) -> None:
    await corey.delete("/api/users/1")

    response = await corey.get("/api/users/me")

    assert (response.status_code, response.json()["detail"]) == (401, "Invalid or expired token")


NOT_ONES_OWN = [
    ("PATCH", "/api/users/{}", "update this user"),
    ("DELETE", "/api/users/{}", "delete this user"),
    ("PATCH", "/api/users/{}/picture", "update this user's picture"),
    ("DELETE", "/api/users/{}/picture", "delete this user's picture"),
]


@pytest.mark.parametrize(("method", "path", "action"), NOT_ONES_OWN)
@pytest.mark.parametrize("user_id", ["1", "999", "0", str(2**63), "9" * 5000])
async def test_another_users_id_is_403_whether_or_not_it_exists(
    ada: AsyncClient, method: str, path: str, action: str, user_id: str
) -> None:
    form: dict[str, Any] = {"files": {"file": b"x"}} if "picture" in path else {"json": {}}

    response = await ada.request(method, path.format(user_id), **form)

    detail = f"Not authorized to {action}"
    assert (response.status_code, response.json()["detail"]) == (403, detail)


@pytest.mark.parametrize(("method", "path", "action"), NOT_ONES_OWN)
async def test_a_bad_id_is_422_before_it_is_403(
    corey: AsyncClient,
    method: str,
    path: str,
    action: str,  # noqa: ARG001 - one table for both
) -> None:
    form: dict[str, Any] = {"files": {"file": b"x"}} if "picture" in path else {"json": {}}

    assert (await corey.request(method, path.format("me2"), **form)).status_code == 422


@pytest.mark.parametrize("body", [{"email": "x"}, {"username": " "}, {"username": "\u200b"}])
async def test_a_bad_body_is_422_even_for_another_users_id(
    ada: AsyncClient, body: dict[str, str]
) -> None:
    assert (await ada.patch("/api/users/1", json=body)).status_code == 422


async def test_every_bad_field_is_named_at_once(client: AsyncClient) -> None:
    body = {"username": " ", "email": "x", "password": "\0" * 8}

    errors = (await client.post("/api/users", json=body)).json()["errors"]

    assert [error["pointer"] for error in errors] == [
        "/body/username",
        "/body/email",
        "/body/password",
    ]
