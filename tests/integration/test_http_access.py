"""Logging in, sessions and passwords on real parts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from httpx import Response

from blog_api.testing.people import PASSWORD, Blog, Member
from journeys import clock_of, reset_token_in
from servers import MailServer

pytestmark = pytest.mark.anyio

EMAIL = "corey@example.com"
NEW_PASSWORD = "another password"


@dataclass(frozen=True, kw_only=True)
class Post:
    """What comes by post: asks for reset tokens and opens the mail they come in."""

    blog: Blog
    server: MailServer

    async def reset_token(self, email: str = EMAIL) -> str:
        visitor = await self.blog.visitor()
        await visitor.post("/api/users/forgot-password", json={"email": email})
        await self.blog.deliver()
        return reset_token_in(self.server.messages[-1])


@pytest.fixture
def mail(blog: Blog, mail_server: MailServer) -> Post:
    return Post(blog=blog, server=mail_server)


async def login(visitor: Member, email: str = EMAIL, password: str = PASSWORD) -> Response:
    return await visitor.post("/api/users/token", data={"username": email, "password": password})


async def reset(visitor: Member, token: str, new_password: str = NEW_PASSWORD) -> Response:
    body = {"token": token, "new_password": new_password}
    return await visitor.post("/api/users/reset-password", json=body)


async def changed(member: Member, current: str, new: str = NEW_PASSWORD) -> Response:
    body = {"current_password": current, "new_password": new}
    return await member.patch("/api/users/me/password", json=body)


# Logging in


@pytest.mark.usefixtures("corey")
async def test_a_login_answers_a_token_for_half_an_hour(visitor: Member) -> None:
    response = await login(visitor)

    token = response.json()
    assert response.status_code == 200
    assert (token["token_type"], token["expires_in"]) == ("bearer", 1800)


@pytest.mark.usefixtures("corey")
@pytest.mark.parametrize("email", ["COREY@EXAMPLE.COM", "Corey@Example.com"])
async def test_an_address_is_known_in_any_case(visitor: Member, email: str) -> None:
    assert (await login(visitor, email)).status_code == 200


@pytest.mark.usefixtures("corey")
@pytest.mark.parametrize(
    "password", [PASSWORD.upper(), PASSWORD[:-1], f"{PASSWORD} ", "\x00", "x" * 10_000]
)
async def test_a_password_is_known_by_every_character(visitor: Member, password: str) -> None:
    assert (await login(visitor, password=password)).status_code == 401


async def test_with_the_cost_of_production_the_password_is_hashed_and_known(blog: Blog) -> None:
    blog.container.passwords.reset_last_overriding()

    corey = await blog.sign_up("corey")

    assert await corey.status() == 200


async def test_a_hash_of_another_cost_is_made_anew_at_login(
    blog: Blog, corey: Member, visitor: Member
) -> None:
    async def password_hash() -> str:
        return (await blog.container.user_queries().by_email(EMAIL)).password_hash

    before = await password_hash()
    blog.container.access.reset()
    blog.container.passwords.reset_last_overriding()

    response = await login(visitor)

    assert response.status_code == 200
    assert before.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert (await password_hash()).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await corey.status() == 200


# Tokens


FORGERIES: dict[str, Callable[[dict[str, Any], str], str]] = {
    "another key": lambda claims, _: jwt.encode(claims, "x" * 32, "HS256"),
    "no key": lambda claims, _: jwt.encode(claims, "", "none"),
    "another algorithm": lambda claims, key: jwt.encode(claims, key + key, "HS512"),
    "no session": lambda claims, key: signed(claims, key, sid=None),
    "no user": lambda claims, key: signed(claims, key, sub=None),
    "no end": lambda claims, key: signed(claims, key, exp=None),
    "an end that is past": lambda claims, key: signed(claims, key, exp=1),
    "another session": lambda claims, key: signed(claims, key, sid=str(uuid4())),
    "another user": lambda claims, key: signed(claims, key, sub=str(int(claims["sub"]) + 1)),
    "a user of 2^31": lambda claims, key: signed(claims, key, sub=str(2**31)),
    "a user of 10^30": lambda claims, key: signed(claims, key, sub=str(10**30)),
    "a user in words": lambda claims, key: signed(claims, key, sub="corey"),
}


def signed(claims: dict[str, Any], key: str, **changed: object) -> str:
    kept = {name: value for name, value in (claims | changed).items() if value is not None}
    return jwt.encode(kept, key, "HS256")


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_token_that_is_not_ours_is_401(
    blog: Blog, corey: Member, forge: Callable[[dict[str, Any], str], str]
) -> None:
    token = corey.headers["Authorization"].split()[1]
    claims = jwt.decode(token, options={"verify_signature": False})
    corey.headers["Authorization"] = f"Bearer {forge(claims, blog.container.secret_key())}"

    response = await corey.get("/api/users/me")

    assert (response.status_code, response.json()["detail"]) == (401, "Invalid or expired token")


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 401)])
async def test_a_token_lasts_half_an_hour(
    blog: Blog, corey: Member, minutes: int, status: int
) -> None:
    clock_of(blog).ahead += timedelta(minutes=minutes)

    assert await corey.status() == status


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_may_be_written_in_any_case(corey: Member, scheme: str) -> None:
    token = corey.headers["Authorization"].split()[1]
    corey.headers["Authorization"] = f"{scheme} {token}"

    assert await corey.status() == 200


# Sessions


async def log_out(_: Post, corey: Member) -> Response:
    return await corey.post("/api/users/logout")


async def change_password(_: Post, corey: Member) -> Response:
    return await changed(corey, PASSWORD)


async def reset_password(mail: Post, corey: Member) -> Response:
    return await reset(corey, await mail.reset_token())


async def change_email(_: Post, corey: Member) -> Response:
    return await corey.patch(corey.path, json={"email": "new@example.com"})


async def keep_email(_: Post, corey: Member) -> Response:
    return await corey.patch(corey.path, json={"email": EMAIL.upper()})


async def change_name(_: Post, corey: Member) -> Response:
    return await corey.patch(corey.path, json={"username": "schafer"})


async def delete(_: Post, corey: Member) -> Response:
    return await corey.delete(corey.path)


@pytest.mark.parametrize(
    ("act", "here", "elsewhere"),
    [
        (log_out, 401, 401),
        (change_password, 200, 401),
        (reset_password, 401, 401),
        (change_email, 401, 401),
        (keep_email, 200, 200),
        (change_name, 200, 200),
        (delete, 401, 401),
    ],
)
async def test_which_tokens_work_afterwards(
    blog: Blog,
    mail: Post,
    corey: Member,
    act: Callable[[Post, Member], Awaitable[Response]],
    here: int,
    elsewhere: int,
) -> None:
    laptop = await blog.log_in(EMAIL)

    response = await act(mail, corey)

    assert response.is_success
    assert (await corey.status(), await laptop.status()) == (here, elsewhere)


@pytest.mark.parametrize("act", [log_out, reset_password, change_email, delete])
async def test_of_others_no_session_is_ended(
    mail: Post,
    corey: Member,
    ada: Member,
    act: Callable[[Post, Member], Awaitable[Response]],
) -> None:
    await act(mail, corey)

    assert await ada.status() == 200


async def test_an_ended_session_says_so(corey: Member) -> None:
    await corey.post("/api/users/logout")

    problem = (await corey.get("/api/users/me")).json()
    assert (problem["detail"], problem["code"]) == ("Invalid or expired token", "session_ended")


async def test_an_ended_session_writes_nothing(corey: Member) -> None:
    await corey.post("/api/users/logout")

    response = await corey.post("/api/posts", json={"title": "A title", "content": "Some words."})

    assert response.status_code == 401
    assert (await corey.get("/api/posts")).json()["total"] == 0


async def test_ones_sessions_are_listed_the_last_begun_first(blog: Blog, corey: Member) -> None:
    laptop = await blog.log_in(EMAIL)

    sessions = (await corey.get("/api/users/me/sessions")).json()["sessions"]

    assert [session["current"] for session in sessions] == [False, True]
    assert len((await laptop.get("/api/users/me/sessions")).json()["sessions"]) == 2


async def test_one_session_is_ended_and_no_other(blog: Blog, corey: Member) -> None:
    laptop = await blog.log_in(EMAIL)
    sessions = (await corey.get("/api/users/me/sessions")).json()["sessions"]

    response = await corey.delete(f"/api/users/me/sessions/{sessions[0]['id']}")

    assert response.status_code == 204
    assert (await corey.status(), await laptop.status()) == (200, 401)


async def test_a_strangers_session_is_404_and_goes_on(corey: Member, ada: Member) -> None:
    sessions = (await corey.get("/api/users/me/sessions")).json()["sessions"]

    response = await ada.delete(f"/api/users/me/sessions/{sessions[0]['id']}")

    assert (response.status_code, await corey.status()) == (404, 200)


# Passwords


async def test_after_a_change_the_new_password_logs_in(corey: Member, visitor: Member) -> None:
    response = await changed(corey, PASSWORD)

    assert (response.status_code, response.json()) == (
        200,
        {"message": "Password changed successfully"},
    )
    assert (await login(visitor, password=NEW_PASSWORD)).status_code == 200
    assert (await login(visitor)).status_code == 401


async def test_a_password_may_be_changed_to_itself(corey: Member) -> None:
    assert (await changed(corey, PASSWORD, PASSWORD)).status_code == 200


async def test_a_wrong_current_password_changes_nothing(corey: Member, visitor: Member) -> None:
    await changed(corey, "wrong password")

    assert (await login(visitor)).status_code == 200


@pytest.mark.parametrize("email", [EMAIL, "COREY@Example.com", "nobody@example.com"])
@pytest.mark.usefixtures("corey")
async def test_asking_for_a_reset_tells_nobody_who_is_known(visitor: Member, email: str) -> None:
    response = await visitor.post("/api/users/forgot-password", json={"email": email})

    message = "If an account exists with this email, you will receive password reset instructions."
    assert (response.status_code, response.json()) == (202, {"message": message})


@pytest.mark.parametrize(
    ("email", "mails"), [(EMAIL, 1), ("COREY@Example.com", 1), ("nobody@example.com", 0)]
)
@pytest.mark.usefixtures("corey")
async def test_only_who_is_known_gets_a_mail(
    blog: Blog, visitor: Member, mail_server: MailServer, email: str, mails: int
) -> None:
    await visitor.post("/api/users/forgot-password", json={"email": email})
    await blog.deliver()

    assert [message["To"] for message in mail_server.messages] == [EMAIL] * mails


async def test_after_a_reset_the_new_password_logs_in(
    mail: Post, corey: Member, visitor: Member
) -> None:
    response = await reset(visitor, await mail.reset_token())

    message = "Password reset successfully. You can now log in with your new password."
    assert (response.status_code, response.json()) == (200, {"message": message})
    assert (await login(visitor, password=NEW_PASSWORD)).status_code == 200
    assert (await login(visitor)).status_code == 401
    assert await corey.status() == 401


async def use(mail: Post, _: Member, token: str) -> None:
    await reset(await mail.blog.visitor(), token)


async def replace(mail: Post, _: Member, __: str) -> None:
    await mail.reset_token()


async def expire(mail: Post, _: Member, __: str) -> None:
    clock_of(mail.blog).ahead += timedelta(minutes=61)


async def change_the_password(_: Post, corey: Member, __: str) -> None:
    await changed(corey, PASSWORD)


async def change_the_address(_: Post, corey: Member, __: str) -> None:
    await corey.patch(corey.path, json={"email": "new@example.com"})


async def delete_the_account(_: Post, corey: Member, __: str) -> None:
    await corey.delete(corey.path)


@pytest.mark.parametrize(
    "spend",
    [use, replace, expire, change_the_password, change_the_address, delete_the_account],
)
async def test_a_reset_token_is_no_good_after(
    mail: Post,
    corey: Member,
    visitor: Member,
    spend: Callable[[Post, Member, str], Awaitable[None]],
) -> None:
    token = await mail.reset_token()
    await spend(mail, corey, token)

    response = await reset(visitor, token)

    detail = "Invalid or expired reset token"
    assert (response.status_code, response.json()["detail"]) == (400, detail)


@pytest.mark.usefixtures("corey")
async def test_a_short_new_password_does_not_use_the_token_up(mail: Post, visitor: Member) -> None:
    token = await mail.reset_token()

    assert (await reset(visitor, token, "short")).status_code == 422
    assert (await reset(visitor, token)).status_code == 200
