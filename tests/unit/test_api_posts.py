"""Posts over HTTP: what each route answers, and in which order it checks."""

from datetime import UTC, datetime
from typing import Any

import pytest
from dependency_injector import providers
from httpx import AsyncClient

from blog_adapters.container import Container
from blog_core.errors import PostNotFound

pytestmark = pytest.mark.anyio

ARTICLE = {"title": "Another title", "content": "Other words."}
REVISED = ARTICLE | {"content_html": "<p>Other words.</p>\n"}


async def test_a_published_post_is_answered_with_201(corey: AsyncClient) -> None:
    response = await corey.post("/api/posts", json=ARTICLE)

    assert response.status_code == 201


async def test_a_published_post_comes_back_with_its_author(post: dict[str, Any]) -> None:
    assert post == {
        "id": 2,
        "title": "A title",
        "content": "Some words.",
        "user_id": 1,
        "date_posted": post["date_posted"],
        "author": {
            "id": 1,
            "username": "corey",
            "image_file": None,
            "image_path": "/static/profile_pics/default.jpg",
        },
        "content_html": "<p>Some words.</p>\n",
    }


async def test_date_posted_is_now_in_utc_with_z(corey: AsyncClient) -> None:
    before = datetime.now(UTC)

    post = (await corey.post("/api/posts", json=ARTICLE)).json()

    assert post["date_posted"].endswith("Z")
    assert before <= datetime.fromisoformat(post["date_posted"]) <= datetime.now(UTC)


async def test_publishing_needs_a_token(client: AsyncClient) -> None:
    response = await client.post("/api/posts", json=ARTICLE)

    assert (response.status_code, response.json()["detail"]) == (401, "Not authenticated")


async def test_members_of_the_body_that_are_not_known_change_nothing(corey: AsyncClient) -> None:
    body = ARTICLE | {"id": 99, "user_id": 99, "likes": 99, "date_posted": "2000-01-01T00:00:00Z"}

    post = (await corey.post("/api/posts", json=body)).json()

    assert (post["id"], post["user_id"]) == (2, 1)
    assert not post["date_posted"].startswith("2000")
    assert "likes" not in post


@pytest.mark.parametrize("length", [1, 100])
async def test_a_title_may_have_1_to_100_characters(corey: AsyncClient, length: int) -> None:
    title = "\N{SNOWMAN}" * length

    response = await corey.post("/api/posts", json=ARTICLE | {"title": title})

    assert response.json()["title"] == title


@pytest.mark.parametrize("length", [0, 101])
async def test_a_title_of_another_length_is_422(corey: AsyncClient, length: int) -> None:
    response = await corey.post("/api/posts", json=ARTICLE | {"title": "x" * length})

    assert response.status_code == 422


async def test_content_may_have_200_000_characters_however_they_are_written(
    corey: AsyncClient,
) -> None:
    escaped = b"\\u2603" * 200_000

    response = await corey.post(
        "/api/posts",
        content=b'{"title": "x", "content": "' + escaped + b'"}',
        headers={"Content-Type": "application/json"},
    )

    assert response.json()["content"] == "\N{SNOWMAN}" * 200_000


@pytest.mark.parametrize("length", [0, 200_001])
async def test_content_of_another_length_is_422(corey: AsyncClient, length: int) -> None:
    response = await corey.post("/api/posts", json=ARTICLE | {"content": "x" * length})

    assert response.status_code == 422


async def test_anybody_reads_a_post(client: AsyncClient, post: dict[str, Any]) -> None:
    response = await client.get(f"/api/posts/{post['id']}")

    assert (response.status_code, response.json()) == (200, post)


async def test_a_post_that_is_not_there_is_404(client: AsyncClient) -> None:
    response = await client.get("/api/posts/999")

    assert (response.status_code, response.json()["detail"]) == (404, "Post not found")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_an_author_revises_a_post(
    corey: AsyncClient, post: dict[str, Any], method: str
) -> None:
    response = await corey.request(method, f"/api/posts/{post['id']}", json=ARTICLE)

    assert (response.status_code, response.json()) == (200, post | REVISED)


async def test_a_revision_is_kept(
    corey: AsyncClient, client: AsyncClient, post: dict[str, Any]
) -> None:
    await corey.put(f"/api/posts/{post['id']}", json=ARTICLE)

    assert (await client.get(f"/api/posts/{post['id']}")).json() == post | REVISED


@pytest.mark.parametrize("field", ["title", "content"])
async def test_put_needs_both_fields(corey: AsyncClient, post: dict[str, Any], field: str) -> None:
    response = await corey.put(f"/api/posts/{post['id']}", json={field: "x"})

    assert response.status_code == 422


@pytest.mark.parametrize("field", ["title", "content"])
async def test_patch_changes_only_what_is_sent(
    corey: AsyncClient, post: dict[str, Any], field: str
) -> None:
    response = await corey.patch(f"/api/posts/{post['id']}", json={field: "changed"})

    html = {"content_html": "<p>changed</p>\n"} if field == "content" else {}
    assert response.json() == post | {field: "changed"} | html


async def test_an_empty_patch_changes_nothing(corey: AsyncClient, post: dict[str, Any]) -> None:
    response = await corey.patch(f"/api/posts/{post['id']}", json={})

    assert (response.status_code, response.json()) == (200, post)


@pytest.mark.parametrize("field", ["title", "content"])
async def test_patch_with_null_is_422(corey: AsyncClient, post: dict[str, Any], field: str) -> None:
    response = await corey.patch(f"/api/posts/{post['id']}", json={field: None})

    assert response.status_code == 422


@pytest.mark.parametrize("field", ["title", "content"])
async def test_patch_with_an_empty_text_is_422(
    corey: AsyncClient, post: dict[str, Any], field: str
) -> None:
    response = await corey.patch(f"/api/posts/{post['id']}", json={field: ""})

    assert response.status_code == 422


async def test_an_author_deletes_a_post(
    corey: AsyncClient, client: AsyncClient, post: dict[str, Any]
) -> None:
    response = await corey.delete(f"/api/posts/{post['id']}")

    assert (response.status_code, response.content) == (204, b"")
    assert (await client.get(f"/api/posts/{post['id']}")).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
class TestChanging:
    """The order of checks: token, form, 404, 403."""

    async def test_somebody_elses_post_is_403(
        self, ada: AsyncClient, post: dict[str, Any], method: str
    ) -> None:
        response = await ada.request(method, f"/api/posts/{post['id']}", json=ARTICLE)

        action = "delete" if method == "DELETE" else "update"
        detail = f"Not authorized to {action} this post"
        assert (response.status_code, response.json()["detail"]) == (403, detail)

    async def test_a_missing_post_is_404(self, corey: AsyncClient, method: str) -> None:
        response = await corey.request(method, "/api/posts/999", json=ARTICLE)

        assert (response.status_code, response.json()["detail"]) == (404, "Post not found")

    async def test_a_missing_post_without_a_token_is_401(
        self, client: AsyncClient, method: str
    ) -> None:
        response = await client.request(method, "/api/posts/999", json=ARTICLE)

        assert response.status_code == 401

    async def test_a_bad_id_without_a_token_is_401(self, client: AsyncClient, method: str) -> None:
        response = await client.request(method, "/api/posts/one", json=ARTICLE)

        assert response.status_code == 401

    async def test_a_bad_id_is_422(self, corey: AsyncClient, method: str) -> None:
        response = await corey.request(method, "/api/posts/one", json=ARTICLE)

        assert response.status_code == 422


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
class TestSendingABadBody:
    """A body is looked at before the post it is for."""

    async def test_to_somebody_elses_post_is_422(
        self, ada: AsyncClient, post: dict[str, Any], method: str
    ) -> None:
        response = await ada.request(method, f"/api/posts/{post['id']}", json={"title": ""})

        assert response.status_code == 422

    @pytest.mark.parametrize("body", [{"title": ""}, {"title": "\0"}, {"content": "\0"}])
    async def test_to_a_missing_post_is_422(
        self, corey: AsyncClient, method: str, body: dict[str, str]
    ) -> None:
        response = await corey.request(method, "/api/posts/999", json=ARTICLE | body)

        assert response.status_code == 422

    async def test_without_a_token_is_401(
        self, client: AsyncClient, post: dict[str, Any], method: str
    ) -> None:
        response = await client.request(method, f"/api/posts/{post['id']}", json={"title": ""})

        assert response.status_code == 401

    async def test_that_is_no_json_is_422_even_without_a_token(
        self, client: AsyncClient, post: dict[str, Any], method: str
    ) -> None:
        response = await client.request(
            method,
            f"/api/posts/{post['id']}",
            content="{",
            headers={"Content-Type": "application/json"},
        )

        assert response.status_code == 422


@pytest.mark.parametrize(
    "post_id", ["0", "-1", str(2**31), str(2**63 - 1), str(2**63), "9" * 30, "9" * 5000]
)
class TestAnIdThatNoPostHas:
    """However long, a whole number is a fair question."""

    async def test_reads_as_404(self, client: AsyncClient, post_id: str) -> None:
        assert (await client.get(f"/api/posts/{post_id}")).status_code == 404

    async def test_changes_as_404(self, corey: AsyncClient, post_id: str) -> None:
        assert (await corey.patch(f"/api/posts/{post_id}", json={})).status_code == 404


async def test_an_id_that_no_row_can_have_is_not_looked_for(
    client: AsyncClient, container: Container
) -> None:
    asked: list[int] = []

    class Recording:
        async def get(self, post_id: int) -> None:
            asked.append(post_id)
            raise PostNotFound

    container.post_queries.override(providers.Object(Recording()))

    for post_id in (str(2**63 - 1), str(2**63), "-1", "9" * 5000):
        await client.get(f"/api/posts/{post_id}")

    assert asked == [2**63 - 1, 0, 0, 0]


@pytest.mark.parametrize("post_id", ["one", "1.5", "0x1", "1e3", "%00", "%F0%9F%92%A9"])
async def test_an_id_that_is_no_whole_number_is_422(client: AsyncClient, post_id: str) -> None:
    response = await client.get(f"/api/posts/{post_id}")

    assert response.status_code == 422
