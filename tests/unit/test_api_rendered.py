"""Contents as HTML over HTTP: on single posts, and before anything is published."""

from typing import Any

import pytest
from httpx import AsyncClient

from blog_api.testing.people import Member

pytestmark = pytest.mark.anyio

MARKDOWN = "Some *words*[^1].\n\n[^1]: Note."
LARGE = "A few plain words and one *mark*. " * 5_700


async def test_a_single_post_has_its_content_as_html(corey: Member, client: AsyncClient) -> None:
    post = await corey.publish(content="# Some *words*")

    read = (await client.get(f"/api/posts/{post['id']}")).json()

    assert read["content"] == "# Some *words*"
    assert read["content_html"] == "<h2>Some <em>words</em></h2>\n"


@pytest.mark.parametrize("path", ["/api/posts", "/api/users/1/posts"])
async def test_a_post_in_a_list_does_not(
    client: AsyncClient,
    post: dict[str, Any],
    path: str,
) -> None:
    listed = (await client.get(path)).json()["posts"]

    del post["content_html"]
    assert listed == [post]


async def test_the_html_is_that_of_the_newest_version(corey: Member, client: AsyncClient) -> None:
    post = await corey.publish(content="old")
    await client.get(f"/api/posts/{post['id']}")

    await corey.patch(f"/api/posts/{post['id']}", json={"content": "new"})

    read = (await client.get(f"/api/posts/{post['id']}")).json()
    assert read["content_html"] == "<p>new</p>\n"


async def test_footnotes_of_two_posts_may_stand_on_one_page(corey: Member) -> None:
    first, second = await corey.publish(content=MARKDOWN), await corey.publish(content=MARKDOWN)

    assert f'id="fn-{first["id"]}-1"' in first["content_html"]
    assert f'id="fn-{second["id"]}-1"' in second["content_html"]


async def test_the_tag_of_a_post_names_how_it_is_rendered(
    client: AsyncClient, post: dict[str, Any]
) -> None:
    response = await client.get(f"/api/posts/{post['id']}")

    assert response.headers["ETag"] == '"1-1-1"'


async def test_a_tag_from_before_there_was_html_is_not_current(
    client: AsyncClient, post: dict[str, Any]
) -> None:
    response = await client.get(f"/api/posts/{post['id']}", headers={"If-None-Match": '"1-1"'})

    assert response.status_code == 200


@pytest.mark.parametrize("tag", ['"1"', '"1-1"', '"1-1-1"', '"1-9-9"'])
async def test_of_a_tag_that_an_edit_was_made_against_the_version_counts(
    corey: AsyncClient, post: dict[str, Any], tag: str
) -> None:
    response = await corey.patch(
        f"/api/posts/{post['id']}", json={"title": "x"}, headers={"If-Match": tag}
    )

    assert response.status_code == 200


async def test_a_preview_is_what_the_post_would_show(corey: AsyncClient) -> None:
    response = await corey.post("/api/preview", json={"content": "*a* <b>"})

    assert (response.status_code, response.json()) == (
        200,
        {"content_html": "<p><em>a</em> &lt;b&gt;</p>\n"},
    )


async def test_a_preview_is_not_to_be_kept(corey: AsyncClient) -> None:
    response = await corey.post("/api/preview", json={"content": "x"})

    assert response.headers["Cache-Control"] == "no-store"


async def test_a_preview_changes_nothing(corey: AsyncClient, client: AsyncClient) -> None:
    await corey.post("/api/preview", json={"content": "x"})

    assert (await client.get("/api/posts")).json()["total"] == 0


async def test_footnotes_of_a_preview_clash_with_no_posts(corey: AsyncClient) -> None:
    html = (await corey.post("/api/preview", json={"content": MARKDOWN})).json()["content_html"]

    assert 'id="fn-preview-1"' in html


async def test_a_large_content_can_be_previewed(corey: AsyncClient) -> None:
    response = await corey.post("/api/preview", json={"content": LARGE})

    assert response.json()["content_html"].count("<em>mark</em>") == 5_700


async def test_a_preview_needs_a_token(client: AsyncClient) -> None:
    response = await client.post("/api/preview", json={"content": "x"})

    assert (response.status_code, response.json()["detail"]) == (401, "Not authenticated")


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": "x" * 200_001}, {"content": 1}])
async def test_a_preview_takes_what_a_post_takes(corey: AsyncClient, body: dict[str, Any]) -> None:
    response = await corey.post("/api/preview", json=body)

    assert (response.status_code, response.json()["code"]) == (422, "validation_error")


async def test_a_preview_of_no_json_is_422(corey: AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}

    response = await corey.post("/api/preview", content="{", headers=headers)

    assert (response.status_code, response.json()["code"]) == (422, "invalid_json")
