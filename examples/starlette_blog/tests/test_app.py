"""The app over the kit's fakes: `blog_container` is a container of them, new for each test."""

from collections.abc import AsyncIterator

import httpx
import pytest

from blog_adapters.container import Container
from blog_starlette import create_app

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(blog_container: Container) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        posts=blog_container.posts(),
        access=blog_container.access(),
        queries=blog_container.post_queries(),
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://blog") as client:
        yield client


@pytest.fixture
async def ada(blog_container: Container) -> dict[str, str]:
    """The header that says one is ada."""
    email, password = "ada@example.com", "correct horse"
    await blog_container.users().register(username="ada", email=email, password=password)
    token = await blog_container.access().log_in(email=email, password=password)
    return {"Authorization": f"Bearer {token.value}"}


async def test_what_is_published_is_listed_beside_its_author(
    client: httpx.AsyncClient, ada: dict[str, str]
) -> None:
    draft = {"title": "Hello", "content": "From Starlette."}
    published = await client.post("/posts", json=draft, headers=ada)

    listed = await client.get("/posts")

    assert (published.status_code, listed.json()) == (
        201,
        {"posts": [{"title": "Hello", "by": "ada"}], "total": 1, "after": None},
    )


async def test_the_list_goes_on_after_its_first_page(
    client: httpx.AsyncClient, ada: dict[str, str]
) -> None:
    for number in range(11):
        draft = {"title": f"Post {number}", "content": "More."}
        await client.post("/posts", json=draft, headers=ada)
    first = await client.get("/posts")

    second = await client.get("/posts", params={"after": first.json()["after"]})

    assert [post["title"] for post in second.json()["posts"]] == ["Post 0"]


async def test_nobody_publishes_without_a_token(client: httpx.AsyncClient) -> None:
    refused = await client.post("/posts", json={"title": "Hello", "content": "Anyone?"})

    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b'{"title": 1, "content": "c"}', b'{"title": "", "content": "c"}'],
)
async def test_a_draft_that_is_none_is_refused(
    client: httpx.AsyncClient, ada: dict[str, str], body: bytes
) -> None:
    refused = await client.post("/posts", content=body, headers=ada)

    assert refused.status_code == 422
    assert (await client.get("/posts")).json()["total"] == 0


async def test_a_made_up_place_is_refused(client: httpx.AsyncClient) -> None:
    refused = await client.get("/posts", params={"after": "here"})

    assert (refused.status_code, refused.json()) == (422, {"detail": "Invalid cursor"})
