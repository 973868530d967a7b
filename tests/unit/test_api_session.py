"""A browser's session: kept in a cookie that no script sees, and sent by pages of ours alone."""

from datetime import timedelta

import pytest
from dependency_injector import providers

from blog_adapters.container import Container
from blog_api.testing.people import PASSWORD, Blog, Member, OpenBlog
from blog_core.domain.keys import KeyRing
from blog_core.errors import SessionNotFound
from blog_core.services import Access
from blog_core.testing.builders import StoppedClock
from operations import ROUTES, SECURED, call

pytestmark = pytest.mark.anyio

FORM = {"username": "corey@example.com", "password": PASSWORD}
WRITING = [operation for operation in SECURED if ROUTES[operation][0] != "GET"]


@pytest.fixture
async def browser(blog_over_http: Blog, corey: Member) -> Member:  # noqa: ARG001 - has the account
    """Corey's browser."""
    return await blog_over_http.browse("corey@example.com")


async def test_the_session_is_in_a_cookie_that_no_script_sees(
    client: Member,
    corey: Member,  # noqa: ARG001 - has the account
) -> None:
    response = await client.post("/api/session", data=FORM)

    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("session=")
    assert set(cookie.split("; ")[1:]) == {
        "HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={90 * 24 * 60 * 60}"
    }  # fmt: skip
    assert response.content == b""


async def test_over_https_it_is_bound_to_this_host_and_to_https(
    blog_http: OpenBlog, container: Container
) -> None:
    container.settings.override(
        providers.Object(
            container.settings().model_copy(update={"frontend_url": "https://blog.test"})
        )
    )
    async with blog_http(container) as blog:
        await blog.sign_up("corey")
        response = await (await blog.visitor()).post("/api/session", data=FORM)

    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


async def test_whoever_has_it_is_let_in(browser: Member) -> None:
    assert (await browser.get("/api/users/me")).json()["username"] == "corey"


async def test_a_bearer_token_comes_before_a_cookie(browser: Member, ada: Member) -> None:
    token = {"Authorization": ada.headers["Authorization"]}

    response = await browser.get("/api/users/me", headers=token)

    assert response.json()["username"] == "ada"


async def test_logging_out_ends_this_session_and_takes_the_cookie(
    browser: Member, corey: Member
) -> None:
    response = await browser.delete("/api/session")

    assert response.status_code == 204
    assert not browser.cookies
    assert await browser.status() == 401
    assert await corey.status() == 200


async def test_who_ended_the_session_meanwhile_has_ended_it(browser: Member, corey: Member) -> None:
    await corey.post("/api/users/logout")

    response = await browser.delete("/api/session")

    assert (response.status_code, response.json()["code"]) == (401, "session_ended")


@pytest.mark.parametrize("wrong", [{"password": "x"}, {"username": "nobody@example.com"}])
async def test_with_the_wrong_words_there_is_no_cookie(
    client: Member,
    corey: Member,  # noqa: ARG001 - has the account
    wrong: dict[str, str],
) -> None:
    response = await client.post("/api/session", data=FORM | wrong)

    assert (response.status_code, response.json()["code"]) == (401, "bad_credentials")
    assert not client.cookies


async def test_a_form_that_breaks_off_is_400(client: Member) -> None:
    broken = {"Content-Type": "multipart/form-data; boundary=x"}

    response = await client.post("/api/session", content=b"not a boundary", headers=broken)

    assert (response.status_code, response.json()["code"]) == (400, "invalid_body")


async def test_a_forged_cookie_lets_nobody_in(client: Member) -> None:
    client.cookies["session"] = f"{'0' * 32}.{'A' * 43}"

    response = await client.get("/api/users/me")

    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")


async def test_using_it_keeps_the_session_for_longer_than_two_weeks(
    blog_over_http: Blog,
    corey: Member,  # noqa: ARG001 - has the account
    container: Container,
) -> None:
    clock = StoppedClock()
    container.clock.override(providers.Object(clock))
    container.access.reset()
    browser = await blog_over_http.browse("corey@example.com")
    for _ in range(3):
        clock.now += timedelta(days=10)
        await browser.get("/")

    assert await browser.status() == 200


# Other sites


ELSEWHERE = [
    {"Origin": "https://evil.test"},
    {"Origin": "http://blog.test.evil"},
    {"Origin": "http://blog.test:8080"},
    {"Origin": "null"},
    {"Origin": "ftp://blog.test"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://blog.test"},
]
OURS = [{"Origin": "http://blog.test"}, {"Sec-Fetch-Site": "same-origin"}]


@pytest.mark.parametrize("said", ELSEWHERE, ids=str)
async def test_another_sites_page_changes_nothing(browser: Member, said: dict[str, str]) -> None:
    del browser.headers["Origin"]

    response = await browser.patch(browser.path, json={"username": "evil"}, headers=said)

    assert (response.status_code, response.json()["code"]) == (403, "foreign_origin")
    assert (await browser.get("/api/users/me")).json()["username"] == "corey"


async def test_nor_does_whoever_does_not_say_where_they_come_from(browser: Member) -> None:
    del browser.headers["Origin"]

    response = await browser.patch(browser.path, json={"username": "evil"})

    assert (response.status_code, response.json()["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize("said", OURS, ids=str)
async def test_a_page_of_ours_does(browser: Member, said: dict[str, str]) -> None:
    del browser.headers["Origin"]

    response = await browser.patch(browser.path, json={"username": "new"}, headers=said)

    assert response.status_code == 200


@pytest.mark.parametrize("operation", WRITING)
async def test_every_operation_that_changes_something_asks(browser: Member, operation: str) -> None:
    browser.headers["Origin"] = "https://evil.test"

    response = await call(browser, operation)

    assert (response.status_code, response.json()["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize("said", ELSEWHERE, ids=str)
async def test_another_sites_page_logs_nobody_in(
    client: Member,
    corey: Member,  # noqa: ARG001 - has the account
    said: dict[str, str],
) -> None:
    response = await client.post("/api/session", data=FORM, headers=said)

    assert (response.status_code, response.json()["code"]) == (403, "foreign_origin")
    assert not client.cookies


async def test_a_bearer_token_is_good_from_anywhere(corey: Member) -> None:
    evil = {"Origin": "https://evil.test"}

    response = await corey.patch(corey.path, json={"username": "new"}, headers=evil)

    assert response.status_code == 200


async def test_a_session_that_ends_while_it_is_ended_has_ended(
    browser: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object, **__: object) -> None:
        raise SessionNotFound

    monkeypatch.setattr(Access, "end_session", gone)

    response = await browser.delete("/api/session")

    assert response.status_code == 204
    assert not browser.cookies


async def test_a_page_replaces_a_cookie_that_an_older_key_has_made(
    browser: Member, container: Container
) -> None:
    container.keys.override(providers.Object(KeyRing((b"n" * 32, *container.keys().keys))))
    for part in (container.policy, container.access):
        part.reset()
    replaced = await browser.get("/")
    container.keys.override(providers.Object(KeyRing((b"n" * 32,))))
    for part in (container.policy, container.access):
        part.reset()

    assert "HttpOnly" in replaced.headers["Set-Cookie"]
    assert await browser.status() == 200


async def test_a_page_leaves_any_other_cookie_alone(browser: Member) -> None:
    assert "Set-Cookie" not in (await browser.get("/")).headers


@pytest.mark.parametrize(
    "sent",
    [
        "session={token}; session={token}",
        "session=x; session={token}",
        "\xa0session={token}",
        "\x85session={token}",
        "Session={token}",
        'session="{token}"',
        "session ={token}",
    ],
)
async def test_whatever_looks_like_the_cookie_is_none(browser: Member, sent: str) -> None:
    token = browser.cookies["session"]
    browser.cookies.clear()
    cookie = sent.format(token=token).encode("latin-1")

    response = await browser.get("/api/users/me", headers=[(b"cookie", cookie)])

    assert response.status_code == 401


async def test_a_page_takes_a_cookie_whose_session_is_over(browser: Member, corey: Member) -> None:
    await corey.post("/api/users/logout")

    await browser.get("/")

    assert not browser.cookies
