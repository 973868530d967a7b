"""Logging in and out, sessions and passwords over HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dependency_injector import providers
from httpx import AsyncClient

from blog_adapters.container import Container
from blog_adapters.memory import MemoryMailer, MemoryPasswords
from blog_api.testing.people import Blog, LogIn, Member, SignUp
from blog_core.errors import Busy
from operations import Broken

pytestmark = pytest.mark.anyio

PASSWORD = "testpassword123"
REFRESH = "/api/users/token/refresh"
LOGIN = {"username": "corey@example.com", "password": PASSWORD}
NEW_PASSWORD = "another password"


def verified(container: Container) -> int:
    passwords = container.passwords()
    assert isinstance(passwords, MemoryPasswords)
    return passwords.verified


async def reset_token(blog: Blog) -> str:
    """Deliver what is due and return the token of the last mail."""
    await blog.deliver()
    mailer = blog.container.mailer()
    assert isinstance(mailer, MemoryMailer)
    return mailer.sent[-1].text.split("#token=")[1].split()[0]


# Logging in


@pytest.mark.usefixtures("corey")
async def test_a_login_answers_a_bearer_token(client: AsyncClient) -> None:
    response = await client.post("/api/users/token", data=LOGIN)

    token = response.json()
    assert response.status_code == 200
    assert token == {
        "access_token": token["access_token"],
        "token_type": "bearer",
        "expires_in": 1800,
        "refresh_token": token["refresh_token"],
    }


@pytest.mark.usefixtures("corey")
async def test_a_token_is_not_to_be_kept_by_caches(client: AsyncClient) -> None:
    response = await client.post("/api/users/token", data=LOGIN)

    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "more",
    [
        {"grant_type": "password"},
        {"username": "COREY@Example.com"},
        {"scope": "everything", "client_id": "x", "client_secret": "y"},
    ],
)
@pytest.mark.usefixtures("corey")
async def test_a_login_may_say_more(client: AsyncClient, more: dict[str, str]) -> None:
    assert (await client.post("/api/users/token", data=LOGIN | more)).status_code == 200


WRONG = [
    pytest.param(LOGIN | {"password": "wrong password"}, id="wrong password"),
    pytest.param(LOGIN | {"username": "nobody@example.com"}, id="unknown address"),
    pytest.param(LOGIN | {"username": "gone@example.com"}, id="deleted account"),
    pytest.param(LOGIN | {"username": "corey"}, id="username"),
    pytest.param(LOGIN | {"username": "no address\x00"}, id="malformed address"),
    pytest.param(LOGIN | {"password": "\x00" * 1000}, id="impossible password"),
]


@pytest.fixture
async def deleted(blog_sign_up: SignUp) -> None:
    """An account that is no more: gone@example.com."""
    gone = await blog_sign_up("gone")
    await gone.delete(gone.path)


@pytest.mark.parametrize("form", WRONG)
@pytest.mark.usefixtures("corey", "deleted")
class TestLoggingInWithTheWrongWords:
    """What is wrong shows neither in the answer nor in the work."""

    async def test_is_401(self, client: AsyncClient, form: dict[str, str]) -> None:
        response = await client.post("/api/users/token", data=form)

        detail = "Incorrect email or password"
        assert (response.status_code, response.json()["detail"]) == (401, detail)

    async def test_costs_one_verification(
        self, client: AsyncClient, container: Container, form: dict[str, str]
    ) -> None:
        before = verified(container)

        await client.post("/api/users/token", data=form)

        assert verified(container) == before + 1

    async def test_answers_the_same_bytes(self, client: AsyncClient, form: dict[str, str]) -> None:
        headers = {"X-Request-ID": "same"}

        ours = await client.post("/api/users/token", data=form, headers=headers)
        other = await client.post(
            "/api/users/token", data={"username": "x@y.test", "password": "z"}, headers=headers
        )

        assert (ours.content, ours.headers) == (other.content, other.headers)


@pytest.mark.usefixtures("corey")
async def test_the_right_words_cost_one_verification(
    client: AsyncClient, container: Container
) -> None:
    before = verified(container)

    await client.post("/api/users/token", data=LOGIN)

    assert verified(container) == before + 1


@pytest.mark.parametrize(
    "body", [{"json": LOGIN}, {"content": b""}, {"content": b"username=a&password=b"}]
)
async def test_a_login_that_is_no_form_is_422_and_names_both_fields(
    client: AsyncClient, body: dict[str, Any]
) -> None:
    response = await client.post("/api/users/token", **body)

    assert response.status_code == 422
    pointers = [error["pointer"] for error in response.json()["errors"]]
    assert pointers == ["/body/username", "/body/password"]


async def test_another_grant_type_is_422(client: AsyncClient) -> None:
    response = await client.post("/api/users/token", data=LOGIN | {"grant_type": "magic"})

    assert response.status_code == 422


# Tokens


async def test_without_a_header_nobody_is_authenticated(client: AsyncClient) -> None:
    response = await client.get("/api/users/me")

    assert (response.status_code, response.json()["detail"]) == (401, "Not authenticated")


@pytest.mark.parametrize("header", ["", "Basic Y29yZXk6eA==", "token", "Token abc"])
async def test_another_kind_of_header_is_as_good_as_none(client: AsyncClient, header: str) -> None:
    response = await client.get("/api/users/me", headers={"Authorization": header})

    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 10_000, "caf\xe9".encode("latin-1")])
async def test_a_token_of_somebody_elses_making_is_401(
    client: AsyncClient, token: str | bytes
) -> None:
    word = token.encode() if isinstance(token, str) else token

    response = await client.get("/api/users/me", headers={b"Authorization": b"Bearer " + word})

    assert (response.status_code, response.json()["detail"]) == (401, "Invalid or expired token")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_may_be_written_in_any_case(corey: AsyncClient, scheme: str) -> None:
    token = corey.headers["Authorization"].split()[1]

    response = await corey.get("/api/users/me", headers={"Authorization": f"{scheme} {token}"})

    assert response.status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}])
async def test_every_401_says_how_to_authenticate(
    client: AsyncClient, headers: dict[str, str]
) -> None:
    response = await client.get("/api/users/me", headers=headers)

    assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_expires(container: Container, blog_sign_up: SignUp) -> None:
    now = datetime.now(UTC)
    container.clock.override(providers.Object(lambda: now))
    corey = await blog_sign_up("corey")

    now += timedelta(minutes=31)
    response = await corey.get("/api/users/me")

    assert (response.status_code, response.json()["detail"]) == (401, "Invalid or expired token")


# Renewing


async def test_a_refresh_token_brings_the_next_tokens(corey: Member) -> None:
    response = await corey.post(REFRESH, json={"refresh_token": corey.refresh_token})

    token = response.json()
    assert response.status_code == 200
    assert set(token) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert token["refresh_token"] != corey.refresh_token


async def test_the_next_access_token_lets_in(corey: Member) -> None:
    token = (await corey.post(REFRESH, json={"refresh_token": corey.refresh_token})).json()

    corey.headers["Authorization"] = f"Bearer {token['access_token']}"

    assert await corey.status() == 200


async def test_the_next_tokens_are_not_to_be_kept_by_caches(corey: Member) -> None:
    response = await corey.post(REFRESH, json={"refresh_token": corey.refresh_token})

    assert response.headers["Cache-Control"] == "no-store"


async def test_a_forged_refresh_token_is_401(client: AsyncClient) -> None:
    response = await client.post(REFRESH, json={"refresh_token": "x"})

    problem = response.json()
    assert (response.status_code, problem["code"]) == (401, "invalid_refresh_token")
    assert problem["detail"] == "Invalid or expired token"


async def test_a_refresh_token_used_again_is_401_and_ends_the_session(corey: Member) -> None:
    body = {"refresh_token": corey.refresh_token}
    await corey.post(REFRESH, json=body)

    response = await corey.post(REFRESH, json=body)

    assert (response.status_code, response.json()["code"]) == (401, "session_ended")
    assert await corey.status() == 401


@pytest.mark.parametrize("body", [{}, {"refresh_token": None}, {"refresh_token": "\0"}, []])
async def test_without_a_refresh_token_renewing_is_422(client: AsyncClient, body: object) -> None:
    response = await client.post(REFRESH, json=body)

    assert response.status_code == 422


# Sessions


async def test_logging_out_is_204(corey: AsyncClient) -> None:
    response = await corey.post("/api/users/logout")

    assert (response.status_code, response.content) == (204, b"")


async def test_logging_out_ends_every_session(corey: AsyncClient, blog_log_in: LogIn) -> None:
    laptop = await blog_log_in("corey@example.com")

    await corey.post("/api/users/logout")

    assert [(await each.get("/api/users/me")).status_code for each in (corey, laptop)] == [401, 401]


async def test_an_ended_session_says_so_in_its_code(corey: AsyncClient) -> None:
    await corey.post("/api/users/logout")

    problem = (await corey.get("/api/users/me")).json()

    assert (problem["detail"], problem["code"]) == ("Invalid or expired token", "session_ended")


@pytest.mark.usefixtures("corey")
async def test_sessions_are_listed_the_last_begun_first(blog_log_in: LogIn) -> None:
    laptop = await blog_log_in("corey@example.com")

    sessions = (await laptop.get("/api/users/me/sessions")).json()["sessions"]

    assert [session["current"] for session in sessions] == [True, False]
    assert set(sessions[0]) == {"id", "created_at", "last_used_at", "user_agent", "current"}


async def test_a_session_remembers_its_user_agent_without_what_does_not_print(
    corey: AsyncClient, client: AsyncClient
) -> None:
    await client.post(
        "/api/users/token", data=LOGIN, headers={b"User-Agent": "caf\xe9\x85 ".encode("latin-1")}
    )

    sessions = (await corey.get("/api/users/me/sessions")).json()["sessions"]

    assert sessions[0]["user_agent"] == "caf\xe9 "


async def test_only_ones_own_sessions_are_listed(corey: AsyncClient, ada: AsyncClient) -> None:
    hers = (await ada.get("/api/users/me/sessions")).json()["sessions"]
    his = (await corey.get("/api/users/me/sessions")).json()["sessions"]

    assert (len(hers), len(his)) == (1, 1)
    assert hers[0]["id"] != his[0]["id"]


async def test_one_session_can_be_ended(corey: AsyncClient, blog_log_in: LogIn) -> None:
    laptop = await blog_log_in("corey@example.com")
    session = (await laptop.get("/api/users/me/sessions")).json()["sessions"][0]["id"]

    response = await corey.delete(f"/api/users/me/sessions/{session}")

    assert (response.status_code, response.content) == (204, b"")
    assert (await laptop.get("/api/users/me")).status_code == 401
    assert (await corey.get("/api/users/me")).status_code == 200


async def test_a_strangers_session_is_404(corey: AsyncClient, ada: AsyncClient) -> None:
    session = (await corey.get("/api/users/me/sessions")).json()["sessions"][0]["id"]

    response = await ada.delete(f"/api/users/me/sessions/{session}")

    assert (response.status_code, response.json()["detail"]) == (404, "Session not found")
    assert (await corey.get("/api/users/me")).status_code == 200


@pytest.mark.parametrize(
    "session", ["6fa459ea-ee8a-4ca4-894e-db77e160355e", "1", "no-uuid", "%00", "x" * 5000]
)
async def test_a_session_that_is_not_there_is_404(corey: AsyncClient, session: str) -> None:
    response = await corey.delete(f"/api/users/me/sessions/{session}")

    assert (response.status_code, response.json()["code"]) == (404, "session_not_found")


# Changing the password


def change(current: str = PASSWORD, new: str = NEW_PASSWORD) -> dict[str, str]:
    return {"current_password": current, "new_password": new}


async def test_changing_the_password_says_so(corey: AsyncClient) -> None:
    response = await corey.patch("/api/users/me/password", json=change())

    assert response.status_code == 200
    assert response.json() == {"message": "Password changed successfully"}


async def test_after_a_change_only_the_new_password_lets_in(
    corey: AsyncClient, client: AsyncClient
) -> None:
    await corey.patch("/api/users/me/password", json=change())

    statuses = [
        (await client.post("/api/users/token", data=LOGIN | {"password": word})).status_code
        for word in (PASSWORD, NEW_PASSWORD)
    ]
    assert statuses == [401, 200]


async def test_a_change_ends_all_sessions_but_its_own(
    corey: AsyncClient, blog_log_in: LogIn
) -> None:
    laptop = await blog_log_in("corey@example.com")

    await corey.patch("/api/users/me/password", json=change())

    assert [(await each.get("/api/users/me")).status_code for each in (corey, laptop)] == [200, 401]


async def test_the_new_password_may_be_the_old_one(corey: AsyncClient) -> None:
    response = await corey.patch("/api/users/me/password", json=change(new=PASSWORD))

    assert response.status_code == 200


@pytest.mark.parametrize("current", ["", "wrong", "x" * 5000])
async def test_the_wrong_current_password_is_400(corey: AsyncClient, current: str) -> None:
    response = await corey.patch("/api/users/me/password", json=change(current=current))

    detail = "Current password is incorrect"
    assert (response.status_code, response.json()["detail"]) == (400, detail)


@pytest.mark.parametrize("new", ["", "x" * 7, "x" * 129])
async def test_a_bad_new_password_is_422_before_the_current_one_is_tried(
    corey: AsyncClient, new: str
) -> None:
    response = await corey.patch("/api/users/me/password", json=change("wrong", new))

    assert response.status_code == 422


async def test_changing_a_password_needs_a_token(client: AsyncClient) -> None:
    assert (await client.patch("/api/users/me/password", json={})).status_code == 401


async def test_another_address_ends_all_sessions(corey: AsyncClient) -> None:
    await corey.patch("/api/users/1", json={"email": "new@example.com"})

    assert (await corey.get("/api/users/me")).status_code == 401


# Forgetting it

FORGOTTEN = {"email": "corey@example.com"}


@pytest.mark.usefixtures("corey")
async def test_asking_for_a_reset_is_202(client: AsyncClient) -> None:
    response = await client.post("/api/users/forgot-password", json=FORGOTTEN)

    assert response.status_code == 202
    assert response.json() == {
        "message": "If an account exists with this email, "
        "you will receive password reset instructions."
    }


@pytest.mark.usefixtures("corey")
async def test_a_known_and_an_unknown_address_get_the_same_answer(client: AsyncClient) -> None:
    headers = {"X-Request-ID": "same"}

    known, unknown = [
        await client.post("/api/users/forgot-password", json={"email": email}, headers=headers)
        for email in ("corey@example.com", "nobody@example.com")
    ]

    assert (known.content, known.headers) == (unknown.content, unknown.headers)


async def test_asking_with_a_bad_address_is_422(client: AsyncClient) -> None:
    response = await client.post("/api/users/forgot-password", json={"email": "corey"})

    assert response.status_code == 422


@pytest.mark.usefixtures("corey")
async def test_the_mailed_token_sets_a_new_password(
    client: AsyncClient, blog_over_http: Blog
) -> None:
    await client.post("/api/users/forgot-password", json={"email": "COREY@example.com"})
    token = await reset_token(blog_over_http)

    body = {"token": token, "new_password": NEW_PASSWORD}
    response = await client.post("/api/users/reset-password", json=body)

    assert (response.status_code, response.json()) == (
        200,
        {"message": "Password reset successfully. You can now log in with your new password."},
    )
    form = LOGIN | {"password": NEW_PASSWORD}
    assert (await client.post("/api/users/token", data=form)).status_code == 200


async def test_a_reset_ends_all_sessions(corey: AsyncClient, blog_over_http: Blog) -> None:
    await corey.post("/api/users/forgot-password", json=FORGOTTEN)
    token = await reset_token(blog_over_http)

    await corey.post(
        "/api/users/reset-password", json={"token": token, "new_password": NEW_PASSWORD}
    )

    assert (await corey.get("/api/users/me")).status_code == 401


@pytest.mark.usefixtures("corey")
async def test_of_many_uses_of_a_reset_token_one_counts(
    client: AsyncClient, blog_over_http: Blog
) -> None:
    await client.post("/api/users/forgot-password", json=FORGOTTEN)
    body = {"token": await reset_token(blog_over_http), "new_password": NEW_PASSWORD}

    responses = await asyncio.gather(
        *(client.post("/api/users/reset-password", json=body) for _ in range(10))
    )

    assert sorted(response.status_code for response in responses) == [200] + [400] * 9


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\N{SNOWMAN}" * 43, "x" * 50_000])
async def test_a_token_that_was_never_ours_is_400(client: AsyncClient, token: str) -> None:
    body = {"token": token, "new_password": NEW_PASSWORD}

    response = await client.post("/api/users/reset-password", json=body)

    detail = "Invalid or expired reset token"
    assert (response.status_code, response.json()["detail"]) == (400, detail)


@pytest.mark.usefixtures("corey")
async def test_a_short_new_password_is_422_and_leaves_the_token_good(
    client: AsyncClient, blog_over_http: Blog
) -> None:
    await client.post("/api/users/forgot-password", json=FORGOTTEN)
    body = {"token": await reset_token(blog_over_http), "new_password": "short"}

    short = await client.post("/api/users/reset-password", json=body)
    good = await client.post("/api/users/reset-password", json=body | {"new_password": PASSWORD})

    assert (short.status_code, good.status_code) == (422, 200)


@pytest.mark.usefixtures("corey")
async def test_a_full_queue_of_passwords_leaves_the_token_good(
    client: AsyncClient, blog_over_http: Blog, container: Container
) -> None:
    await client.post("/api/users/forgot-password", json=FORGOTTEN)
    body = {"token": await reset_token(blog_over_http), "new_password": NEW_PASSWORD}
    container.access.reset()
    with container.passwords.override(providers.Object(Broken(Busy()))):
        busy = await client.post("/api/users/reset-password", json=body)
    container.access.reset()

    assert (busy.status_code, busy.json()["code"]) == (503, "busy")
    assert (await client.post("/api/users/reset-password", json=body)).status_code == 200


@pytest.mark.usefixtures("corey")
async def test_asking_again_replaces_the_earlier_token(
    client: AsyncClient, blog_over_http: Blog
) -> None:
    await client.post("/api/users/forgot-password", json=FORGOTTEN)
    earlier = await reset_token(blog_over_http)
    await client.post("/api/users/forgot-password", json=FORGOTTEN)
    await reset_token(blog_over_http)

    body = {"token": earlier, "new_password": NEW_PASSWORD}
    response = await client.post("/api/users/reset-password", json=body)

    assert response.status_code == 400
