"""Posts on real parts: writing, pages, cursors, conditional requests."""

from datetime import UTC, datetime
from typing import Any

import pytest

from blog_api.testing.people import Blog, Member
from journeys import clock_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(post: dict[str, Any]) -> str:
    """Where the post is found."""
    return f"/api/posts/{post['id']}"


async def published(member: Member, number: int) -> list[int]:
    """Publish so many posts and return their ids, the newest first."""
    return [(await member.publish(f"Post {i}"))["id"] for i in range(number)][::-1]


async def page(member: Member, path: str = "/api/posts", **query: Any) -> dict[str, Any]:  # noqa: ANN401 - the query's own names
    response = await member.get(path, params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def ids(page: dict[str, Any]) -> list[int]:
    return [post["id"] for post in page["posts"]]


async def walked(member: Member, cursor: str | None, way: str, limit: int = 2) -> list[int]:
    """Return the ids of all pages from a cursor on, in the order they came."""
    found: list[int] = []
    while cursor is not None:
        here = await page(member, cursor=cursor, limit=limit)
        found += ids(here) if way == "next_cursor" else reversed(ids(here))
        cursor = here[way]
    return found


# Writing


async def test_a_post_is_what_was_sent_by_whom_and_when(corey: Member) -> None:
    before = datetime.now(UTC)

    post = await corey.publish("Hello", "Some words.")

    posted = post.pop("date_posted")
    assert posted.endswith("Z")
    assert before <= datetime.fromisoformat(posted) <= datetime.now(UTC)
    assert post == {
        "id": post["id"],
        "title": "Hello",
        "content": "Some words.",
        "user_id": corey.id,
        "author": {
            "id": corey.id,
            "username": "corey",
            "image_file": None,
            "image_path": "/static/profile_pics/default.jpg",
        },
        "content_html": "<p>Some words.</p>\n",
    }


async def test_anybody_reads_a_post(visitor: Member, post: dict[str, Any], path: str) -> None:
    assert (await visitor.get(path)).json() == post


@pytest.mark.parametrize(
    "text", ["\n\t", " ", "\U0001f600 \u0627\u0644\u0639 e\u0301", "'; DROP TABLE posts; --", "%s"]
)
async def test_a_text_comes_back_as_it_was_sent(corey: Member, text: str) -> None:
    post = await corey.publish(text, text)

    read = (await corey.get(f"/api/posts/{post['id']}")).json()
    assert (read["title"], read["content"]) == (text, text)


async def test_the_longest_post_comes_back_whole(corey: Member) -> None:
    content = "\U0001f600" * 200_000

    post = await corey.publish("\U0001f600" * 100, content)

    assert (await corey.get(f"/api/posts/{post['id']}")).json()["content"] == content


@pytest.mark.parametrize("field", ["id", "user_id", "likes", "date_posted", "version"])
async def test_a_field_that_nobody_asked_for_changes_nothing(
    corey: Member, post: dict[str, Any], path: str, field: str
) -> None:
    response = await corey.patch(path, json={field: 99})

    assert (response.status_code, response.json()) == (200, post)


async def test_putting_changes_both_texts_and_nothing_else(
    corey: Member, post: dict[str, Any], path: str
) -> None:
    body = {"title": "Another", "content": "Other words."}

    response = await corey.put(path, json=body)

    html = {"content_html": "<p>Other words.</p>\n"}
    assert (response.status_code, response.json()) == (200, post | body | html)


@pytest.mark.parametrize("body", [{"title": "Another"}, {"content": "Other words."}, {}])
async def test_patching_changes_what_is_sent(
    corey: Member, post: dict[str, Any], path: str, body: dict[str, str]
) -> None:
    response = await corey.patch(path, json=body)

    html = {"content_html": f"<p>{(post | body)['content']}</p>\n"}
    assert (response.status_code, response.json()) == (200, post | body | html)


@pytest.mark.parametrize("field", ["title", "content"])
async def test_patching_with_null_is_422(corey: Member, path: str, field: str) -> None:
    assert (await corey.patch(path, json={field: None})).status_code == 422


@pytest.mark.parametrize("body", [{"title": "Another"}, {"content": "Other words."}, {}])
async def test_putting_half_a_post_is_422(corey: Member, path: str, body: dict[str, str]) -> None:
    assert (await corey.put(path, json=body)).status_code == 422


async def test_a_deleted_post_is_gone(corey: Member, path: str) -> None:
    response = await corey.delete(path)

    assert (response.status_code, response.content) == (204, b"")
    assert (await corey.get(path)).status_code == 404


async def test_deleting_twice_is_404(corey: Member, path: str) -> None:
    await corey.delete(path)

    assert (await corey.delete(path)).status_code == 404


# Pages


@pytest.mark.parametrize(
    ("query", "expected", "more"),
    [
        ({}, slice(0, 10), True),
        ({"limit": 100}, slice(0, 12), False),
        ({"limit": 1}, slice(0, 1), True),
        ({"skip": 4, "limit": 3}, slice(4, 7), True),
        ({"skip": 9, "limit": 3}, slice(9, 12), False),
        ({"skip": 12}, slice(0), False),
        ({"skip": 10_000}, slice(0), False),
        ({"unknown": 1, "limit": 12}, slice(0, 12), False),
    ],
)
async def test_a_page_is_a_slice_of_the_posts_the_newest_first(
    corey: Member, query: dict[str, Any], expected: slice, more: bool
) -> None:
    newest_first = await published(corey, 12)

    found = await page(corey, **query)

    assert ids(found) == newest_first[expected]
    assert (found["total"], found["has_more"]) == (12, more)


@pytest.mark.parametrize(
    "query", ["skip=-1", "skip=10001", "skip=x", "limit=0", "limit=101", "limit=x", "limit="]
)
@pytest.mark.parametrize("path", ["/api/posts", "{corey}/posts"])
async def test_a_bound_that_is_crossed_is_422(corey: Member, path: str, query: str) -> None:
    response = await corey.get(f"{path.format(corey=corey.path)}?{query}")

    assert response.status_code == 422


async def test_skipping_too_far_is_told_of_the_cursor(visitor: Member) -> None:
    assert "cursor" in (await visitor.get("/api/posts?skip=10001")).json()["detail"]


async def test_a_users_page_has_that_users_posts_only(corey: Member, ada: Member) -> None:
    his = await published(corey, 2)
    await published(ada, 3)

    found = await page(ada, f"{corey.path}/posts")

    assert (ids(found), found["total"]) == (his, 2)


async def test_a_user_without_posts_has_an_empty_page(ada: Member) -> None:
    found = await page(ada, f"{ada.path}/posts")

    assert (found["posts"], found["total"], found["has_more"]) == ([], 0, False)


# Cursors


async def test_walking_meets_every_post_once(corey: Member) -> None:
    newest_first = await published(corey, 7)
    first = await page(corey, limit=2)

    assert ids(first) + await walked(corey, first["next_cursor"], "next_cursor") == newest_first


async def test_walking_back_meets_them_again(corey: Member) -> None:
    newest_first = await published(corey, 7)
    last = await page(corey, skip=6)

    back = await walked(corey, last["prev_cursor"], "prev_cursor")

    assert back == newest_first[:6][::-1]


async def test_the_last_page_says_that_it_is_the_last(corey: Member) -> None:
    await published(corey, 3)
    first = await page(corey, limit=2)

    last = await page(corey, cursor=first["next_cursor"], limit=2)

    assert (last["next_cursor"], last["has_more"], last["skip"], last["total"]) == (
        None,
        False,
        None,
        3,
    )


async def test_what_is_written_and_deleted_meanwhile_moves_nothing(corey: Member) -> None:
    newest_first = await published(corey, 8)
    first = await page(corey, limit=3)
    second = await page(corey, limit=2, cursor=first["next_cursor"])
    seen, ahead = newest_first[:5], newest_first[5:]

    newer = await published(corey, 3)
    for gone in (seen[4], ahead[0]):  # the one the cursor stands at, and the next
        await corey.delete(f"/api/posts/{gone}")

    on = await walked(corey, second["next_cursor"], "next_cursor")
    back = await walked(corey, second["prev_cursor"], "prev_cursor")
    assert ids(first) + ids(second) == seen
    assert on == ahead[1:]
    assert back == [*seen[:3][::-1], *newer[::-1]]


async def test_a_users_cursor_stays_with_the_user(corey: Member, ada: Member) -> None:
    his = await published(corey, 3)
    await published(ada, 3)
    first = await page(ada, f"{corey.path}/posts", limit=1)

    rest = await page(ada, f"{corey.path}/posts", cursor=first["next_cursor"])

    assert ids(first) + ids(rest) == his


@pytest.mark.parametrize("made", ["cut", "typed", "of another list"])
async def test_a_cursor_of_no_use_here_is_400(corey: Member, made: str) -> None:
    await published(corey, 2)
    ours = (await page(corey, limit=1))["next_cursor"]
    theirs = (await page(corey, f"{corey.path}/posts", limit=1))["next_cursor"]
    cursor = {"cut": ours[:-4], "typed": "first", "of another list": theirs}[made]

    response = await corey.get("/api/posts", params={"cursor": cursor})

    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")


async def test_a_cursor_does_not_go_with_skip(corey: Member) -> None:
    await published(corey, 2)
    cursor = (await page(corey, limit=1))["next_cursor"]

    response = await corey.get("/api/posts", params={"cursor": cursor, "skip": 0})

    assert response.status_code == 422


async def test_the_link_header_leads_where_the_cursors_do(corey: Member) -> None:
    await published(corey, 5)
    middle = await page(corey, skip=2, limit=1)

    links = (await corey.get("/api/posts?skip=2&limit=1")).links

    assert links["next"]["url"] == f"?cursor={middle['next_cursor']}&limit=1"
    assert links["prev"]["url"] == f"?cursor={middle['prev_cursor']}&limit=1"


async def test_posts_of_one_moment_are_met_once_each(blog: Blog, corey: Member) -> None:
    clock_of(blog).stopped_at = datetime.now(UTC)
    newest_first = await published(corey, 5)
    first = await page(corey, limit=2)

    assert ids(first) + await walked(corey, first["next_cursor"], "next_cursor") == newest_first


# Conditional requests


READABLE = ["/api/posts", "{corey}/posts", "{corey}", "/api/users/me", "{post}"]


@pytest.fixture
def readable(request: pytest.FixtureRequest, corey: Member, path: str) -> str:
    found: str = request.param.format(corey=corey.path, post=path)
    return found


@pytest.mark.parametrize("readable", READABLE, indirect=True)
async def test_who_has_the_current_answer_is_told_so(corey: Member, readable: str) -> None:
    tag = (await corey.get(readable)).headers["ETag"]

    response = await corey.get(readable, headers={"If-None-Match": tag})

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == tag


@pytest.mark.parametrize("readable", READABLE, indirect=True)
async def test_who_has_an_old_answer_gets_the_new_one(corey: Member, readable: str) -> None:
    tag = (await corey.get(readable)).headers["ETag"]
    await corey.patch(corey.path, json={"username": "corey schafer"})

    response = await corey.get(readable, headers={"If-None-Match": tag})

    assert response.status_code == 200
    assert "corey schafer" in response.text


CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "{post}", {"json": {"title": "Another", "content": "Other words."}}),
    ("PATCH", "{post}", {"json": {"title": "Another"}}),
    ("DELETE", "{post}", {}),
    ("PATCH", "{corey}", {"json": {"username": "corey schafer"}}),
    ("DELETE", "{corey}", {}),
]


@pytest.mark.parametrize(("method", "readable", "arguments"), CHANGES, indirect=["readable"])
class TestAChange:
    """Of a post or an account."""

    async def test_of_what_was_seen_is_made(
        self, corey: Member, method: str, readable: str, arguments: dict[str, Any]
    ) -> None:
        seen = {"If-Match": (await corey.get(readable)).headers["ETag"]}

        response = await corey.request(method, readable, headers=seen, **arguments)

        assert response.is_success

    async def test_of_what_has_changed_meanwhile_is_412(
        self, corey: Member, method: str, readable: str, arguments: dict[str, Any]
    ) -> None:
        before = await corey.get(readable)
        await corey.patch(readable, json={"title": "Meanwhile", "username": "meanwhile"})
        meanwhile = await corey.get(readable)

        response = await corey.request(
            method, readable, headers={"If-Match": before.headers["ETag"]}, **arguments
        )

        assert (response.status_code, response.json()["code"]) == (412, "stale_version")
        assert (await corey.get(readable)).json() == meanwhile.json()

    async def test_of_whatever_is_there_is_made(
        self, corey: Member, method: str, readable: str, arguments: dict[str, Any]
    ) -> None:
        response = await corey.request(method, readable, headers={"If-Match": "*"}, **arguments)

        assert response.is_success


async def test_a_change_answers_the_tag_that_a_reader_gets(corey: Member, path: str) -> None:
    tag = (await corey.patch(path, json={"title": "Another"})).headers["ETag"]

    assert (await corey.get(path)).headers["ETag"] == tag
