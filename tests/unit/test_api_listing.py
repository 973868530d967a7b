"""Pages of posts: by number and by cursor, of all users and of one."""

from typing import Any
from urllib.parse import urljoin

import pytest
from httpx import AsyncClient

from blog_adapters.container import Container, in_memory_container
from blog_adapters.settings import Settings

pytestmark = pytest.mark.anyio

LISTS = ["/api/posts", "/api/users/1/posts"]


async def published(author: AsyncClient, title: str) -> dict[str, Any]:
    """Publish a post and return it as lists show it: without its HTML."""
    post: dict[str, Any] = (
        await author.post("/api/posts", json={"title": title, "content": "x"})
    ).json()
    del post["content_html"]
    return post


@pytest.fixture
async def posts(corey: AsyncClient) -> list[dict[str, Any]]:
    """Five posts by corey, the newest first, as lists show them."""
    return [await published(corey, f"Number {n}") for n in range(5)][::-1]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.usefixtures("corey")
async def test_a_list_without_posts_is_an_empty_page(client: AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert (response.status_code, response.json()) == (
        200,
        {
            "posts": [],
            "total": 0,
            "skip": 0,
            "limit": 10,
            "has_more": False,
            "next_cursor": None,
            "prev_cursor": None,
        },
    )


@pytest.mark.parametrize("path", LISTS)
async def test_the_newest_post_comes_first(
    client: AsyncClient, posts: list[dict[str, Any]], path: str
) -> None:
    assert (await client.get(path)).json()["posts"] == posts


async def test_a_users_list_has_only_their_posts(
    client: AsyncClient, ada: AsyncClient, posts: list[dict[str, Any]]
) -> None:
    hers = await published(ada, "Hers")

    assert (await client.get("/api/users/2/posts")).json()["posts"] == [hers]
    assert (await client.get("/api/users/1/posts")).json()["posts"] == posts


@pytest.mark.parametrize(
    ("query", "numbers", "more"),
    [
        ({}, [0, 1, 2, 3, 4], False),
        ({"limit": 2}, [0, 1], True),
        ({"skip": 2, "limit": 2}, [2, 3], True),
        ({"skip": 3, "limit": 2}, [3, 4], False),
        ({"skip": 5}, [], False),
        ({"skip": 10_000, "limit": 100}, [], False),
        ({"page": 3, "sort": "title"}, [0, 1, 2, 3, 4], False),
    ],
)
@pytest.mark.parametrize("path", LISTS)
async def test_a_page_by_number(
    client: AsyncClient,
    posts: list[dict[str, Any]],
    path: str,
    query: dict[str, int],
    numbers: list[int],
    more: bool,
) -> None:
    page = (await client.get(path, params=query)).json()

    assert page["posts"] == [posts[number] for number in numbers]
    assert (page["total"], page["has_more"]) == (5, more)
    assert (page["skip"], page["limit"]) == (query.get("skip", 0), query.get("limit", 10))


@pytest.mark.parametrize(
    "query",
    [
        {"skip": -1},
        {"skip": 10_001},
        {"skip": 2**63},
        {"skip": "9" * 5000},
        {"skip": "two"},
        {"skip": ""},
        {"limit": 0},
        {"limit": 101},
        {"limit": 2**63},
        {"limit": "ten"},
        {"limit": "1.5"},
    ],
)
@pytest.mark.parametrize("path", LISTS)
@pytest.mark.usefixtures("corey")
async def test_a_number_out_of_range_is_422(
    client: AsyncClient, path: str, query: dict[str, Any]
) -> None:
    assert (await client.get(path, params=query)).status_code == 422


async def test_skipping_too_far_points_to_cursors(client: AsyncClient) -> None:
    problem = (await client.get("/api/posts", params={"skip": 10_001})).json()

    assert problem["errors"][0]["pointer"] == "/query/skip"
    assert "`cursor`" in problem["detail"]


class TestWithFewerPostsAPage:
    """POSTS_PER_PAGE is the default of `limit`."""

    @pytest.fixture
    def blog_container(self) -> Container:
        return in_memory_container(Settings(secret_key="x" * 32, posts_per_page=3))  # type: ignore[arg-type]  # pydantic makes it a secret

    @pytest.mark.usefixtures("posts")
    async def test_the_default_limit_is_the_setting(self, client: AsyncClient) -> None:
        page = (await client.get("/api/posts")).json()

        assert (len(page["posts"]), page["limit"], page["has_more"]) == (3, 3, True)


# Cursors


@pytest.mark.parametrize("path", LISTS)
async def test_next_cursors_lead_through_the_list(
    client: AsyncClient, posts: list[dict[str, Any]], path: str
) -> None:
    page = (await client.get(path, params={"limit": 2})).json()
    found = page["posts"]
    while page["next_cursor"]:
        query = {"limit": 2, "cursor": page["next_cursor"]}
        page = (await client.get(path, params=query)).json()
        found += page["posts"]

    assert found == posts


@pytest.mark.parametrize("path", LISTS)
async def test_prev_cursors_lead_back(
    client: AsyncClient, posts: list[dict[str, Any]], path: str
) -> None:
    last = (await client.get(path, params={"skip": 4})).json()

    query = {"limit": 4, "cursor": last["prev_cursor"]}
    page = (await client.get(path, params=query)).json()

    assert (page["posts"], page["prev_cursor"]) == (posts[:4], None)


async def test_with_a_cursor_skip_is_null_and_has_more_means_older_posts(
    client: AsyncClient, posts: list[dict[str, Any]]
) -> None:
    first = (await client.get("/api/posts", params={"limit": 2})).json()

    query = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await client.get("/api/posts", params=query)).json()
    query = {"limit": 2, "cursor": second["next_cursor"]}
    third = (await client.get("/api/posts", params=query)).json()

    assert [(page["skip"], page["has_more"]) for page in (second, third)] == [
        (None, True),
        (None, False),
    ]
    assert [page["total"] for page in (second, third)] == [len(posts)] * 2


async def test_a_cursor_stays_where_it_is_when_posts_come_and_go(
    corey: AsyncClient, posts: list[dict[str, Any]]
) -> None:
    cursor = (await corey.get("/api/posts", params={"limit": 2})).json()["next_cursor"]

    await corey.post("/api/posts", json={"title": "Newer", "content": "x"})
    await corey.delete(f"/api/posts/{posts[1]['id']}")

    page = (await corey.get("/api/posts", params={"cursor": cursor})).json()
    assert page["posts"] == posts[2:]


@pytest.mark.parametrize("cursor", ["", "x", "%00", "é", "A" * 40, "A" * 5000])
async def test_a_bad_cursor_is_400(client: AsyncClient, cursor: str) -> None:
    response = await client.get("/api/posts", params={"cursor": cursor})

    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.usefixtures("posts")
async def test_a_cursor_of_another_list_is_400(client: AsyncClient) -> None:
    cursor = (await client.get("/api/posts", params={"limit": 2})).json()["next_cursor"]

    response = await client.get("/api/users/1/posts", params={"cursor": cursor})

    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("skip", [0, 2])
@pytest.mark.usefixtures("posts")
async def test_a_cursor_together_with_skip_is_422(client: AsyncClient, skip: int) -> None:
    cursor = (await client.get("/api/posts", params={"limit": 2})).json()["next_cursor"]

    response = await client.get("/api/posts", params={"cursor": cursor, "skip": skip})

    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/query/skip")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.usefixtures("posts")
async def test_the_link_header_leads_the_same_way(client: AsyncClient, path: str) -> None:
    page = await client.get(path, params={"skip": 2, "limit": 2})

    for relation, cursor in (("next", "next_cursor"), ("prev", "prev_cursor")):
        followed = await client.get(urljoin(str(page.url), page.links[relation]["url"]))
        query = {"cursor": page.json()[cursor], "limit": 2}
        assert followed.json() == (await client.get(path, params=query)).json()


@pytest.mark.usefixtures("posts")
async def test_a_list_on_one_page_has_no_link_header(client: AsyncClient) -> None:
    assert "Link" not in (await client.get("/api/posts")).headers
