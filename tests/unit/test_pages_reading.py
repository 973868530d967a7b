"""The pages that anybody may read, as they are served."""

import re
from html import unescape

import pytest

from blog_adapters.container import Container
from blog_api.testing.people import Blog, Member
from blog_core.errors import DatabaseUnavailable
from operations import break_database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def browser(blog_over_http: Blog, corey: Member) -> Member:  # noqa: ARG001 - has the account
    """Corey's browser."""
    return await blog_over_http.browse("corey@example.com")


def title_of(page: str) -> str:
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert found
    return unescape(found[1]).strip()


def posts_on(page: str) -> list[str]:
    """Return the titles in a list of posts."""
    return re.findall(
        r"<article.*?<a[^>]* href=\"/posts/\d+\"[^>]*>\s*(.*?)\s*</a>", page, re.DOTALL
    )


def next_of(page: str) -> str | None:
    for link in re.findall(r"<a[^>]*>", page):
        if 'rel="next"' in link:
            found = re.search(r'href="([^"]*)"', link)
            assert found
            return unescape(found[1])
    return None


@pytest.mark.parametrize("path", ["/", "/posts"])
async def test_the_home_page_shows_the_newest_posts_first(
    client: Member, corey: Member, path: str
) -> None:
    for title in ("One", "Two"):
        await corey.publish(title)

    response = await client.get(path)

    assert (response.status_code, response.headers["Content-Type"]) == (
        200,
        "text/html; charset=utf-8",
    )
    assert posts_on(response.text) == ["Two", "One"]


async def test_the_list_goes_on_where_it_was_and_shows_nothing_twice(
    client: Member, corey: Member
) -> None:
    for number in range(25):
        await corey.publish(f"Post {number}")
    shown: list[str] = []
    path: str | None = "/"
    while path is not None:
        page = (await client.get(path)).text
        shown += posts_on(page)
        path = next_of(page)
        await corey.publish("Meanwhile")

    assert shown == [f"Post {number}" for number in reversed(range(25))]


async def test_one_page_of_posts_needs_no_more(client: Member, corey: Member) -> None:
    for number in range(10):
        await corey.publish(f"Post {number}")

    assert next_of((await client.get("/")).text) is None


async def test_a_cursor_that_is_none_is_an_error_page(client: Member) -> None:
    response = await client.get("/?cursor=x")

    assert (response.status_code, title_of(response.text)) == (400, "400 Bad Request · Blog")


async def test_a_user_has_a_page_of_their_own_posts(
    client: Member, corey: Member, ada: Member
) -> None:
    await corey.publish("Corey's")
    await ada.publish("Hers")

    response = await client.get("/users/2/posts")

    assert posts_on(response.text) == ["Hers"]
    assert title_of(response.text) == "ada · Blog"


async def test_their_list_goes_on_with_their_posts(client: Member, corey: Member) -> None:
    for number in range(11):
        await corey.publish(f"Post {number}")

    path = next_of((await client.get("/users/1/posts")).text)

    assert path is not None
    assert posts_on((await client.get(path)).text) == ["Post 0"]


async def test_a_post_has_a_page(client: Member, corey: Member) -> None:
    post = await corey.publish("A title & more", "Some words.")

    page = (await client.get(f"/posts/{post['id']}")).text

    assert "<p>Some words.</p>" in page
    assert title_of(page) == "A title & more · Blog"


async def test_the_title_of_its_page_is_the_beginning_of_its_own(
    client: Member, corey: Member
) -> None:
    post = await corey.publish("x" * 100)

    page = (await client.get(f"/posts/{post['id']}")).text

    assert title_of(page) == f"{'x' * 50} · Blog"


@pytest.mark.parametrize(
    "path", ["/posts/999", "/posts/0", f"/posts/{2**70}", "/users/999/posts", "/nothing"]
)
async def test_what_there_is_not_is_an_error_page(client: Member, path: str) -> None:
    response = await client.get(path)

    assert (response.status_code, title_of(response.text)) == (404, "404 Not Found · Blog")


async def test_what_is_no_id_is_an_error_page(client: Member) -> None:
    response = await client.get("/posts/abc")

    assert response.status_code == 422
    assert "Invalid request. Please check your input and try again." in response.text


async def test_without_a_database_there_is_an_error_page(
    client: Member, container: Container
) -> None:
    break_database(container, DatabaseUnavailable())

    response = await client.get("/")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert title_of(response.text) == "503 Service Unavailable · Blog"


@pytest.mark.parametrize("path", ["/", "/posts/{id}", "/users/1/posts", "/login"])
async def test_a_page_can_be_asked_for_its_headers(
    client: Member, corey: Member, path: str
) -> None:
    path = path.format(id=(await corey.publish())["id"])

    asked, got = await client.head(path), await client.get(path)

    assert asked.status_code == 200
    assert asked.headers["ETag"] == got.headers["ETag"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_page_changes_nothing(client: Member, method: str) -> None:
    response = await client.request(method, "/")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


# What is kept


@pytest.mark.parametrize("path", ["/", "/posts/{id}", "/users/1/posts"])
async def test_a_page_that_is_at_hand_is_not_sent_again(
    client: Member, corey: Member, path: str
) -> None:
    path = path.format(id=(await corey.publish())["id"])
    tag = (await client.get(path)).headers["ETag"]

    response = await client.get(path, headers={"If-None-Match": tag})

    assert (response.status_code, response.content) == (304, b"")


async def test_another_name_makes_another_page(client: Member, corey: Member) -> None:
    path = f"/posts/{(await corey.publish())['id']}"
    tag = (await client.get(path)).headers["ETag"]
    await corey.patch(corey.path, json={"username": "new"})

    response = await client.get(path, headers={"If-None-Match": tag})

    assert response.status_code == 200


async def test_what_anybody_sees_may_be_kept_for_others_without_a_cookie(client: Member) -> None:
    response = await client.get("/")

    assert (response.headers.get("Cache-Control"), response.headers["Vary"]) == (None, "Cookie")


async def test_what_a_visitor_sees_is_kept_by_their_browser_alone(browser: Member) -> None:
    response = await browser.get("/")

    assert response.headers["Cache-Control"] == "private, no-cache"


# Who sees it


async def test_a_visitor_is_greeted_by_name(browser: Member) -> None:
    page = (await browser.get("/")).text

    assert 'href="/account"' in page
    assert "corey" in page
    assert 'href="/login"' not in page


async def test_anybody_else_may_log_in(client: Member) -> None:
    page = (await client.get("/")).text

    assert 'href="/login"' in page
    assert 'href="/account"' not in page


async def test_whose_session_is_over_sees_what_anybody_sees(
    browser: Member, corey: Member, client: Member
) -> None:
    await corey.post("/api/users/logout")

    assert (await browser.get("/")).text == (await client.get("/")).text


@pytest.mark.parametrize("cookie", ["", "x", f"{'0' * 32}.{'A' * 43}", '"x"'])
async def test_a_cookie_that_is_none_is_nobodys(client: Member, cookie: str) -> None:
    anybody = (await client.get("/")).text

    response = await client.get("/", headers={"Cookie": f"session={cookie}"})

    assert (response.status_code, response.text) == (200, anybody)


async def test_authors_may_edit_their_posts_and_nobody_elses(
    browser: Member, corey: Member, ada: Member
) -> None:
    mine, hers = await corey.publish(), await ada.publish()

    pages = [(await browser.get(f"/posts/{post['id']}")).text for post in (mine, hers)]

    assert [
        f"/posts/{post['id']}/edit" in page for post, page in zip((mine, hers), pages, strict=True)
    ] == [True, False]


# Where it is


@pytest.mark.parametrize(
    ("path", "canonical"),
    [("/", "/"), ("/posts", "/"), ("/users/1/posts", "/users/1/posts"), ("/login", "/login")],
)
async def test_a_page_names_the_one_place_it_has(
    client: Member,
    corey: Member,  # noqa: ARG001 - has the account
    path: str,
    canonical: str,
) -> None:
    page = (await client.get(path, headers={"Host": "evil.test"})).text

    assert f'<link rel="canonical" href="http://localhost:8000{canonical}">' in page
    assert "evil" not in page


async def test_an_error_page_has_no_place(client: Member) -> None:
    assert "canonical" not in (await client.get("/nothing")).text


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "\"'><b>", "&lt;"])
async def test_other_peoples_words_are_words(client: Member, corey: Member, text: str) -> None:
    post = await corey.publish(text, text)
    await corey.patch(corey.path, json={"username": text})

    for path in ("/", f"/posts/{post['id']}", "/users/1/posts"):
        page = (await client.get(path)).text
        assert text in unescape(page)
        assert "alert(1)</script>" not in page
        assert "<b>" not in page
        assert "49" not in title_of(page)
