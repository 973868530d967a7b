"""Every operation of the API, a request that suits it, and parts that fail under it."""

import json
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from dependency_injector import providers
from httpx import Response

from blog_adapters.container import Container
from blog_api.testing.people import PASSWORD, Member
from blog_core.testing import builders

DOCUMENT = json.loads((Path(__file__).parents[1] / "docs/openapi.json").read_text("utf-8"))
"""What the API says of itself."""

ROUTES: Mapping[str, tuple[str, str]] = {
    operation["operationId"]: (method.upper(), path)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
"""Method and path, by operation."""

SECURED = [
    operation["operationId"]
    for operations in DOCUMENT["paths"].values()
    for operation in operations.values()
    if "security" in operation
]
"""The operations that need a token."""

ARTICLE = {"json": {"title": "x", "content": "x"}}
GRACE = {"username": "grace", "email": "grace@example.com", "password": PASSWORD}
OTHER_PASSWORD = "another password"
UPLOAD: Mapping[str, Any] = {"files": {"file": builders.png()}}

SENT: Mapping[str, Mapping[str, Any]] = {
    "posts_create": ARTICLE,
    "posts_replace": ARTICLE,
    "posts_update": ARTICLE,
    "posts_preview": {"json": {"content": "x"}},
    "users_register": {"json": GRACE},
    "users_login": {"data": {"username": "ada@example.com", "password": PASSWORD}},
    "session_open": {"data": {"username": "ada@example.com", "password": PASSWORD}},
    "users_change_password": {
        "json": {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    },
    "users_forgot_password": {"json": {"email": "ada@example.com"}},
    "users_reset_password": {"json": {"token": "x", "new_password": OTHER_PASSWORD}},
    "users_update": {"json": {"username": "renamed"}},
    "users_set_picture": UPLOAD,
}
"""What the operations that read a body take, as httpx's keywords."""


async def call(client: Member, operation: str, **places: object) -> Response:
    """Ask for an operation on these places, by default on those of the first account."""
    method, path = ROUTES[operation]
    where = {"user_id": 1, "post_id": 2, "session_id": 1, **places}
    sent = SENT.get(operation, {})
    if operation == "users_refresh":
        sent = {"json": {"refresh_token": client.refresh_token}}
    return await client.request(method, path.format(**where), **sent)


class Broken:
    """A part that raises whatever is asked of it."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, _: str) -> Callable[..., Coroutine[Any, Any, None]]:
        """Return what raises."""

        async def fail(*_: object, **__: object) -> None:
            raise self._error

        return fail

    async def __aenter__(self) -> None:
        raise self._error

    async def __aexit__(self, *_: object) -> None:
        """Is not reached."""


def break_database(container: Container, error: Exception) -> None:
    """Make everything that is asked of the database raise this."""
    broken = Broken(error)
    container.unit_of_work.override(providers.Object(lambda: broken))
    container.post_queries.override(providers.Object(broken))
    container.user_queries.override(providers.Object(broken))
    container.checks.override(providers.Object({"database": broken.check}))
    for service in (container.posts, container.users, container.access):
        service.reset()
