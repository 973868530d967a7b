"""What search engines find: the sitemap, in files that stay as they are, and robots.txt."""

from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.robotparser import RobotFileParser

import pytest
from dependency_injector import providers

from blog_adapters.container import Container, in_memory_container
from blog_adapters.settings import Settings
from blog_api.pages.sitemap import POSTS_PER_FILE
from blog_api.testing.people import Blog, Member, OpenBlog
from blog_core.domain.posts import PostId
from blog_core.errors import DatabaseUnavailable
from operations import Broken
from syndication import require_sitemap

pytestmark = pytest.mark.anyio

HERE = "http://localhost:8000"


class Numbered:
    """Posts of which only the ids matter, ascending."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids = ids

    async def ids(self, *, after: int, limit: int) -> list[PostId]:
        """See `PostQueries`."""
        start = bisect_right(self._ids, after)
        return [PostId(number) for number in self._ids[start : start + limit]]


class ReadOnce(Numbered):
    """Posts that cannot be walked further than one batch."""

    async def ids(self, *, after: int, limit: int) -> list[PostId]:
        """See `PostQueries`."""
        if after:
            raise DatabaseUnavailable
        return await super().ids(after=after, limit=limit)


def give(container: Container, ids: Sequence[int]) -> None:
    """Let the blog have these posts."""
    container.post_queries.override(providers.Object(Numbered(ids)))


async def files(client: Member) -> list[str]:
    """Return the files that the index names."""
    found = require_sitemap((await client.get("/sitemap.xml")).content, "sitemap")
    return [url.removeprefix(HERE) for url in found]


async def urls(client: Member, path: str) -> list[str]:
    """Return what a file names."""
    return require_sitemap((await client.get(path)).content)


@pytest.fixture
async def moved(blog_http: OpenBlog) -> AsyncIterator[Blog]:
    """A blog that is found somewhere else than where it listens."""
    settings = Settings(frontend_url="https://blog.example.com/r&d")
    async with blog_http(in_memory_container(settings)) as blog:
        yield blog


# The sitemap


async def test_an_empty_blog_has_its_home_page(client: Member) -> None:
    assert await files(client) == ["/sitemap-1.xml"]
    assert await urls(client, "/sitemap-1.xml") == [f"{HERE}/"]


async def test_each_post_is_named(client: Member, corey: Member) -> None:
    posts = [await corey.publish() for _ in range(3)]

    named = await urls(client, "/sitemap-1.xml")

    assert named == [f"{HERE}/", *(f"{HERE}/posts/{post['id']}" for post in posts)]


async def test_a_file_has_as_many_urls_as_it_may(client: Member, container: Container) -> None:
    give(container, range(1, 2 * POSTS_PER_FILE))

    first, second = [await urls(client, path) for path in await files(client)]

    assert len(first) == 50_000
    assert first[1:] + second == [f"{HERE}/posts/{n}" for n in range(1, 2 * POSTS_PER_FILE)]


async def test_a_post_stays_in_its_file_whatever_becomes_of_others(
    client: Member, container: Container
) -> None:
    last, first = POSTS_PER_FILE, POSTS_PER_FILE + 1
    give(container, [last, first])

    assert await urls(client, "/sitemap-1.xml") == [f"{HERE}/", f"{HERE}/posts/{last}"]
    assert await urls(client, "/sitemap-2.xml") == [f"{HERE}/posts/{first}"]


async def test_a_range_without_posts_is_no_file(client: Member, container: Container) -> None:
    give(container, [3 * POSTS_PER_FILE + 1, 5 * POSTS_PER_FILE])

    assert await files(client) == ["/sitemap-1.xml", "/sitemap-4.xml", "/sitemap-5.xml"]
    assert [(await client.get(f"/sitemap-{n}.xml")).status_code for n in range(1, 7)] == [
        *(200, 404, 404),
        *(200, 200, 404),
    ]


async def test_an_index_names_as_many_files_as_it_may(client: Member, container: Container) -> None:
    give(container, range(1, 50_001 * POSTS_PER_FILE, POSTS_PER_FILE))

    assert len(await files(client)) == 50_000


@pytest.mark.parametrize("number", [0, -1, 2**63 // POSTS_PER_FILE, 2**63 - 1, 10**30])
@pytest.mark.usefixtures("post")
async def test_no_other_number_is_a_file(client: Member, number: int) -> None:
    assert (await client.get(f"/sitemap-{number}.xml")).status_code == 404


async def test_every_address_begins_with_that_of_the_blog(moved: Blog) -> None:
    post = await (await moved.sign_up("corey")).publish()
    client = await moved.visitor()

    index = require_sitemap((await client.get("/sitemap.xml")).content, "sitemap")
    named = await urls(client, "/sitemap-1.xml")

    url = "https://blog.example.com/r&d"
    assert index == [f"{url}/sitemap-1.xml"]
    assert named == [f"{url}/", f"{url}/posts/{post['id']}"]


async def test_an_index_may_be_kept_until_there_is_another_file(
    client: Member, container: Container
) -> None:
    statuses = []
    give(container, [1])
    tag = (await client.get("/sitemap.xml")).headers["ETag"]
    for ids in ([1], [2, 3], [2, POSTS_PER_FILE + 1]):
        give(container, ids)
        # To the cache, whose data has not changed, it is another question each time.
        path = f"/sitemap.xml?{ids}"
        statuses.append((await client.get(path, headers={"If-None-Match": tag})).status_code)

    assert statuses == [304, 304, 200]


@pytest.mark.parametrize("path", ["/sitemap.xml", "/sitemap-1.xml", "/robots.txt"])
async def test_head_tells_what_get_does(client: Member, path: str) -> None:
    got, headed = await client.get(path), await client.head(path)

    assert (got.status_code, headed.status_code) == (200, 200)
    assert got.headers["Cache-Control"] == "public, max-age=3600"
    same = ("Content-Type", "Cache-Control", "Content-Length", "Transfer-Encoding", "ETag")
    assert [headed.headers.get(name) for name in same] == [got.headers.get(name) for name in same]


async def test_for_the_headers_alone_one_batch_is_read(
    client: Member, container: Container
) -> None:
    container.post_queries.override(providers.Object(ReadOnce(range(1, POSTS_PER_FILE))))

    assert (await client.head("/sitemap-1.xml")).status_code == 200
    with pytest.raises(RuntimeError, match="response already started"):
        await client.get("/sitemap-1.xml")


@pytest.mark.parametrize(
    "path", ["/sitemap.xml", "/sitemap-1.xml", "/sitemap-7.xml", "/robots.txt"]
)
async def test_a_browser_may_load_nothing_from_it(client: Member, path: str) -> None:
    headers = (await client.get(path)).headers

    policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    assert headers["Content-Security-Policy"] == policy
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.fixture
def response_cache() -> bool:
    """Have one, whatever the run."""
    return True


async def test_the_index_is_kept_and_a_file_is_not(
    client: Member,
    container: Container,
    post: dict[str, Any],  # noqa: ARG001 - is in it
) -> None:
    for path in ("/sitemap.xml", "/sitemap-1.xml"):
        await client.get(path)
    container.post_queries.override(providers.Object(Broken(DatabaseUnavailable())))

    statuses = [(await client.get(path)).status_code for path in ("/sitemap.xml", "/sitemap-1.xml")]

    assert statuses == [200, 503]


# robots.txt


async def test_robots_are_told_where_the_sitemap_is(moved: Blog) -> None:
    response = await (await moved.visitor()).get("/robots.txt")

    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "\nSitemap: https://blog.example.com/r&d/sitemap.xml\n" in response.text


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        *((path, True) for path in ("/", "/posts/1", "/users/1/posts", "/feed.atom", "/static/x")),
        *((path, True) for path in ("/?cursor=x", "/media/x.jpg", "/sitemap.xml", "/apiary")),
        *((path, False) for path in ("/api/posts", "/account", "/write", "/login", "/register")),
        *((path, False) for path in ("/forgot-password", "/reset-password", "/login?next=/write")),
    ],
)
async def test_robots_may_read_what_is_for_everybody(
    client: Member, path: str, allowed: bool
) -> None:
    robots = RobotFileParser()
    robots.parse((await client.get("/robots.txt")).text.splitlines())

    assert robots.can_fetch("anybot", f"{HERE}{path}") == allowed


async def test_robots_below_a_host_are_told_of_the_paths_there(moved: Blog) -> None:
    response = await (await moved.visitor()).get("/robots.txt")

    assert "\nDisallow: /r&d/api/\n" in response.text
    assert "\nDisallow: /r&d/posts/*/edit\n" in response.text
