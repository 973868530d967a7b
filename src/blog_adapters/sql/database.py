"""The two doors to PostgreSQL: `writing` for units of work, `reading` for queries.

Every SQL adapter goes through them and none knows which database stands behind: a pool, or one
connection whose transaction a test rolls back.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Protocol

from sqlalchemy import CursorResult, Executable, Row, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from blog_adapters.sql.failures import translated
from blog_adapters.sql.urls import engine_url
from blog_core.errors import DatabaseUnavailable

CONNECT_SECONDS = 2.0
"""How long a new connection may take."""

ANSWER_SECONDS = 7.0
"""How long an answer may take, longer than `statement_timeout`: then the server is gone."""

SERVER_SETTINGS = {
    "application_name": "blog",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}
"""What each connection asks of the server, so that nothing waits or blocks without end."""

AnyRow = Row[*tuple[Any, ...]]
Rows = CursorResult[*tuple[Any, ...]]
Values = Mapping[str, object]


class Statements:
    """A connection that runs statements."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, values: Values | None = None) -> Rows:
        """Run a statement. Raises DatabaseUnavailable, and what a broken constraint means."""
        with translated():
            return await self._connection.execute(statement, values)


class Transaction(Statements):
    """A connection on which a transaction is open."""

    def __init__(self, connection: AsyncConnection, commit: Callable[[], Awaitable[None]]) -> None:
        super().__init__(connection)
        self._commit = commit
        self._failed = False

    async def execute(self, statement: Executable, values: Values | None = None) -> Rows:
        """Run a statement; when it fails, the transaction is lost."""
        try:
            return await super().execute(statement, values)
        except BaseException:
            self._failed = True
            raise

    async def commit(self) -> None:
        """Make everything so far last. Raises DatabaseUnavailable: then it may last or not."""
        # PostgreSQL would answer this COMMIT with a ROLLBACK and the driver would not say so.
        if self._failed:
            raise RuntimeError("a transaction in which a statement failed cannot be committed")
        with translated():
            await self._commit()


class Database(Protocol):
    """What every SQL adapter is given."""

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction; leaving it without `commit` rolls back."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Statements]:
        """Open a connection for single statements, which see what is committed."""
        ...

    async def check(self) -> None:
        """Ask the server for an answer. Raises DatabaseUnavailable when there is none."""
        ...


class PooledDatabase:
    """A PostgreSQL server, through a pool of connections that is never larger than `size`.

    Args:
        url: see `engine_url`.
        size: how many connections; over all processes fewer than the server's `max_connections`.
        patience: how long to wait for a free connection, in seconds.

    Raises:
        ValueError: the URL is not understood.
    """

    def __init__(self, url: str, *, size: int = 10, patience: float = 2.0) -> None:
        self._patience = patience
        # The pool's own queue is not fair: whoever waits in it may wait for ever.
        self._gate = asyncio.Semaphore(size)
        # AUTOCOMMIT first, so that the pool's ping takes one round trip and not three.
        self._autocommit = create_async_engine(
            engine_url(url),
            isolation_level="AUTOCOMMIT",
            pool_size=size,
            max_overflow=0,
            pool_timeout=patience,
            pool_pre_ping=True,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args={
                "timeout": CONNECT_SECONDS,
                "command_timeout": ANSWER_SECONDS,
                "server_settings": SERVER_SETTINGS,
            },
        )
        self._transactional = self._autocommit.execution_options(isolation_level="READ COMMITTED")

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """See `Database`. Raises DatabaseUnavailable."""
        async with self._connection(self._transactional) as connection:
            try:
                yield Transaction(connection, connection.commit)
            finally:
                # If the connection is lost, the server has rolled back by itself.
                with suppress(DBAPIError, OSError):
                    await connection.rollback()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Statements]:
        """See `Database`. Raises DatabaseUnavailable."""
        async with self._connection(self._autocommit) as connection:
            yield Statements(connection)

    async def check(self) -> None:
        """See `Database`."""
        async with self.reading() as statements:
            await statements.execute(select(1))

    async def close(self) -> None:
        """Close all connections."""
        await self._autocommit.dispose()

    @asynccontextmanager
    async def _connection(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        try:
            async with asyncio.timeout(self._patience):
                await self._gate.acquire()
        except TimeoutError as error:
            raise DatabaseUnavailable from error
        try:
            async with AsyncExitStack() as stack:
                with translated():
                    connection = await stack.enter_async_context(engine.connect())
                yield connection
        finally:
            self._gate.release()


class RollbackDatabase:
    """One connection for both doors, one at a time, whose open transaction its owner rolls back.

    Each passage is a savepoint, so a commit lasts as long as the owner's transaction and no
    longer. What only separate connections show (locks, isolation) does not show here.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """See `Database`."""
        async with self._turn:
            savepoint = await self._connection.begin_nested()

            async def commit() -> None:
                nonlocal savepoint
                await savepoint.commit()
                savepoint = await self._connection.begin_nested()

            try:
                yield Transaction(self._connection, commit)
            finally:
                await savepoint.rollback()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Statements]:
        """See `Database`."""
        async with self.writing() as transaction:
            yield transaction

    async def check(self) -> None:
        """See `Database`."""
        async with self.reading() as statements:
            await statements.execute(select(1))
