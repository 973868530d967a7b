"""The pages that people come in by and write on, as they are served."""

import pytest

from blog_api.testing.people import Blog, Member

pytestmark = pytest.mark.anyio

OPEN = ["/login", "/register", "/forgot-password", "/reset-password"]
OWN = ["/account", "/write"]


@pytest.fixture
async def browser(blog_over_http: Blog, corey: Member) -> Member:  # noqa: ARG001 - has the account
    """Corey's browser."""
    return await blog_over_http.browse("corey@example.com")


@pytest.mark.parametrize("path", OPEN)
async def test_anybody_may_come_in(client: Member, path: str) -> None:
    response = await client.get(path)

    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize("path", OWN)
async def test_what_is_ones_own_is_shown_to_visitors(browser: Member, path: str) -> None:
    response = await browser.get(path)

    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize("path", [*OWN, "/posts/1/edit"])
async def test_others_are_sent_to_log_in_and_back(client: Member, path: str) -> None:
    response = await client.get(path)

    assert (response.status_code, response.headers["Location"]) == (303, f"/login?next={path}")


@pytest.mark.parametrize(("path", "leads_to"), [("/login", "/"), ("/login?next=/write", "/write")])
async def test_whoever_is_logged_in_is_led_on(browser: Member, path: str, leads_to: str) -> None:
    response = await browser.get(path)

    assert (response.status_code, response.headers["Location"]) == (303, leads_to)


async def test_whoever_is_logged_in_has_an_account(browser: Member) -> None:
    response = await browser.get("/register")

    assert (response.status_code, response.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "/ /evil.test",
        "javascript:alert(1)",
        "evil",
        "",
        "/%0d%0aX: y\r\nX: y",
    ],
)
async def test_nobody_is_led_elsewhere(browser: Member, elsewhere: str) -> None:
    response = await browser.get("/login", params={"next": elsewhere})

    assert (response.status_code, response.headers["Location"]) == (303, "/")


async def test_an_author_may_edit_a_post(browser: Member, corey: Member) -> None:
    post = await corey.publish("A title", "Some words.")

    response = await browser.get(f"/posts/{post['id']}/edit")

    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")


async def test_nobody_else_may(browser: Member, ada: Member) -> None:
    post = await ada.publish()

    response = await browser.get(f"/posts/{post['id']}/edit")

    assert response.status_code == 403
    assert "Not authorized to update this post" in response.text


async def test_what_there_is_not_cannot_be_edited(browser: Member) -> None:
    assert (await browser.get("/posts/99/edit")).status_code == 404
