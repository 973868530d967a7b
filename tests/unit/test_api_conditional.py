"""Entity tags: If-None-Match on reading, If-Match on changing."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from blog_core.testing import builders

pytestmark = pytest.mark.anyio

READABLE = ["/api/posts/2", "/api/posts", "/api/users/1", "/api/users/1/posts", "/api/users/me"]
"""With the posts of the `post` fixture."""

PATHS = pytest.mark.parametrize("path", READABLE)


async def tag_of(client: AsyncClient, path: str) -> str:
    tag: str = (await client.get(path)).headers["ETag"]
    return tag


@pytest.mark.usefixtures("post")
@PATHS
class TestReading:
    """Whoever has the current version is told so."""

    async def test_the_tag_is_strong(self, corey: AsyncClient, path: str) -> None:
        tag = await tag_of(corey, path)

        assert tag.startswith('"')
        assert tag.endswith('"')

    async def test_the_tag_is_the_same_while_nothing_changes(
        self, corey: AsyncClient, path: str
    ) -> None:
        assert await tag_of(corey, path) == await tag_of(corey, path)

    @pytest.mark.parametrize("header", ["{}", "W/{}", '"x", {}', '{},"x,y"', "*", " * "])
    async def test_what_is_current_is_304(self, corey: AsyncClient, path: str, header: str) -> None:
        tag = await tag_of(corey, path)

        response = await corey.get(path, headers={"If-None-Match": header.format(tag)})

        assert (response.status_code, response.content) == (304, b"")

    async def test_a_304_carries_the_tag(self, corey: AsyncClient, path: str) -> None:
        tag = await tag_of(corey, path)

        response = await corey.get(path, headers={"If-None-Match": tag})

        assert response.headers["ETag"] == tag

    async def test_tags_may_come_in_several_headers(self, corey: AsyncClient, path: str) -> None:
        tag = await tag_of(corey, path)

        response = await corey.get(path, headers=[("If-None-Match", '"x"'), ("If-None-Match", tag)])

        assert response.status_code == 304

    @pytest.mark.parametrize("header", ['"x"', 'W/"x", "y"', "", "x", '"', '"1', "1-1", "**"])
    async def test_another_tag_is_200(self, corey: AsyncClient, path: str, header: str) -> None:
        response = await corey.get(path, headers={"If-None-Match": header})

        assert response.status_code == 200

    async def test_a_new_name_of_the_author_is_a_new_version(
        self, corey: AsyncClient, path: str
    ) -> None:
        before = await tag_of(corey, path)

        await corey.patch("/api/users/1", json={"username": "renamed"})

        assert await tag_of(corey, path) != before


@pytest.mark.parametrize("path", ["/api/posts/2", "/api/posts", "/api/users/1/posts"])
@pytest.mark.usefixtures("post")
async def test_another_title_is_a_new_version(corey: AsyncClient, path: str) -> None:
    before = await tag_of(corey, path)

    await corey.patch("/api/posts/2", json={"title": "Another"})

    assert await tag_of(corey, path) != before


@pytest.mark.usefixtures("post")
async def test_another_post_is_a_new_version_of_the_page(corey: AsyncClient) -> None:
    before = await tag_of(corey, "/api/posts?skip=0&limit=1")

    await corey.post("/api/posts", json={"title": "x", "content": "x"})

    assert await tag_of(corey, "/api/posts?skip=1&limit=1") != before


@pytest.mark.usefixtures("post")
async def test_a_304_about_oneself_is_not_to_be_kept(corey: AsyncClient) -> None:
    response = await corey.get("/api/users/me", headers={"If-None-Match": "*"})

    assert response.headers["Cache-Control"] == "no-store"


async def test_a_missing_post_is_404_whatever_one_has(client: AsyncClient) -> None:
    response = await client.get("/api/posts/999", headers={"If-None-Match": "*"})

    assert response.status_code == 404


# Changing

CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "/api/posts/2", {"json": {"title": "New", "content": "New"}}),
    ("PATCH", "/api/posts/2", {"json": {"title": "New"}}),
    ("DELETE", "/api/posts/2", {}),
    ("PATCH", "/api/users/1", {"json": {"username": "new"}}),
    ("DELETE", "/api/users/1", {}),
    ("PATCH", "/api/users/1/picture", {"files": {"file": builders.png()}}),
    ("DELETE", "/api/users/1/picture", {}),
]


def readable(path: str) -> str:
    return path.removesuffix("/picture")


@pytest.fixture
async def picture(corey: AsyncClient) -> None:
    """A picture for corey, so that there is one to delete."""
    await corey.patch("/api/users/1/picture", files={"file": builders.png()})


@pytest.mark.usefixtures("post", "picture")
@pytest.mark.parametrize(
    ("method", "path", "body"), CHANGES, ids=[f"{method} {path}" for method, path, _ in CHANGES]
)
class TestChanging:
    """Whoever has seen another version is stopped."""

    @pytest.mark.parametrize("header", ["{}", '"99", {}', '{},W/"1"', "*"])
    async def test_with_the_current_tag_succeeds(
        self, corey: AsyncClient, method: str, path: str, body: dict[str, Any], header: str
    ) -> None:
        tag = await tag_of(corey, readable(path))

        response = await corey.request(
            method, path, headers={"If-Match": header.format(tag)}, **body
        )

        assert response.is_success

    @pytest.mark.parametrize("header", ['"99"', '"99-1"', "W/{}", "", "x", "99", '"x-1"', '"0"'])
    async def test_with_another_tag_is_412(
        self, corey: AsyncClient, method: str, path: str, body: dict[str, Any], header: str
    ) -> None:
        tag = await tag_of(corey, readable(path))

        response = await corey.request(
            method, path, headers={"If-Match": header.format(tag)}, **body
        )

        assert (response.status_code, response.json()["code"]) == (412, "stale_version")

    async def test_with_another_tag_changes_nothing(
        self, corey: AsyncClient, method: str, path: str, body: dict[str, Any]
    ) -> None:
        before = (await corey.get(readable(path))).content

        await corey.request(method, path, headers={"If-Match": '"99"'}, **body)

        assert (await corey.get(readable(path))).content == before

    async def test_somebody_elses_is_403_whatever_the_tag(
        self, ada: AsyncClient, method: str, path: str, body: dict[str, Any]
    ) -> None:
        response = await ada.request(method, path, headers={"If-Match": '"99"'}, **body)

        assert response.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"), [change for change in CHANGES if change[0] != "DELETE"]
)
@pytest.mark.usefixtures("post")
async def test_a_change_answers_the_new_tag(
    corey: AsyncClient, method: str, path: str, body: dict[str, Any]
) -> None:
    before = await tag_of(corey, readable(path))

    response = await corey.request(method, path, **body)

    tags = (response.headers["ETag"], await tag_of(corey, readable(path)))
    assert tags[0] == tags[1] != before


async def test_a_new_post_answers_its_tag(corey: AsyncClient) -> None:
    response = await corey.post("/api/posts", json={"title": "x", "content": "x"})

    assert response.headers["ETag"] == await tag_of(corey, f"/api/posts/{response.json()['id']}")


async def test_a_new_account_answers_its_tag(client: AsyncClient) -> None:
    body = {"username": "x", "email": "x@example.com", "password": "testpassword123"}

    response = await client.post("/api/users", json=body)

    assert response.headers["ETag"] == await tag_of(client, "/api/users/1")


@pytest.mark.usefixtures("post")
async def test_a_new_name_of_the_author_does_not_make_an_edit_stale(corey: AsyncClient) -> None:
    tag = await tag_of(corey, "/api/posts/2")
    await corey.patch("/api/users/1", json={"username": "renamed"})

    response = await corey.patch("/api/posts/2", json={"title": "New"}, headers={"If-Match": tag})

    assert response.status_code == 200


@pytest.mark.usefixtures("post")
async def test_of_racing_edits_with_one_tag_one_wins(corey: AsyncClient) -> None:
    headers = {"If-Match": await tag_of(corey, "/api/posts/2")}

    responses = await asyncio.gather(
        *(
            corey.patch("/api/posts/2", json={"title": f"Edit {n}"}, headers=headers)
            for n in range(20)
        )
    )

    assert sorted(response.status_code for response in responses) == [200] + [412] * 19


async def test_racing_edits_of_different_fields_both_survive(
    corey: AsyncClient, post: dict[str, Any]
) -> None:
    changes = {"title": "New title", "content": "New content"}

    await asyncio.gather(
        *(corey.patch("/api/posts/2", json={field: changed}) for field, changed in changes.items())
    )

    shown = {"content_html": "<p>New content</p>\n"}
    assert (await corey.get("/api/posts/2")).json() == post | changes | shown
