"""What the blog refuses, route by route, and what it looks at first."""

from collections.abc import Mapping
from typing import Any

import pytest

from blog_api.testing.people import PASSWORD, Member

pytestmark = pytest.mark.anyio

Arguments = Mapping[str, Any]

BAD_PICTURE = "Invalid image file. Please upload a valid image (JPEG, PNG, GIF, WebP)."
NOT_JSON: Arguments = {"content": b"{", "headers": {"Content-Type": "application/json"}}
PICTURE: Arguments = {"files": {"file": b"no picture"}}
TOO_LARGE: Arguments = {"files": {"file": b"x" * (5 * 1024 * 1024 + 1)}}
POST: Arguments = {"json": {"title": "A title", "content": "Some words."}}
NO_CONTENT: Arguments = {"json": {"title": "A title"}}


def account(username: str, email: str) -> Arguments:
    return {"json": {"username": username, "email": email, "password": PASSWORD}}


def login(email: str, password: str = PASSWORD) -> Arguments:
    return {"data": {"username": email, "password": password}}


def passwords(current: str, new: str = PASSWORD) -> Arguments:
    return {"json": {"current_password": current, "new_password": new}}


def redeemed(token: str, new: str = PASSWORD) -> Arguments:
    return {"json": {"token": token, "new_password": new}}


def refusal(
    who: str, request: str, status: int, detail: str, *, case: str = "", **arguments: object
) -> Any:  # noqa: ANN401 - pytest's class for it is private
    name = f"{who} {request} {case or status}"
    return pytest.param(who, request, arguments, status, detail, id=name)


@pytest.fixture
def everybody(visitor: Member, corey: Member, ada: Member) -> dict[str, Member]:
    return {"visitor": visitor, "corey": corey, "ada": ada}


async def answered(
    everybody: Mapping[str, Member],
    post: Mapping[str, Any],
    who: str,
    request: str,
    arguments: Arguments,
) -> tuple[int, str]:
    method, template = request.split()
    path = template.format(
        corey=everybody["corey"].id, ada=everybody["ada"].id, post=post["id"], nothing=2**62
    )
    response = await everybody[who].request(method, path, **arguments)
    return response.status_code, response.json()["detail"]


@pytest.mark.parametrize(
    ("who", "request_line", "arguments", "status", "detail"),
    [
        refusal(
            "visitor", "POST /api/users", 400, "Username already exists",
            case="taken name", **account("Corey", "new@example.com"),
        ),
        refusal(
            "visitor", "POST /api/users", 400, "Email already registered",
            case="taken address", **account("new", "Corey@Example.com"),
        ),
        refusal(
            "visitor", "POST /api/users", 400, "Username already exists",
            case="taken both", **account("corey", "corey@example.com"),
        ),
        refusal(
            "visitor", "POST /api/users/token", 401, "Incorrect email or password",
            case="wrong password", **login("corey@example.com", "wrong password"),
        ),
        refusal(
            "visitor", "POST /api/users/token", 401, "Incorrect email or password",
            case="unknown address", **login("nobody@example.com"),
        ),
        refusal(
            "visitor", "POST /api/users/token", 401, "Incorrect email or password",
            case="username", **login("corey"),
        ),
        refusal("visitor", "GET /api/users/me", 401, "Not authenticated"),
        refusal("visitor", "POST /api/users/logout", 401, "Not authenticated"),
        refusal("visitor", "GET /api/users/me/sessions", 401, "Not authenticated"),
        refusal("visitor", "DELETE /api/users/me/sessions/x", 401, "Not authenticated"),
        refusal("corey", "DELETE /api/users/me/sessions/x", 404, "Session not found"),
        refusal(
            "visitor", "PATCH /api/users/me/password", 401, "Not authenticated",
            **passwords(PASSWORD),
        ),
        refusal(
            "corey", "PATCH /api/users/me/password", 400, "Current password is incorrect",
            **passwords("wrong password"),
        ),
        refusal(
            "visitor", "POST /api/users/reset-password", 400, "Invalid or expired reset token",
            **redeemed("x" * 43),
        ),
        refusal("visitor", "GET /api/users/{nothing}", 404, "User not found"),
        refusal("visitor", "GET /api/users/{nothing}/posts", 404, "User not found"),
        refusal("visitor", "PATCH /api/users/{corey}", 401, "Not authenticated", json={}),
        refusal(
            "ada", "PATCH /api/users/{corey}", 403, "Not authorized to update this user", json={}
        ),
        refusal(
            "ada", "PATCH /api/users/{nothing}", 403, "Not authorized to update this user", json={}
        ),
        refusal(
            "corey", "PATCH /api/users/{corey}", 400, "Username already exists",
            case="taken name", json={"username": "ADA"},
        ),
        refusal(
            "corey", "PATCH /api/users/{corey}", 400, "Email already registered",
            case="taken address", json={"email": "Ada@Example.com"},
        ),
        refusal(
            "corey", "PATCH /api/users/{corey}", 400, "Username already exists",
            case="taken both", json={"username": "ada", "email": "ada@example.com"},
        ),
        refusal("visitor", "DELETE /api/users/{corey}", 401, "Not authenticated"),
        refusal("ada", "DELETE /api/users/{corey}", 403, "Not authorized to delete this user"),
        refusal("ada", "DELETE /api/users/{nothing}", 403, "Not authorized to delete this user"),
        refusal(
            "visitor", "PATCH /api/users/{corey}/picture", 401, "Not authenticated", **PICTURE
        ),
        refusal(
            "ada", "PATCH /api/users/{corey}/picture", 403,
            "Not authorized to update this user's picture", **PICTURE,
        ),
        refusal(
            "corey", "PATCH /api/users/{corey}/picture", 400,
            "File too large. Maximum size is 5MB", case="too large", **TOO_LARGE,
        ),
        refusal("corey", "PATCH /api/users/{corey}/picture", 400, BAD_PICTURE, **PICTURE),
        refusal("visitor", "DELETE /api/users/{corey}/picture", 401, "Not authenticated"),
        refusal(
            "ada", "DELETE /api/users/{corey}/picture", 403,
            "Not authorized to delete this user's picture",
        ),
        refusal(
            "corey", "DELETE /api/users/{corey}/picture", 400, "No profile picture to delete"
        ),
        refusal("visitor", "POST /api/posts", 401, "Not authenticated", **POST),
        refusal("visitor", "GET /api/posts/{nothing}", 404, "Post not found"),
        refusal("visitor", "PUT /api/posts/{post}", 401, "Not authenticated", **POST),
        refusal("corey", "PUT /api/posts/{nothing}", 404, "Post not found", **POST),
        refusal(
            "ada", "PUT /api/posts/{post}", 403, "Not authorized to update this post", **POST
        ),
        refusal("visitor", "PATCH /api/posts/{post}", 401, "Not authenticated", json={}),
        refusal("corey", "PATCH /api/posts/{nothing}", 404, "Post not found", json={}),
        refusal(
            "ada", "PATCH /api/posts/{post}", 403, "Not authorized to update this post", json={}
        ),
        refusal("visitor", "DELETE /api/posts/{post}", 401, "Not authenticated"),
        refusal("corey", "DELETE /api/posts/{nothing}", 404, "Post not found"),
        refusal("ada", "DELETE /api/posts/{post}", 403, "Not authorized to delete this post"),
        refusal("visitor", "GET /api/nothing", 404, "Not Found"),
        refusal("visitor", "GET /api/users", 405, "Method Not Allowed"),
        refusal("visitor", "OPTIONS /api/posts", 405, "Method Not Allowed"),
    ],
)  # fmt: skip
async def test_a_refusal_says_why(
    everybody: dict[str, Member],
    post: dict[str, Any],
    who: str,
    request_line: str,
    arguments: Arguments,
    status: int,
    detail: str,
) -> None:
    assert await answered(everybody, post, who, request_line, arguments) == (status, detail)


@pytest.mark.parametrize(
    ("who", "request_line", "arguments", "status"),
    [
        ("visitor", "POST /api/posts", NOT_JSON, 422),
        ("visitor", "PATCH /api/users/{corey}", NOT_JSON, 422),
        ("visitor", "POST /api/posts", NO_CONTENT, 401),
        ("visitor", "PUT /api/posts/{nothing}", POST, 401),
        ("ada", "PUT /api/posts/{post}", NO_CONTENT, 422),
        ("ada", "PUT /api/posts/x", POST, 422),
        ("ada", "PUT /api/posts/{nothing}", POST, 404),
        ("ada", "PATCH /api/users/{corey}", {"json": {"email": "no address"}}, 422),
        ("ada", "PATCH /api/users/{corey}", {"json": {"username": "ada"}}, 403),
        ("visitor", "PATCH /api/users/{corey}/picture", {}, 401),
        ("ada", "PATCH /api/users/{corey}/picture", {}, 422),
        ("ada", "PATCH /api/users/{corey}/picture", TOO_LARGE, 403),
        ("ada", "PATCH /api/posts/{post}", {"json": {}, "headers": {"If-Match": '"9"'}}, 403),
    ],
    ids=[
        "no JSON comes before no token",
        "and before a stranger's account",
        "no token comes before a missing field",
        "no token comes before a missing post",
        "a missing field comes before a stranger's post",
        "a malformed id comes before a missing post",
        "a missing post comes before a stranger's",
        "a malformed address comes before a stranger's account",
        "a stranger's account comes before a taken name",
        "no token comes before a missing file",
        "a missing file comes before a stranger's account",
        "a stranger's account comes before a large file",
        "a stranger's post comes before a stale version",
    ],
)
async def test_what_is_looked_at_first(
    everybody: dict[str, Member],
    post: dict[str, Any],
    who: str,
    request_line: str,
    arguments: Arguments,
    status: int,
) -> None:
    assert (await answered(everybody, post, who, request_line, arguments))[0] == status


@pytest.mark.parametrize("path", ["/api/users/me", "/api/users/me/sessions"])
@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
async def test_every_401_says_how_to_authenticate(visitor: Member, path: str, token: str) -> None:
    response = await visitor.get(path, headers={"Authorization": f"Bearer {token}"})

    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_a_slash_too_many_is_sent_to_the_path_without_it(visitor: Member) -> None:
    response = await visitor.get("/api/posts/")

    assert (response.status_code, response.headers["Location"]) == (
        307,
        "http://blog.test/api/posts",
    )


async def test_a_blog_that_rolls_back_is_ready_too(visitor: Member) -> None:
    assert (await visitor.get("/readyz")).json()["checks"] == {"database": "ok"}
