"""The feeds: three formats, one content, and what readers are told about it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import feedparser
import pytest
from dependency_injector import providers

from blog_adapters.container import Container, in_memory_container
from blog_adapters.settings import Settings
from blog_api.pages.feeds import ENTRIES, HTML_MAX, Source, absolute
from blog_api.testing.people import Blog, Member, OpenBlog
from blog_core.domain.posts import PostPage
from blog_core.errors import DatabaseUnavailable
from operations import Broken
from syndication import ATOM, CONTENT, parsed, require_atom, require_json_feed, require_rss

pytestmark = pytest.mark.anyio

SUFFIXES = ["atom", "rss", "json"]
MEDIA_TYPES = {
    "atom": "application/atom+xml",
    "rss": "application/rss+xml",
    "json": "application/feed+json",
}
REQUIRE: dict[str, Callable[[bytes], object]] = {
    "atom": require_atom,
    "rss": require_rss,
    "json": require_json_feed,
}
TITLES = [
    "<b>Bold</b> & brave",
    "]]> is the end",
    "a < b && c > d",
    "&lt;already escaped&gt;",
    "\U0001f40d\u200d and \U0001f469\u200d\U0001f4bb",
    "\u05e9\u05dc\u05d5\u05dd \u202eworld",
    "quotes \" and '",
    "tab\tand\nline",
]

all_formats = pytest.mark.parametrize("suffix", SUFFIXES)


@pytest.fixture
async def moved(blog_http: OpenBlog) -> AsyncIterator[Blog]:
    """A blog that is found somewhere else than where it listens."""
    settings = Settings(frontend_url="https://blog.example.com/journal")
    async with blog_http(in_memory_container(settings)) as blog:
        yield blog


def titles_in(suffix: str, document: bytes) -> list[str | None]:
    """Return the titles of a feed's entries, as its format has them."""
    if suffix == "json":
        return [item["title"] for item in require_json_feed(document)["items"]]
    if suffix == "rss":
        return [item.findtext("title") for item in require_rss(document).iter("item")]
    entries = require_atom(document).iter(f"{ATOM}entry")
    return [entry.findtext(f"{ATOM}title") for entry in entries]


def contents_in(suffix: str, document: bytes) -> list[str | None]:
    """Return the HTML of a feed's entries."""
    if suffix == "json":
        return [item["content_html"] for item in require_json_feed(document)["items"]]
    name = CONTENT if suffix == "rss" else f"{ATOM}content"
    return [node.text for node in parsed(document).iter(name)]


def ids_in(document: bytes) -> list[str]:
    """Return the ids of a feed's entries, whatever its format."""
    return re.findall(r"tag:[^\"<]*?/posts/[0-9]+", document.decode())


# What a feed is


@all_formats
@pytest.mark.parametrize("place", ["", "/users/1"])
async def test_a_feed_keeps_to_its_standard(corey: Member, place: str, suffix: str) -> None:
    for title in TITLES:
        await corey.publish(title, "First.\n\nSecond & last: `a < b`")

    response = await corey.get(f"{place}/feed.{suffix}")

    assert response.headers["Content-Type"] == MEDIA_TYPES[suffix]
    REQUIRE[suffix](response.content)


@all_formats
async def test_an_empty_blog_has_a_feed(client: Member, suffix: str) -> None:
    response = await client.get(f"/feed.{suffix}")

    REQUIRE[suffix](response.content)
    assert ids_in(response.content) == []


@all_formats
@pytest.mark.usefixtures("corey")
async def test_an_author_without_posts_has_a_feed(client: Member, suffix: str) -> None:
    response = await client.get(f"/users/1/feed.{suffix}")

    REQUIRE[suffix](response.content)
    assert "corey" in response.text
    assert ids_in(response.content) == []


async def test_a_feed_without_posts_was_always_updated_at_the_same_time(client: Member) -> None:
    feed = require_atom((await client.get("/feed.atom")).content)

    assert feed.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"


@pytest.mark.usefixtures("corey")
async def test_an_authors_feed_says_whose_it_is(client: Member) -> None:
    atom, rss, json = [(await client.get(f"/users/1/feed.{each}")).content for each in SUFFIXES]

    page = "http://localhost:8000/users/1/posts"
    assert require_atom(atom).findtext(f"{ATOM}author/{ATOM}name") == "corey"
    assert require_rss(rss).findtext("title") == "corey · Blog"
    assert require_json_feed(json)["authors"] == [{"name": "corey", "url": page}]


@pytest.mark.parametrize("path", ["/users/9/feed.atom", "/users/1/feed.xml", "/feed.", "/feed"])
@pytest.mark.usefixtures("corey")
async def test_there_is_no_other_feed(client: Member, path: str) -> None:
    response = await client.get(path)

    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")


@all_formats
async def test_a_feed_has_the_newest_posts_from_the_newest_on(corey: Member, suffix: str) -> None:
    for number in range(ENTRIES + 2):
        await corey.publish(str(number))

    response = await corey.get(f"/feed.{suffix}")

    assert titles_in(suffix, response.content) == [str(n) for n in range(ENTRIES + 1, 1, -1)]


@all_formats
async def test_an_authors_feed_has_no_other_posts(
    client: Member, corey: Member, ada: Member, suffix: str
) -> None:
    await corey.publish("By corey")
    await ada.publish("By ada")

    response = await client.get(f"/users/2/feed.{suffix}")

    assert titles_in(suffix, response.content) == ["By ada"]


@all_formats
@pytest.mark.parametrize("title", TITLES)
async def test_a_title_arrives_as_it_was_typed(corey: Member, suffix: str, title: str) -> None:
    await corey.publish(title)

    response = await corey.get(f"/feed.{suffix}")

    assert titles_in(suffix, response.content) == [title]


@all_formats
async def test_a_content_arrives_as_html_with_absolute_links(corey: Member, suffix: str) -> None:
    await corey.publish(content="*Some* [words](/about) & `a < b`")

    response = await corey.get(f"/feed.{suffix}")

    (html,) = contents_in(suffix, response.content)
    assert html is not None
    assert "<em>Some</em>" in html
    assert ' href="http://localhost:8000/about"' in html
    assert "&amp; <code>a &lt; b</code>" in html


async def test_a_summary_in_rss_is_html_that_shows_plain_text(corey: Member) -> None:
    await corey.publish(content="`<i>` & more")

    channel = require_rss((await corey.get("/feed.rss")).content)

    assert channel.findtext("item/description") == "&lt;i&gt; &amp; more"


@pytest.mark.parametrize("suffix", ["atom", "rss"])
@pytest.mark.parametrize("character", ["\ufffe", "\uffff"])
async def test_what_xml_cannot_hold_breaks_no_feed(
    corey: Member, suffix: str, character: str
) -> None:
    await corey.publish(f"a{character}b", f"c{character}d")

    response = await corey.get(f"/feed.{suffix}")

    REQUIRE[suffix](response.content)
    assert titles_in(suffix, response.content) == ["a\ufffdb"]


@pytest.mark.parametrize("suffix", ["atom", "rss"])
async def test_a_feed_reader_understands_it(corey: Member, suffix: str) -> None:
    post = await corey.publish("Title & more", "Words.")

    read = feedparser.parse((await corey.get(f"/feed.{suffix}")).content)

    assert not read.bozo
    assert read.version == {"atom": "atom10", "rss": "rss20"}[suffix]
    (entry,) = read.entries
    assert (entry.title, entry.author) == ("Title & more", "corey")
    assert entry.link == f"http://localhost:8000/posts/{post['id']}"
    assert "Words." in entry.content[0].value
    assert entry.published_parsed[:3] == tuple(map(int, post["date_posted"][:10].split("-")))


# Names that last


async def test_all_formats_call_a_post_the_same(client: Member, post: dict[str, Any]) -> None:
    documents = [(await client.get(f"/feed.{suffix}")).content for suffix in SUFFIXES]

    day = post["date_posted"][:10]
    name = f"tag:localhost,{day}:/posts/{post['id']}"
    assert [ids_in(document) for document in documents] == [[name]] * 3


async def test_an_edit_and_a_new_name_leave_the_ids_alone(
    client: Member, corey: Member, post: dict[str, Any]
) -> None:
    before = (await client.get("/feed.atom")).content
    await corey.patch(f"/api/posts/{post['id']}", json={"title": "Another"})
    await corey.patch("/api/users/1", json={"username": "renamed"})

    after = (await client.get("/feed.atom")).content

    assert after != before
    assert ids_in(after) == ids_in(before)


@all_formats
async def test_every_address_begins_with_that_of_the_blog(moved: Blog, suffix: str) -> None:
    corey = await moved.sign_up("corey")
    post = await corey.publish()

    response = await corey.get(f"/users/1/feed.{suffix}", headers={"Host": "evil.example.com"})

    url = "https://blog.example.com/journal"
    assert f"{url}/users/1/feed.{suffix}" in response.text
    assert f"{url}/users/1/posts" in response.text
    assert f"{url}/posts/{post['id']}" in response.text
    assert f"tag:blog.example.com,{post['date_posted'][:10]}:" in response.text
    assert "evil" not in response.text


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="/about">x</a>', '<a href="https://b.example/about">x</a>'),
        ('<img src="cat.png" alt="">', '<img src="https://b.example/posts/cat.png" alt="">'),
        ('<a href="#note">1</a>', '<a href="https://b.example/posts/1#note">1</a>'),
        ('<a href="//c.example/">x</a>', '<a href="https://c.example/">x</a>'),
        ('<a href="?a=1&amp;b=2">x</a>', '<a href="https://b.example/posts/1?a=1&amp;b=2">x</a>'),
    ],
)
def test_links_and_pictures_are_found_from_anywhere(html: str, expected: str) -> None:
    assert absolute(html, base="https://b.example/posts/1") == expected


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://c.example/?a=1&amp;b=%20">x</a>',
        '<a href="mailto:ada@example.com">x</a>',
        '<a href="http://[oops/">x</a>',
        '<p>&lt;a href="/about"&gt; and src="x"</p>',
        '<a title="a > b href=x" href="https://c.example/">href="/x"</a>',
    ],
)
def test_all_else_in_a_content_stays_as_it_is(html: str) -> None:
    assert absolute(html, base="https://b.example/posts/1") == html


# Asking again


@all_formats
async def test_a_feed_may_be_kept_and_asked_for_again(
    client: Member,
    post: dict[str, Any],  # noqa: ARG001 - is in it
    suffix: str,
) -> None:
    first = await client.get(f"/feed.{suffix}")

    second = await client.get(f"/feed.{suffix}", headers={"If-None-Match": first.headers["ETag"]})

    assert (second.status_code, second.content) == (304, b"")
    for response in (first, second):
        assert response.headers["Cache-Control"] == "public, max-age=300"
        assert response.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("path", ["/feed.atom", "/users/1/feed.atom"])
@pytest.mark.parametrize(
    "change",
    [
        lambda corey: corey.publish("Another"),
        lambda corey: corey.patch("/api/posts/2", json={"title": "Another"}),
        lambda corey: corey.patch("/api/users/1", json={"username": "renamed"}),
        lambda corey: corey.delete("/api/posts/2"),
    ],
    ids=["publish", "edit", "rename", "delete"],
)
async def test_whatever_changes_a_feed_changes_its_tag(
    client: Member,
    corey: Member,
    post: dict[str, Any],  # noqa: ARG001 - is changed
    path: str,
    change: Callable[[Member], Awaitable[object]],
) -> None:
    before = (await client.get(path)).headers["ETag"]
    await change(corey)

    after = await client.get(path, headers={"If-None-Match": before})

    assert after.status_code == 200
    assert after.headers["ETag"] != before


async def test_another_address_of_the_blog_is_another_tag() -> None:
    page = PostPage(posts=(), total=0, next_cursor=None, prev_cursor=None)

    tags = {Source(url).version(page, None) for url in ("http://a.example", "http://b.example")}

    assert len(tags) == 2


@pytest.mark.usefixtures("corey")
async def test_a_new_name_is_news_also_in_a_feed_without_posts(
    client: Member, corey: Member
) -> None:
    before = (await client.get("/users/1/feed.atom")).headers["ETag"]

    await corey.patch("/api/users/1", json={"username": "renamed"})

    assert (await client.get("/users/1/feed.atom")).headers["ETag"] != before


@all_formats
@pytest.mark.parametrize("place", ["", "/users/1"])
@pytest.mark.usefixtures("post")
async def test_head_tells_what_get_does(client: Member, place: str, suffix: str) -> None:
    path = f"{place}/feed.{suffix}"
    got, headed = await client.get(path), await client.head(path)

    same = ("Content-Type", "ETag", "Cache-Control", "Content-Length")
    assert headed.status_code == 200
    assert [headed.headers[name] for name in same] == [got.headers[name] for name in same]


@all_formats
async def test_nothing_can_be_sent_to_a_feed(client: Member, suffix: str) -> None:
    response = await client.post(f"/feed.{suffix}")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


@all_formats
@pytest.mark.parametrize("place", ["", "/users/1", "/users/9"])
@pytest.mark.usefixtures("corey")
async def test_a_browser_may_load_nothing_from_a_feed(
    client: Member, place: str, suffix: str
) -> None:
    headers = (await client.get(f"{place}/feed.{suffix}")).headers

    policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    assert headers["Content-Security-Policy"] == policy
    assert headers["X-Content-Type-Options"] == "nosniff"


# From memory


@pytest.fixture
def response_cache() -> bool:
    """Have one, whatever the run."""
    return True


@all_formats
@pytest.mark.parametrize("place", ["", "/users/1"])
async def test_a_feed_that_was_read_is_answered_without_the_database(
    client: Member,
    container: Container,
    post: dict[str, Any],  # noqa: ARG001 - is in it
    place: str,
    suffix: str,
) -> None:
    first = await client.get(f"{place}/feed.{suffix}")
    broken = providers.Object(Broken(DatabaseUnavailable()))
    container.override_providers(post_queries=broken, user_queries=broken)

    second = await client.get(f"{place}/feed.{suffix}")

    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers["Cache-Control"] == "public, max-age=300"


async def test_a_change_is_in_the_next_feed(client: Member, corey: Member) -> None:
    await client.get("/feed.atom")

    await corey.publish("News")

    assert titles_in("atom", (await client.get("/feed.atom")).content) == ["News"]


@all_formats
async def test_what_there_is_no_room_for_is_there_with_its_beginning(
    client: Member, corey: Member, suffix: str
) -> None:
    for _ in range(4):
        await corey.publish(content="word " * 39_000)

    contents = contents_in(suffix, (await client.get(f"/feed.{suffix}")).content)

    whole = [content for content in contents if content and len(content) > 1000]
    assert (len(contents), len(whole)) == (4, 2)
    assert sum(len(content or "") for content in contents) <= HTML_MAX
