"""What no clause can know: that this is a file, with other processes around it."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from blog_core.errors import DatabaseUnavailable, PostNotFound
from blog_core.testing import builders
from blog_sqlite.database import SqliteDatabase
from blog_sqlite.pictures import ShardedImageStorage
from blog_sqlite.queries import SqlitePostQueries
from blog_sqlite.unit_of_work import sqlite_unit_of_work

pytestmark = pytest.mark.anyio


async def test_what_was_committed_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "blog.db"
    async with SqliteDatabase.opened(path) as database, sqlite_unit_of_work(database) as unit:
        user = await unit.users.add(builders.new_user())
        await unit.commit()

    async with SqliteDatabase.opened(path) as database, sqlite_unit_of_work(database) as unit:
        assert await unit.users.get(user.id) == user


async def test_a_file_that_cannot_be_made_is_an_unavailable_database(tmp_path: Path) -> None:
    before = set(threading.enumerate())

    with pytest.raises(DatabaseUnavailable):
        async with SqliteDatabase.opened(tmp_path / "no" / "such" / "folder"):
            pass

    # The thread of a connection that did not open speaks to this loop once more.
    for thread in set(threading.enumerate()) - before:
        await asyncio.to_thread(thread.join)


async def test_a_file_that_is_no_database_is_a_fault_and_not_unavailable(tmp_path: Path) -> None:
    (tmp_path / "blog.db").write_text("a letter to ada, " * 100)

    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        async with SqliteDatabase.opened(tmp_path / "blog.db"):
            pass


async def test_while_another_process_writes_the_database_is_unavailable(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "blog.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(DatabaseUnavailable):
            async with sqlite_unit_of_work(database) as unit:
                await unit.users.add(builders.new_user())


async def test_a_reader_does_not_wait_for_an_open_unit(database: SqliteDatabase) -> None:
    async with sqlite_unit_of_work(database) as unit:
        user = await unit.users.add(builders.new_user())
        post = await unit.posts.add(builders.new_post(user.id))

        with pytest.raises(PostNotFound):
            await SqlitePostQueries(database).get(post.id)


async def test_the_id_of_a_deleted_post_is_not_given_to_another(database: SqliteDatabase) -> None:
    async with sqlite_unit_of_work(database) as unit:
        draft = builders.new_post((await unit.users.add(builders.new_user())).id)
        deleted = await unit.posts.add(draft)
        await unit.posts.delete(deleted.id)

        assert (await unit.posts.add(draft)).id > deleted.id


async def test_a_unit_that_sqlite_has_rolled_back_stores_nothing_more(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    async with sqlite_unit_of_work(database) as unit:
        await unit.users.add(builders.new_user("before"))
        await database._writer.rollback()

        with pytest.raises(DatabaseUnavailable):
            await unit.users.add(builders.new_user("after"))
        with pytest.raises(sqlite3.OperationalError, match="no transaction is active"):
            await unit.commit()

    with closing(sqlite3.connect(tmp_path / "blog.db")) as other:
        assert other.execute("SELECT count(*) FROM users").fetchone() == (0,)


async def test_a_picture_lies_where_its_address_says(tmp_path: Path) -> None:
    pictures = ShardedImageStorage(tmp_path, public_url="/media/")
    name = "0123456789abcdef0123456789abcdef.jpg"

    await pictures.put(name, builders.JPEG)

    assert pictures.url(name) == f"/media/01/23/{name}"
    assert (tmp_path / "01" / "23" / name).read_bytes() == builders.JPEG


@pytest.mark.parametrize("name", ["../../etc/passwd", "me.jpg", "0" * 32 + ".jpg\n", ""])
async def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    pictures = ShardedImageStorage(tmp_path, public_url="/media")

    with pytest.raises(ValueError, match="hexadecimal"):
        await pictures.put(name, builders.JPEG)
