"""What a write costs: how many statements, beside those that open and close its transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import text

from blog_adapters.sql import PooledDatabase, sql_unit_of_work
from blog_core.domain.access import Actor
from blog_core.domain.idempotency import IdempotencyKey
from blog_core.domain.keys import KeyRing
from blog_core.domain.posts import PostId
from blog_core.domain.users import User
from blog_core.ports import UnitOfWorkFactory
from blog_core.services.posts import Posts
from blog_core.testing import builders
from blog_core.testing.builders import StoppedClock
from blog_core.testing.contracts.base import given_posts, given_user
from costs import asked_of

pytestmark = pytest.mark.anyio

OTHERS = text(
    """INSERT INTO users (username, username_key, email, email_key, password_hash, version)
       SELECT 'u' || n, 'u' || n, 'e' || n, 'e' || n, 'hash', 1 FROM generate_series(1, 5000) n"""
)
A_POST_EACH = text(
    """INSERT INTO posts (title, content, user_id, date_posted, version)
       SELECT 'A title', '', id, now(), 1 FROM users"""
)
MANY_POSTS = text(
    """INSERT INTO posts (title, content, user_id, date_posted, version)
       SELECT 'A title', repeat('x', 500), (SELECT min(id) FROM users), now(), 1
       FROM generate_series(1, 10000)"""
)
COUNT_POSTS = text("SELECT count(*) FROM posts")


@dataclass(frozen=True, slots=True)
class Scene:
    """An author with a post, and what writes."""

    posts: Posts
    author: User
    actor: Actor
    post_id: PostId
    uow: UnitOfWorkFactory


@pytest.fixture
async def scene(blog_committing_database: PooledDatabase) -> Scene:
    uow = partial(sql_unit_of_work, blog_committing_database)
    author = await given_user(uow)
    (post,) = await given_posts(uow, builders.new_post(author.id))
    actor = Actor(user=author, session=builders.session(author.id))
    return Scene(Posts(uow=uow, clock=StoppedClock()), author, actor, post.id, uow)


async def publish(scene: Scene) -> None:
    await scene.posts.publish(actor=scene.actor, title="A title", content="Content")


async def publish_under_a_key(scene: Scene) -> None:
    key = IdempotencyKey("key", KeyRing((b"s" * 32,)))
    await scene.posts.publish(actor=scene.actor, title="A title", content="Content", key=key)


async def revise(scene: Scene) -> None:
    await scene.posts.revise(actor=scene.actor, post_id=scene.post_id, title="Another title")


async def delete(scene: Scene) -> None:
    await scene.posts.delete(actor=scene.actor, post_id=scene.post_id)


async def rename(scene: Scene) -> None:
    await save(scene, scene.author.renamed(username="other"))


async def change_password(scene: Scene) -> None:
    await save(scene, scene.author.with_password("other"))


async def save(scene: Scene, user: User) -> None:
    async with scene.uow() as unit:
        await unit.users.save(user)
        await unit.commit()


async def delete_author(scene: Scene) -> None:
    async with scene.uow() as unit:
        await unit.users.delete(scene.author.id)
        await unit.commit()


@pytest.mark.parametrize(
    ("write", "statements"),
    [
        (publish, ["INSERT"]),
        # The key is locked and looked up; then it is remembered, and what is over is forgotten.
        (publish_under_a_key, ["SELECT", "SELECT", "INSERT", "INSERT", "WITH"]),
        (revise, ["SELECT", "UPDATE"]),
        (delete, ["SELECT", "DELETE"]),
        (rename, ["SELECT", "SELECT", "UPDATE"]),
        (change_password, ["SELECT", "UPDATE"]),
        (delete_author, ["DELETE"]),
    ],
)
async def test_a_write_is_so_many_statements(
    blog_committing_database: PooledDatabase,
    scene: Scene,
    write: Callable[[Scene], Awaitable[None]],
    statements: list[str],
) -> None:
    async with asked_of(blog_committing_database) as asked:
        await write(scene)

    assert [one.query.split()[0] for one in asked] == ["BEGIN;", *statements, "COMMIT;"]


async def test_an_author_goes_with_many_posts_in_one_statement_that_gives_one_row(
    blog_committing_database: PooledDatabase, scene: Scene
) -> None:
    async with blog_committing_database.reading() as statements:
        for statement in (OTHERS, A_POST_EACH, MANY_POSTS, text("ANALYZE")):
            await statements.execute(statement)

    async with asked_of(blog_committing_database) as asked:
        await delete_author(scene)

    assert [one.query for one in asked[1:-1]] == [
        "DELETE FROM users WHERE users.id = $1::BIGINT RETURNING users.id"
    ]
    async with blog_committing_database.reading() as statements:
        assert [row[0] for row in await statements.execute(COUNT_POSTS)] == [5000]
