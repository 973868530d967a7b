"""A blog in one SQLite file: its schema, its one writer, its readers."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiosqlite

from blog_core.errors import DatabaseUnavailable, NotFound

# AUTOINCREMENT: the id of a deleted row is not given to another.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL, username_key TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL, email_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL, image_file TEXT, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    author_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    title TEXT NOT NULL, content TEXT NOT NULL,
    date_posted TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX IF NOT EXISTS posts_by_author ON posts (author_id);
CREATE INDEX IF NOT EXISTS posts_by_date ON posts (date_posted, id, author_id);
"""
# What may pass, by the beginnings of SQLite's names for it.
_PASSING = ("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY")


class Statements:
    """Runs statements on a connection, each in a transaction of its own."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def run(self, sql: str, **values: object) -> list[sqlite3.Row]:
        """Run one statement and return its rows. Raises DatabaseUnavailable."""
        with _translated():
            return list(await self._connection.execute_fetchall(sql, values))

    async def matching(self, sql: str, **values: object) -> list[sqlite3.Row]:
        """Return the rows that match these values; what no column can hold matches none."""
        try:
            return await self.run(sql, **values)
        except (OverflowError, UnicodeEncodeError):  # beyond 64 bits; half of a surrogate pair
            return []

    async def one(self, missing: type[NotFound], sql: str, **values: object) -> sqlite3.Row:
        """Return the only row that matches, or raise what is said of a missing one."""
        for row in await self.matching(sql, **values):
            return row
        raise missing


class Transaction(Statements):
    """Runs statements in one transaction, which begins with the first of them."""

    _begun = False

    async def run(self, sql: str, **values: object) -> list[sqlite3.Row]:
        if not self._begun:
            # A deferred one could read now and find later that it may not write any more.
            await super().run("BEGIN IMMEDIATE")
            self._begun = True
        elif not self._connection.in_transaction:
            raise DatabaseUnavailable  # SQLite has rolled back by itself: the disk was full, say
        return await super().run(sql, **values)

    async def commit(self) -> None:
        """Make everything so far last; the next statement begins another transaction."""
        if self._begun:
            await super().run("COMMIT")
            self._begun = False


class SqliteDatabase:
    """Two connections to a file: transactions come one after the other, readers never wait."""

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self.committed = Statements(reader)
        self._writer = writer
        self._turn = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def opened(cls, path: Path, *, patience: float = 5) -> AsyncIterator["SqliteDatabase"]:
        """Open a file, made when it is missing; wait `patience` seconds for other writers."""
        async with _connected(path, patience) as writer, _connected(path, patience) as reader:
            await writer.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
            yield cls(writer, reader)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Wait for one's turn; leaving without `commit` rolls back."""
        async with self._turn:
            try:
                yield Transaction(self._writer)
            finally:
                await self._writer.rollback()


@asynccontextmanager
async def _connected(path: Path, patience: float) -> AsyncIterator[aiosqlite.Connection]:
    with _translated():
        async with aiosqlite.connect(path, timeout=patience, isolation_level=None) as connection:
            connection.row_factory = sqlite3.Row
            await connection.execute("PRAGMA journal_mode = WAL")  # readers wait for no commit
            await connection.execute("PRAGMA foreign_keys = ON")
            yield connection


@contextmanager
def _translated() -> Iterator[None]:
    """Raise DatabaseUnavailable for a failure that may pass; any other escapes untouched."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if not getattr(error, "sqlite_errorname", "").startswith(_PASSING):
            raise
        raise DatabaseUnavailable from error
