"""What any operation may answer when its parts fail, or the caller is gone."""

from datetime import timedelta

import pytest
from dependency_injector import providers

from blog_adapters.container import Container
from blog_api.testing.people import Member
from blog_core.domain.limits import Limit
from blog_core.errors import Busy, DatabaseUnavailable, LimitsUnavailable
from operations import ROUTES, SECURED, Broken, break_database, call

pytestmark = pytest.mark.anyio

ASKING = sorted(set(ROUTES) - {"health_live"})
"""The operations that ask any part."""


@pytest.mark.parametrize("operation", ASKING)
async def test_whatever_nobody_foresaw_is_500(
    corey: Member, container: Container, operation: str
) -> None:
    break_database(container, RuntimeError())

    response = await call(corey, operation)

    assert (response.status_code, response.json()["code"]) == (500, "internal_error")


@pytest.mark.parametrize("operation", ASKING)
async def test_everything_is_503_while_the_database_is_down(
    corey: Member, container: Container, operation: str
) -> None:
    break_database(container, DatabaseUnavailable())

    response = await call(corey, operation)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert "database_unavailable" in response.text


COUNTED = [
    "users_register",
    "users_login",
    "session_open",
    "users_refresh",
    "users_forgot_password",
    "users_reset_password",
]
"""The operations whose attempts are counted over all processes."""

WRITING = [operation for operation in SECURED if ROUTES[operation][0] != "GET"]
"""The operations that are counted by whoever is logged in."""

EXCEEDED = Limit("login", 10, timedelta(minutes=5)).exceeded(timedelta(seconds=41.2))


@pytest.mark.parametrize("operation", COUNTED)
async def test_what_is_tried_too_often_is_429(
    corey: Member, container: Container, operation: str
) -> None:
    container.limiter.override(providers.Object(Broken(EXCEEDED)))
    container.users.reset()
    container.access.reset()

    response = await call(corey, operation)

    assert (response.status_code, response.json()["code"]) == (429, "too_many_requests")
    assert response.headers["Retry-After"] == "42"
    assert response.headers["RateLimit-Policy"] == '"login";q=10;w=300'
    assert response.headers["RateLimit"] == '"login";r=0;t=42'


@pytest.mark.parametrize("operation", WRITING)
async def test_whoever_changes_things_too_often_is_told_429(
    corey: Member, container: Container, operation: str
) -> None:
    container.write_limiter.override(providers.Object(Broken(EXCEEDED)))

    response = await call(corey, operation)

    assert (response.status_code, response.json()["code"]) == (429, "too_many_requests")


@pytest.mark.parametrize("operation", COUNTED)
async def test_what_cannot_be_counted_is_503(
    corey: Member, container: Container, operation: str
) -> None:
    container.limiter.override(providers.Object(Broken(LimitsUnavailable())))
    container.users.reset()
    container.access.reset()

    response = await call(corey, operation)

    assert (response.status_code, response.json()["code"]) == (503, "limits_unavailable")
    assert response.headers["Retry-After"] == "2"


@pytest.mark.parametrize("operation", SECURED)
async def test_nobody_acts_in_a_session_that_has_ended(corey: Member, operation: str) -> None:
    await corey.post("/api/users/logout")

    response = await call(corey, operation)

    assert (response.status_code, response.json()["code"]) == (401, "session_ended")


@pytest.mark.parametrize(
    "operation", ["users_register", "users_login", "session_open", "users_change_password"]
)
async def test_a_full_queue_of_passwords_is_503(
    corey: Member, container: Container, operation: str
) -> None:
    container.passwords.override(providers.Object(Broken(Busy())))
    container.users.reset()
    container.access.reset()

    response = await call(corey, operation)

    assert (response.status_code, response.json()["code"]) == (503, "busy")
    assert response.headers["Retry-After"] == "2"


async def test_a_full_queue_of_contents_is_503(corey: Member, container: Container) -> None:
    post = await corey.publish()
    container.text_workers.override(providers.Object(Broken(Busy())))
    container.rendered_texts.reset()

    response = await call(corey, "posts_read", post_id=post["id"])

    assert (response.status_code, response.json()["code"]) == (503, "busy")
    assert response.headers["Retry-After"] == "2"


async def test_a_full_queue_of_previews_is_503_and_keeps_nobody_from_reading(
    corey: Member, container: Container
) -> None:
    post = await corey.publish()
    container.preview_workers.override(providers.Object(Broken(Busy())))

    preview = await call(corey, "posts_preview")
    read = await call(corey, "posts_read", post_id=post["id"])

    assert (preview.status_code, preview.json()["code"]) == (503, "busy")
    assert read.status_code == 200


@pytest.mark.parametrize("operation", ["posts_create", "posts_replace", "posts_update"])
async def test_a_full_queue_of_contents_keeps_nobody_from_writing(
    corey: Member, container: Container, operation: str
) -> None:
    await corey.publish()
    container.text_workers.override(providers.Object(Broken(Busy())))
    container.rendered_texts.reset()

    response = await call(corey, operation)

    assert response.is_success
    assert response.json()["content_html"] == "<p>x</p>\n"


@pytest.mark.parametrize(
    "operation", ["users_update", "users_delete", "users_set_picture", "users_delete_picture"]
)
async def test_an_account_that_vanishes_under_a_request_is_404(
    corey: Member, container: Container, operation: str
) -> None:
    token = corey.headers["Authorization"].removeprefix("Bearer ")
    actor = await container.access().authenticate(token=token)

    class StillHere:
        async def actor(self, session_id: object) -> object:  # noqa: ARG002 - always the same
            return actor

    await corey.delete(corey.path)
    container.user_queries.override(providers.Object(StillHere()))
    container.access.reset()

    response = await call(corey, operation)

    assert (response.status_code, response.json()["detail"]) == (404, "User not found")
