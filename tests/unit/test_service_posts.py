import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from blog_adapters.memory import MemoryDatabase, MemoryPostQueries
from blog_core.domain.access import Actor
from blog_core.domain.posts import Post, PostId
from blog_core.errors import (
    BlogError,
    Forbidden,
    InvalidText,
    PostNotFound,
    SessionEnded,
    StaleVersion,
)
from blog_core.services import Posts
from blog_core.testing import builders
from blog_core.testing.builders import NOW, StoppedClock, minutes
from blog_core.testing.contracts.base import given_posts, given_user

pytestmark = pytest.mark.anyio

NO_POST = PostId(999)
STALE = frozenset({7})


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def queries(database: MemoryDatabase) -> MemoryPostQueries:
    return MemoryPostQueries(database)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def posts(database: MemoryDatabase, clock: StoppedClock) -> Posts:
    return Posts(uow=database.unit_of_work, clock=clock)


async def given_actor(database: MemoryDatabase, username: str) -> Actor:
    user = await given_user(database.unit_of_work, builders.new_user(username))
    return Actor(user=user, session=builders.session(user.id))


@pytest.fixture
async def author(database: MemoryDatabase) -> Actor:
    return await given_actor(database, "author")


@pytest.fixture
async def stranger(database: MemoryDatabase) -> Actor:
    return await given_actor(database, "stranger")


@pytest.fixture
async def post(database: MemoryDatabase, author: Actor) -> Post:
    return (await given_posts(database.unit_of_work, builders.new_post(author.user.id)))[0]


async def test_a_published_post_is_dated_now_and_shown_beside_its_author(
    posts: Posts, queries: MemoryPostQueries, clock: StoppedClock, author: Actor
) -> None:
    clock.now = NOW + minutes(5)

    published = await posts.publish(actor=author, title="A title", content="Some content.")

    assert published.author == author.user.author
    assert published.post.date_posted == NOW + minutes(5)
    assert await queries.get(published.post.id) == published


async def test_a_post_that_breaks_a_text_rule_is_not_published(
    posts: Posts, queries: MemoryPostQueries, author: Actor
) -> None:
    with pytest.raises(InvalidText):
        await posts.publish(actor=author, title="", content="Some content.")

    assert (await queries.page(limit=10)).total == 0


async def test_who_was_deleted_meanwhile_publishes_no_more(
    posts: Posts, database: MemoryDatabase, author: Actor
) -> None:
    async with database.unit_of_work() as unit:
        await unit.users.delete(author.user.id)
        await unit.commit()

    with pytest.raises(SessionEnded):
        await posts.publish(actor=author, title="A title", content="Some content.")


@pytest.mark.parametrize(
    ("changes", "title", "content"),
    [
        ({"title": "New"}, "New", "Some content."),
        ({"content": "New"}, "A title", "New"),
        ({"title": "New", "content": "Newer"}, "New", "Newer"),
    ],
)
async def test_a_revision_changes_what_is_given_and_nothing_else(
    posts: Posts,
    queries: MemoryPostQueries,
    clock: StoppedClock,
    author: Actor,
    post: Post,
    changes: dict[str, Any],
    title: str,
    content: str,
) -> None:
    clock.now = NOW + minutes(5)

    revised = await posts.revise(actor=author, post_id=post.id, **changes)

    assert revised.post == replace(post, title=title, content=content, version=2)
    assert await queries.get(post.id) == revised


@pytest.mark.parametrize("changes", [{}, {"title": "A title"}], ids=["nothing", "the-same"])
async def test_a_revision_that_changes_nothing_makes_no_new_version(
    posts: Posts,
    queries: MemoryPostQueries,
    author: Actor,
    post: Post,
    changes: dict[str, Any],
) -> None:
    revised = await posts.revise(actor=author, post_id=post.id, **changes)

    assert revised.post == post
    assert (await queries.get(post.id)).post == post


async def test_a_revision_of_a_version_that_was_seen_is_made(
    posts: Posts, author: Actor, post: Post
) -> None:
    revised = await posts.revise(
        actor=author, post_id=post.id, title="New", seen=frozenset({post.version})
    )

    assert revised.post.version == 2


async def test_of_racing_writers_who_saw_one_version_one_wins(
    posts: Posts, queries: MemoryPostQueries, author: Actor, post: Post
) -> None:
    results = await asyncio.gather(
        *(
            posts.revise(actor=author, post_id=post.id, title=letter, seen=frozenset({1}))
            for letter in "abcde"
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(result, StaleVersion) for result in results) == 4
    assert await queries.get(post.id) in results


async def test_edits_of_different_fields_at_once_both_survive(
    posts: Posts, queries: MemoryPostQueries, author: Actor, post: Post
) -> None:
    await asyncio.gather(
        posts.revise(actor=author, post_id=post.id, title="New"),
        posts.revise(actor=author, post_id=post.id, content="Newer"),
    )

    stored = (await queries.get(post.id)).post
    assert (stored.title, stored.content) == ("New", "Newer")


async def test_a_deleted_post_is_gone(
    posts: Posts, queries: MemoryPostQueries, author: Actor, post: Post
) -> None:
    await posts.delete(actor=author, post_id=post.id, seen=frozenset({post.version}))

    with pytest.raises(PostNotFound):
        await queries.get(post.id)


Attempt = Callable[[Posts, Actor, PostId], Awaitable[object]]


async def revise(posts: Posts, actor: Actor, post_id: PostId) -> None:
    await posts.revise(actor=actor, post_id=post_id, title="", seen=STALE)


async def delete(posts: Posts, actor: Actor, post_id: PostId) -> None:
    await posts.delete(actor=actor, post_id=post_id, seen=STALE)


BOTH = pytest.mark.parametrize("attempt", [revise, delete])


async def refusal(attempt: Awaitable[object]) -> tuple[type[BlogError], str]:
    with pytest.raises(BlogError) as refused:
        await attempt
    return refused.type, str(refused.value)


@BOTH
async def test_a_missing_post_is_told_before_anything_else(
    posts: Posts, stranger: Actor, attempt: Attempt
) -> None:
    assert await refusal(attempt(posts, stranger, NO_POST)) == (PostNotFound, "Post not found")


@BOTH
async def test_a_stranger_is_told_before_a_stale_version(
    posts: Posts, stranger: Actor, post: Post, attempt: Attempt
) -> None:
    assert await refusal(attempt(posts, stranger, post.id)) == (
        Forbidden,
        f"Not authorized to {'update' if attempt is revise else 'delete'} this post",
    )


@BOTH
async def test_a_stale_version_is_told_before_a_broken_text_rule(
    posts: Posts, author: Actor, post: Post, attempt: Attempt
) -> None:
    assert (await refusal(attempt(posts, author, post.id)))[0] is StaleVersion


async def test_a_revision_that_breaks_a_text_rule_is_not_made(
    posts: Posts, author: Actor, post: Post
) -> None:
    with pytest.raises(InvalidText):
        await posts.revise(actor=author, post_id=post.id, title="")


@BOTH
async def test_a_stranger_changes_nothing(
    posts: Posts, queries: MemoryPostQueries, stranger: Actor, post: Post, attempt: Attempt
) -> None:
    with pytest.raises(Forbidden):
        await attempt(posts, stranger, post.id)

    assert (await queries.get(post.id)).post == post
