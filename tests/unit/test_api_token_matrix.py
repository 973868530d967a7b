"""After each event: which tokens still work, on every route that asks for one."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from dependency_injector import providers

from blog_adapters.container import Container
from blog_adapters.memory import MemoryMailer
from blog_adapters.tokens import JwtAccessTokens
from blog_api.testing.people import PASSWORD, Blog, LogIn, Member
from blog_core.domain.keys import KeyRing
from blog_core.testing.builders import StoppedClock, minutes
from operations import SECURED, UPLOAD, call

pytestmark = pytest.mark.anyio

REFRESH = "/api/users/token/refresh"
KEY, NEXT_KEY = b"k" * 32, b"n" * 32
SECOND = timedelta(seconds=1)


class Scene:
    """Corey with two sessions, and what is around them."""

    def __init__(self, blog: Blog, this: Member, other: Member, clock: StoppedClock) -> None:
        self.blog = blog
        self.this = this
        self.other = other
        self.clock = clock

    def member(self, who: str) -> Member:
        """Return whose token is tried."""
        return {"this": self.this, "other": self.other}[who]

    def sign_with(self, *secrets: bytes) -> None:
        """Let all processes have these keys from now on."""
        _sign_with(self.blog.container, *secrets)


def _sign_with(container: Container, *secrets: bytes) -> None:
    container.keys.override(providers.Object(KeyRing(secrets)))
    container.tokens.override(providers.Object(JwtAccessTokens(secrets=secrets)))
    for part in (container.policy, container.access):
        part.reset()


Event = Callable[[Scene], Awaitable[object]]


async def nothing(_: Scene) -> None:
    pass


async def logged_out(scene: Scene) -> None:
    await scene.this.post("/api/users/logout")


async def this_session_ended(scene: Scene) -> None:
    await _end(scene, current=True)


async def other_session_ended(scene: Scene) -> None:
    await _end(scene, current=False)


async def _end(scene: Scene, *, current: bool) -> None:
    sessions = (await scene.this.get("/api/users/me/sessions")).json()["sessions"]
    (session,) = [session for session in sessions if session["current"] is current]
    await scene.this.delete(f"/api/users/me/sessions/{session['id']}")


async def password_changed(scene: Scene) -> None:
    await call(scene.this, "users_change_password")


async def password_reset(scene: Scene) -> None:
    await scene.this.post("/api/users/forgot-password", json={"email": "corey@example.com"})
    await scene.blog.deliver()
    mailer = scene.blog.container.mailer()
    assert isinstance(mailer, MemoryMailer)
    token = mailer.sent[-1].text.split("#token=")[1].split()[0]
    body = {"token": token, "new_password": PASSWORD}
    await scene.this.post("/api/users/reset-password", json=body)


async def address_changed(scene: Scene) -> None:
    await scene.this.patch(scene.this.path, json={"email": "new@example.com"})


async def name_changed(scene: Scene) -> None:
    await scene.this.patch(scene.this.path, json={"username": "new"})


async def account_deleted(scene: Scene) -> None:
    await scene.this.delete(scene.this.path)


async def renewed(scene: Scene) -> None:
    await scene.this.post(REFRESH, json={"refresh_token": scene.this.refresh_token})


async def renewed_twice_with_one_token(scene: Scene) -> None:
    await renewed(scene)
    await renewed(scene)


async def half_an_hour_passed(scene: Scene) -> None:
    scene.clock.now += minutes(30) + 32 * SECOND


async def two_weeks_passed(scene: Scene) -> None:
    scene.clock.now += timedelta(days=14) + 32 * SECOND


async def another_key_signs(scene: Scene) -> None:
    scene.sign_with(NEXT_KEY, KEY)


async def the_key_was_withdrawn(scene: Scene) -> None:
    scene.sign_with(NEXT_KEY)


BOTH, NONE = (True, True), (False, False)
THIS, OTHER = (True, False), (False, True)
MATRIX: list[tuple[Event, tuple[bool, bool], tuple[bool, bool]]] = [
    # event: whose access token works, whose refresh token does (this session's, the other's)
    (nothing, BOTH, BOTH),
    (logged_out, NONE, NONE),
    (this_session_ended, OTHER, OTHER),
    (other_session_ended, THIS, THIS),
    (password_changed, THIS, THIS),
    (password_reset, NONE, NONE),
    (address_changed, NONE, NONE),
    (name_changed, BOTH, BOTH),
    (account_deleted, NONE, NONE),
    (renewed, BOTH, OTHER),
    (renewed_twice_with_one_token, OTHER, OTHER),
    (half_an_hour_passed, NONE, BOTH),
    (two_weeks_passed, NONE, NONE),
    (another_key_signs, BOTH, BOTH),
    (the_key_was_withdrawn, NONE, NONE),
]


@pytest.fixture
def clock(container: Container) -> StoppedClock:
    clock = StoppedClock()
    container.clock.override(providers.Object(clock))
    _sign_with(container, KEY)
    return clock


@pytest.fixture
async def scene(
    clock: StoppedClock, blog_over_http: Blog, corey: Member, blog_log_in: LogIn
) -> Scene:
    await corey.patch(corey.picture, **UPLOAD)
    return Scene(blog_over_http, corey, await blog_log_in("corey@example.com"), clock)


ACCESS = [
    pytest.param(event, who, good, id=f"{event.__name__}-{who}")
    for event, access, _ in MATRIX
    for who, good in zip(("this", "other"), access, strict=True)
]
REFRESHING = [
    pytest.param(event, who, good, id=f"{event.__name__}-{who}")
    for event, _, refresh in MATRIX
    for who, good in zip(("this", "other"), refresh, strict=True)
]


@pytest.mark.parametrize("operation", SECURED)
@pytest.mark.parametrize(("event", "who", "good"), ACCESS)
async def test_whose_access_token_still_works(
    scene: Scene, operation: str, event: Event, who: str, good: bool
) -> None:
    post = await scene.this.publish()
    await event(scene)

    response = await call(scene.member(who), operation, post_id=post["id"], session_id="of nobody")

    assert (response.status_code != 401) is good


COOKIE = [
    (nothing, True),
    (logged_out, False),
    (this_session_ended, True),
    (password_changed, False),
    (password_reset, False),
    (address_changed, False),
    (name_changed, True),
    (account_deleted, False),
    (half_an_hour_passed, True),
    (two_weeks_passed, False),
    (another_key_signs, True),
    (the_key_was_withdrawn, False),
]
"""After which event a browser's cookie works, whose session is another than the two."""


@pytest.mark.parametrize("operation", SECURED)
@pytest.mark.parametrize(
    ("event", "good"), [pytest.param(*row, id=row[0].__name__) for row in COOKIE]
)
async def test_whether_a_cookie_still_works(
    scene: Scene, operation: str, event: Event, good: bool
) -> None:
    post = await scene.this.publish()
    browser = await scene.blog.browse("corey@example.com")
    await event(scene)

    response = await call(browser, operation, post_id=post["id"], session_id="of nobody")

    assert (response.status_code != 401) is good


@pytest.mark.parametrize(("event", "who", "good"), REFRESHING)
async def test_whose_refresh_token_still_works(
    scene: Scene, event: Event, who: str, good: bool
) -> None:
    await event(scene)

    response = await call(scene.member(who), "users_refresh")

    assert response.status_code == (200 if good else 401)
