"""Pages of posts, against the plain list that they are pages of."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog_adapters.memory import MemoryDatabase, MemoryPostQueries
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import Post, PostPage
from blog_core.domain.users import UserId
from blog_core.testing import builders
from blog_core.testing.builders import NOW
from blog_core.testing.contracts.base import given_user

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Listed:
    """A list of posts: as stored, and as a plain list from the newest to the oldest."""

    queries: MemoryPostQueries
    database: MemoryDatabase
    author_id: UserId | None
    posts: list[Post]

    async def page(self, limit: int, skip: int = 0, cursor: Cursor | None = None) -> PostPage:
        """Return a page of it."""
        return await self.queries.page(
            author_id=self.author_id, limit=limit, skip=skip, cursor=cursor
        )


# Each post by one of two authors, in one of three seconds: most dates are shared.
WRITTEN = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), max_size=12)
WHOSE = st.none() | st.integers(0, 1)
LIMITS = st.integers(1, 5)


async def listed(written: list[tuple[int, int]], whose: int | None) -> Listed:
    database = MemoryDatabase()
    authors = [
        await given_user(database.unit_of_work, builders.new_user(name)) for name in ("ada", "bob")
    ]
    posts: list[Post] = []
    async with database.unit_of_work() as unit:
        for author, seconds in written:
            moment = NOW + timedelta(seconds=seconds)
            posts.append(
                await unit.posts.add(builders.new_post(authors[author].id, date_posted=moment))
            )
        await unit.commit()
    author_id = None if whose is None else authors[whose].id
    return Listed(
        queries=MemoryPostQueries(database),
        database=database,
        author_id=author_id,
        posts=sorted(
            (post for post in posts if author_id in (None, post.author_id)),
            key=lambda post: (post.date_posted, post.id),
            reverse=True,
        ),
    )


def posts_of(page: PostPage) -> list[Post]:
    return [view.post for view in page.posts]


@given(written=WRITTEN, whose=WHOSE, limit=LIMITS, skip=st.integers(0, 15))
async def test_a_page_is_a_slice_of_the_list(
    written: list[tuple[int, int]], whose: int | None, limit: int, skip: int
) -> None:
    blog = await listed(written, whose)

    page = await blog.page(limit, skip)

    assert posts_of(page) == blog.posts[skip : skip + limit]


@given(written=WRITTEN, whose=WHOSE, limit=LIMITS, skip=st.integers(0, 15))
async def test_a_page_has_a_cursor_for_each_way_in_which_posts_lie(
    written: list[tuple[int, int]], whose: int | None, limit: int, skip: int
) -> None:
    blog = await listed(written, whose)

    page = await blog.page(limit, skip)

    shown = bool(blog.posts[skip:])
    assert bool(page.next_cursor) == bool(blog.posts[skip + limit :])
    assert bool(page.prev_cursor) == bool(shown and skip)
    assert page.total == len(blog.posts)


@given(written=WRITTEN, whose=WHOSE, limits=st.lists(LIMITS, min_size=13, max_size=13))
async def test_walking_to_the_end_meets_each_post_once_and_in_order(
    written: list[tuple[int, int]], whose: int | None, limits: list[int]
) -> None:
    blog = await listed(written, whose)

    page = await blog.page(limits.pop())
    met = posts_of(page)
    while page.next_cursor:
        page = await blog.page(limits.pop(), cursor=page.next_cursor)
        met += posts_of(page)

    assert met == blog.posts


@given(written=WRITTEN, whose=WHOSE, limits=st.lists(LIMITS, min_size=13, max_size=13))
async def test_walking_back_from_the_end_meets_each_post_once(
    written: list[tuple[int, int]], whose: int | None, limits: list[int]
) -> None:
    blog = await listed(written, whose)

    page = await blog.page(limits.pop(), skip=max(0, len(blog.posts) - 1))
    met = posts_of(page)
    while page.prev_cursor:
        page = await blog.page(limits.pop(), cursor=page.prev_cursor)
        met = posts_of(page) + met

    assert met == blog.posts


@given(written=WRITTEN, limit=LIMITS, deleted=st.integers(0, 11), seconds=st.integers(0, 2))
async def test_a_walk_misses_and_repeats_none_of_the_posts_that_stay(
    written: list[tuple[int, int]], limit: int, deleted: int, seconds: int
) -> None:
    blog = await listed(written, None)

    page = await blog.page(limit)
    met = posts_of(page)
    if blog.posts:
        await change(blog, blog.posts[deleted % len(blog.posts)], seconds)
    while page.next_cursor:
        page = await blog.page(limit, cursor=page.next_cursor)
        met += posts_of(page)

    gone = blog.posts[deleted % len(blog.posts)] if blog.posts else None
    assert [post for post in met if post in blog.posts and post != gone] == [
        post for post in blog.posts if post != gone
    ]


async def change(blog: Listed, gone: Post, seconds: int) -> None:
    """Delete a post and publish another, somewhere in the list."""
    moment = NOW + timedelta(seconds=seconds)
    async with blog.database.unit_of_work() as unit:
        await unit.posts.delete(gone.id)
        await unit.posts.add(builders.new_post(gone.author_id, date_posted=moment))
        await unit.commit()
