"""Who may do what: every route, asked by nobody, by a stranger and by the owner."""

from typing import Any

import pytest
from httpx import AsyncClient

from blog_api.testing.people import Member
from operations import ROUTES, UPLOAD, call

pytestmark = pytest.mark.anyio

MATRIX = {
    # operation: statuses for nobody, a stranger and the owner
    "posts_list": (200, 200, 200),
    "posts_create": (401, 201, 201),
    "posts_read": (200, 200, 200),
    "posts_replace": (401, 403, 200),
    "posts_update": (401, 403, 200),
    "posts_delete": (401, 403, 204),
    "posts_preview": (401, 200, 200),
    "users_register": (201, 201, 201),
    "users_login": (200, 200, 200),
    "users_refresh": (401, 200, 200),
    "users_logout": (401, 204, 204),
    "users_sessions": (401, 200, 200),
    "users_end_session": (401, 404, 204),
    "users_me": (401, 200, 200),
    "users_change_password": (401, 200, 200),
    "users_forgot_password": (202, 202, 202),
    "users_reset_password": (400, 400, 400),
    "users_read": (200, 200, 200),
    "users_posts": (200, 200, 200),
    "users_update": (401, 403, 200),
    "users_delete": (401, 403, 204),
    "users_set_picture": (401, 403, 200),
    "users_delete_picture": (401, 403, 200),
    "session_open": (204, 204, 204),
    "session_end": (401, 204, 204),
    "health_live": (200, 200, 200),
    "health_ready": (200, 200, 200),
}


def test_every_route_is_in_the_matrix() -> None:
    assert set(ROUTES) == set(MATRIX)


@pytest.fixture
async def session(corey: AsyncClient) -> str:
    """The id of corey's session."""
    sessions = (await corey.get("/api/users/me/sessions")).json()["sessions"]
    found: str = sessions[0]["id"]
    return found


@pytest.mark.parametrize("operation", MATRIX)
@pytest.mark.parametrize("role", ["nobody", "stranger", "owner"])
async def test_the_matrix(
    client: Member,
    corey: Member,
    ada: Member,
    post: dict[str, Any],
    session: str,
    operation: str,
    role: str,
) -> None:
    await corey.patch(corey.picture, **UPLOAD)
    callers = {"nobody": client, "stranger": ada, "owner": corey}
    expected = dict(zip(callers, MATRIX[operation], strict=True))

    response = await call(callers[role], operation, post_id=post["id"], session_id=session)

    assert response.status_code == expected[role]
