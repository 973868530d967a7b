"""Who may do what: every route, asked by nobody, by a stranger and by the owner."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient

from blog_core.testing import builders

pytestmark = pytest.mark.anyio

ARTICLE = {"json": {"title": "x", "content": "x"}}
UPLOAD: dict[str, Any] = {"files": {"file": builders.png()}}
GRACE = {"username": "grace", "email": "grace@example.com", "password": "testpassword123"}
NEW_PASSWORD = {"current_password": "testpassword123", "new_password": "another password"}

MATRIX: dict[str, tuple[int, int, int, dict[str, Any]]] = {
    # operation: statuses for nobody, a stranger and the owner; what is sent
    "posts_list": (200, 200, 200, {}),
    "posts_create": (401, 201, 201, ARTICLE),
    "posts_read": (200, 200, 200, {}),
    "posts_replace": (401, 403, 200, ARTICLE),
    "posts_update": (401, 403, 200, ARTICLE),
    "posts_delete": (401, 403, 204, {}),
    "users_register": (201, 201, 201, {"json": GRACE}),
    "users_login": (
        200,
        200,
        200,
        {"data": {"username": "ada@example.com", "password": "testpassword123"}},
    ),
    "users_logout": (401, 204, 204, {}),
    "users_sessions": (401, 200, 200, {}),
    "users_end_session": (401, 404, 204, {}),
    "users_me": (401, 200, 200, {}),
    "users_change_password": (401, 200, 200, {"json": NEW_PASSWORD}),
    "users_forgot_password": (202, 202, 202, {"json": {"email": "ada@example.com"}}),
    "users_reset_password": (
        400,
        400,
        400,
        {"json": {"token": "x", "new_password": "another password"}},
    ),
    "users_read": (200, 200, 200, {}),
    "users_posts": (200, 200, 200, {}),
    "users_update": (401, 403, 200, {"json": {"username": "renamed"}}),
    "users_delete": (401, 403, 204, {}),
    "users_set_picture": (401, 403, 200, UPLOAD),
    "users_delete_picture": (401, 403, 200, {}),
    "health_live": (200, 200, 200, {}),
    "health_ready": (200, 200, 200, {}),
}


def routes(app: FastAPI) -> dict[str, tuple[str, str]]:
    """Return method and path of every route of the API, by operation."""
    return {
        route.operation_id: (method, route.path or "")
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ()
        if hasattr(route.original_route, "operation_id") and route.include_in_schema
    }


async def test_every_route_is_in_the_matrix(app: FastAPI) -> None:
    assert set(routes(app)) == set(MATRIX)


@pytest.fixture
async def session(corey: AsyncClient) -> str:
    """The id of corey's session."""
    sessions = (await corey.get("/api/users/me/sessions")).json()["sessions"]
    found: str = sessions[0]["id"]
    return found


@pytest.mark.parametrize("operation", MATRIX)
@pytest.mark.parametrize("role", ["nobody", "stranger", "owner"])
async def test_the_matrix(
    app: FastAPI,
    client: AsyncClient,
    corey: AsyncClient,
    ada: AsyncClient,
    post: dict[str, Any],
    session: str,
    operation: str,
    role: str,
) -> None:
    await corey.patch("/api/users/1/picture", **UPLOAD)
    *expected, sent = MATRIX[operation]
    method, path = routes(app)[operation]
    caller, status = {
        "nobody": (client, expected[0]),
        "stranger": (ada, expected[1]),
        "owner": (corey, expected[2]),
    }[role]

    response = await caller.request(
        method, path.format(post_id=post["id"], user_id=1, session_id=session), **sent
    )

    assert response.status_code == status
