"""The API behind the response cache: nobody can tell, but for the time it takes."""

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

import pytest
from dependency_injector import providers

from blog_adapters.container import Container, in_memory_container
from blog_adapters.settings import Settings
from blog_api.testing.people import Blog, Member, OpenBlog
from blog_core.errors import DatabaseUnavailable
from operations import Broken

pytestmark = pytest.mark.anyio

Logs = list[MutableMapping[str, Any]]

ROUTES = {
    "/api/posts": "/api/posts",
    "/api/posts/2": "/api/posts/{post_id}",
    "/api/users/1": "/api/users/{user_id}",
    "/api/users/1/posts?limit=1": "/api/users/{user_id}/posts",
    "/": "/",
    "/posts": "/posts",
    "/posts/2": "/posts/{post_id}",
    "/users/1/posts": "/users/{user_id}/posts",
}
READS = list(ROUTES)
WARM = pytest.mark.parametrize(("path", "route"), list(ROUTES.items()))


@pytest.fixture
def response_cache() -> bool:
    """Have one, whatever the run."""
    return True


@pytest.fixture
async def warm(client: Member, container: Container, post: dict[str, Any]) -> Member:  # noqa: ARG001 - is read
    """A reader of what was read before; nothing else would be answered."""
    for path in READS:
        await client.get(path)
    broken = providers.Object(Broken(DatabaseUnavailable()))
    container.override_providers(post_queries=broken, user_queries=broken)
    return client


@WARM
async def test_what_was_read_is_answered_without_the_database(
    warm: Member,
    path: str,
    route: str,  # noqa: ARG001 - of both
) -> None:
    assert (await warm.get(path)).status_code == 200
    assert (await warm.get("/api/posts?skip=1")).status_code == 503


@pytest.mark.parametrize(("tag", "status"), [('"x"', 200), ("*", 304)])
@WARM
async def test_an_answer_from_the_cache_has_its_line_in_the_log(
    warm: Member, logs: Logs, path: str, route: str, tag: str, status: int
) -> None:
    logs.clear()

    await warm.get(path, headers={"X-Request-ID": "abc", "If-None-Match": tag})

    (line,) = logs
    assert (line["method"], line["route"], line["status"]) == ("GET", route, status)
    assert (line["request_id"], line["user_id"]) == ("abc", None)


@pytest.mark.usefixtures("post")
async def test_each_answer_has_an_id_of_its_own(client: Member) -> None:
    ids = {(await client.get("/api/posts")).headers["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3


@pytest.mark.parametrize("path", READS)
async def test_ones_own_change_is_in_the_next_answer(
    client: Member, corey: Member, post: dict[str, Any], path: str
) -> None:
    before = await client.get(path)

    await corey.patch("/api/users/1", json={"username": "renamed"})
    await corey.patch(f"/api/posts/{post['id']}", json={"title": "Another title"})

    after = await client.get(path)
    assert after.text != before.text
    assert after.headers["ETag"] != before.headers["ETag"]


async def test_what_was_deleted_is_gone(
    client: Member, corey: Member, post: dict[str, Any]
) -> None:
    path = f"/api/posts/{post['id']}"
    await client.get(path)

    await corey.delete(path)

    assert (await client.get(path)).status_code == 404


async def test_what_was_read_of_one_container_is_not_anothers(blog_http: OpenBlog) -> None:
    names = []
    for name in ("corey", "ada"):
        async with blog_http(in_memory_container()) as blog:
            await blog.sign_up(name)
            names.append((await (await blog.visitor()).get("/api/users/1")).json()["username"])

    assert names == ["corey", "ada"]


# The same journey, with the cache and without


@pytest.fixture
async def uncached(blog_http: OpenBlog) -> AsyncIterator[Blog]:
    container = in_memory_container(Settings(response_cache_bytes=0))
    async with blog_http(container) as blog:
        yield blog


@pytest.fixture
async def cached(blog_http: OpenBlog) -> AsyncIterator[Blog]:
    async with blog_http(in_memory_container()) as blog:
        yield blog


async def test_one_setting_turns_it_off(uncached: Blog) -> None:
    reader = await uncached.visitor()
    await reader.get("/api/posts")
    uncached.container.post_queries.override(providers.Object(Broken(DatabaseUnavailable())))

    assert (await reader.get("/api/posts")).status_code == 503


TAGS = [None, "*", '"1"', 'W/"1-1", "2-1"', "1-1"]
PLACES = ["", "?limit=2", "?limit=2&skip=1", "?skip=1&limit=2", "?limit=0", "?skip=9&cursor=x"]
ASKED = [
    *(f"/api/posts{place}" for place in PLACES),
    *(f"/api/users/{number}/posts{place}" for number in (1, 9) for place in PLACES),
    *(f"/api/posts/{number}" for number in (0, 2, 3, "+2", "02", 2**70, "x")),
    *(f"/api/users/{number}" for number in (0, 1, 9, "me", "x")),
    "/api/posts/",
]


async def journey(blog: Blog) -> list[object]:
    """Change things, and after each change ask for everything twice."""
    stopped = datetime(2026, 5, 1, tzinfo=UTC)
    blog.container.clock.override(providers.Object(lambda: stopped))
    corey, visitor = await blog.sign_up("corey"), await blog.visitor()
    changes: list[Callable[[], Awaitable[object]]] = [
        corey.publish,
        lambda: corey.publish("Another"),
        lambda: corey.publish("A third"),
        lambda: corey.patch("/api/posts/2", json={"title": "New"}),
        lambda: corey.patch("/api/users/1", json={"username": "renamed"}),
        lambda: corey.delete("/api/posts/3"),
        lambda: corey.delete("/api/users/1"),
    ]
    seen: list[object] = []
    for change in changes:
        await change()
        for _ in range(2):
            for path in ASKED:
                for tag in TAGS:
                    headers = {"X-Request-ID": "same"} | ({"If-None-Match": tag} if tag else {})
                    response = await visitor.get(path, headers=headers)
                    seen.append(
                        (path, tag, response.status_code, response.headers.raw, response.content)
                    )
    return seen


async def test_the_same_journey_has_the_same_answers_to_the_byte(
    cached: Blog, uncached: Blog
) -> None:
    for kept, new in zip(await journey(cached), await journey(uncached), strict=True):
        assert kept == new
