"""The use cases of blog-core run over SQLite as they do over anything else."""

from functools import partial

import pytest

from blog_core.domain.access import Actor
from blog_core.errors import Forbidden
from blog_core.services import Posts
from blog_core.testing import builders
from blog_sqlite.database import SqliteDatabase
from blog_sqlite.queries import SqlitePostQueries
from blog_sqlite.unit_of_work import sqlite_unit_of_work

pytestmark = pytest.mark.anyio


@pytest.fixture
def posts(database: SqliteDatabase) -> Posts:
    return Posts(uow=partial(sqlite_unit_of_work, database), clock=builders.StoppedClock())


async def someone(database: SqliteDatabase, name: str) -> Actor:
    async with sqlite_unit_of_work(database) as unit:
        user = await unit.users.add(builders.new_user(name))
        await unit.commit()
    return Actor(user=user, session=builders.session(user.id))


async def test_what_is_published_is_on_the_first_page(
    posts: Posts, database: SqliteDatabase
) -> None:
    ada = await someone(database, "ada")

    published = await posts.publish(actor=ada, title="Hello", content="From a file.")

    assert (await SqlitePostQueries(database).page(limit=10)).posts == (published,)


async def test_a_revision_counts_a_version(posts: Posts, database: SqliteDatabase) -> None:
    ada = await someone(database, "ada")
    published = await posts.publish(actor=ada, title="Hello", content="From a file.")

    revised = await posts.revise(actor=ada, post_id=published.post.id, title="Hello again")

    assert (revised.post.title, revised.post.version) == ("Hello again", 2)


async def test_nobody_deletes_the_post_of_another(posts: Posts, database: SqliteDatabase) -> None:
    ada, bob = await someone(database, "ada"), await someone(database, "bob")
    published = await posts.publish(actor=ada, title="Hello", content="From a file.")

    with pytest.raises(Forbidden):
        await posts.delete(actor=bob, post_id=published.post.id)

    assert await SqlitePostQueries(database).get(published.post.id) == published
