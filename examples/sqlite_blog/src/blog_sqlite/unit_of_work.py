"""`UnitOfWork` on SQLite, as far as posts and users go.

From its first statement on a unit is the only writer: what it has looked at stays as it was.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

from blog_core.domain.posts import NewPost, Post, PostId
from blog_core.domain.text import canonical_key
from blog_core.domain.users import Author, NewUser, User, UserId
from blog_core.errors import EmailTaken, PostNotFound, StaleVersion, UsernameTaken, UserNotFound
from blog_sqlite.database import SqliteDatabase, Transaction

V = TypeVar("V", Author, Post, User)


def value_from(kind: type[V], row: sqlite3.Row, **known: object) -> V:
    """Return a value whose fields are `known`, or in columns of their names."""
    names = {field.name for field in fields(kind)} - known.keys()
    values: dict[str, Any] = {name: row[name] for name in names} | known
    return kind(**values)


def post_from(row: sqlite3.Row) -> Post:
    """Return the post in a row that has the columns of `posts`."""
    return value_from(Post, row, date_posted=datetime.fromisoformat(row["date_posted"]))


def as_text(moment: datetime) -> str:
    """Return a text that sorts like the moment, from year 1 to 9999."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class SqlitePosts:
    """`PostRepository` on SQLite."""

    def __init__(self, transaction: Transaction) -> None:
        self._sql = transaction

    async def add(self, post: NewPost) -> Post:
        await self._sql.one(UserNotFound, "SELECT id FROM users WHERE id = :id", id=post.author_id)
        sql = """INSERT INTO posts (author_id, title, content, date_posted)
            VALUES (:author_id, :title, :content, :date_posted) RETURNING *"""
        values = asdict(post) | {"date_posted": as_text(post.date_posted)}
        return post_from(*await self._sql.run(sql, **values))

    async def get(self, post_id: PostId) -> Post:
        sql = "SELECT * FROM posts WHERE id = :id"
        return post_from(await self._sql.one(PostNotFound, sql, id=post_id))

    async def save(self, post: Post) -> Post:
        if (await self.get(post.id)).version != post.version:
            raise StaleVersion
        sql = """UPDATE posts SET title = :title, content = :content, version = version + 1
            WHERE id = :id RETURNING *"""
        return post_from(*await self._sql.run(sql, **asdict(post)))

    async def delete(self, post_id: PostId) -> None:
        sql = "DELETE FROM posts WHERE id = :id RETURNING id"
        await self._sql.one(PostNotFound, sql, id=post_id)


class SqliteUsers:
    """`UserRepository` on SQLite."""

    def __init__(self, transaction: Transaction) -> None:
        self._sql = transaction

    async def add(self, user: NewUser) -> User:
        sql = """INSERT INTO users (username, username_key, email, email_key, password_hash)
            VALUES (:username, :username_key, :email, :email_key, :password_hash) RETURNING *"""
        return await self._write(sql, user)

    async def get(self, user_id: UserId) -> User:
        sql = "SELECT * FROM users WHERE id = :id"
        return value_from(User, await self._sql.one(UserNotFound, sql, id=user_id))

    async def by_email(self, email: str) -> User:
        sql = "SELECT * FROM users WHERE email_key = :key"
        return value_from(User, await self._sql.one(UserNotFound, sql, key=canonical_key(email)))

    async def save(self, user: User) -> User:
        if (await self.get(user.id)).version != user.version:
            raise StaleVersion
        sql = """UPDATE users SET username = :username, username_key = :username_key,
            email = :email, email_key = :email_key, password_hash = :password_hash,
            image_file = :image_file, version = version + 1 WHERE id = :id RETURNING *"""
        return await self._write(sql, user)

    async def delete(self, user_id: UserId) -> None:
        sql = "DELETE FROM users WHERE id = :id RETURNING id"
        await self._sql.one(UserNotFound, sql, id=user_id)

    async def shows_picture(self, image_file: str) -> bool:
        sql = "SELECT id FROM users WHERE image_file = :image_file LIMIT 1"
        return bool(await self._sql.matching(sql, image_file=image_file))

    async def _write(self, sql: str, user: NewUser) -> User:
        keys = {"username_key": user.username_key, "email_key": user.email_key}
        values = {"id": None} | asdict(user) | keys
        same = """SELECT username_key = :username_key AS name FROM users
            WHERE (username_key = :username_key OR email_key = :email_key) AND id IS NOT :id"""
        if clashes := await self._sql.run(same, **values):
            raise UsernameTaken if any(row["name"] for row in clashes) else EmailTaken
        return value_from(User, *await self._sql.run(sql, **values))


def _lacking(_: object) -> NoReturn:
    raise NotImplementedError("blog-sqlite keeps posts and users, and nothing else")


class SqliteUnitOfWork:
    """See `UnitOfWork`."""

    sessions = reset_tokens = outbox = idempotency = property(_lacking)

    def __init__(self, transaction: Transaction) -> None:
        self.posts = SqlitePosts(transaction)
        self.users = SqliteUsers(transaction)
        self.commit = transaction.commit


@asynccontextmanager
async def sqlite_unit_of_work(database: SqliteDatabase) -> AsyncIterator[SqliteUnitOfWork]:
    """Open a unit: `partial(sqlite_unit_of_work, database)` is a `UnitOfWorkFactory`."""
    async with database.transaction() as transaction:
        yield SqliteUnitOfWork(transaction)
