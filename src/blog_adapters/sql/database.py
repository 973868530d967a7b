"""The two doors to PostgreSQL: `writing` for units of work, `reading` for queries.

Every SQL adapter goes through them and none knows which database stands behind: many connections,
or one whose transaction a test rolls back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol

import asyncpg
from asyncpg import Connection, InterfaceError, InternalClientError, PostgresError, Record
from asyncpg.transaction import Transaction as DriverTransaction
from sqlalchemy import Executable, select

from blog_adapters.sql.connections import Connections
from blog_adapters.sql.failures import translated
from blog_adapters.sql.statements import DIALECT, Statements, Values
from blog_adapters.sql.urls import engine_url

if TYPE_CHECKING:  # it brings the ORM along, which nothing else here needs
    from sqlalchemy.ext.asyncio import AsyncConnection

CONNECT_SECONDS = 2.0
"""How long a new connection may take."""

ANSWER_SECONDS = 7.0
"""How long an answer may take, longer than `statement_timeout`: then the server is gone."""

SERVER_SETTINGS = {
    "application_name": "blog",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    # A statement whose client has gone ends, instead of working for nobody.
    "client_connection_check_interval": "1s",
    # To plan a page takes longer than to answer it, and one plan suits all values.
    "plan_cache_mode": "force_generic_plan",
    # Lists have an index in their order. For an author with few posts to sort them costs the
    # same, for one with many it does not, and one plan is made for both.
    "enable_sort": "off",
    # Where there is no such index a server before 18 takes the sort for worth compiling.
    "jit": "off",
}
"""What each connection asks of the server: not to wait or block without end, nor to plan twice."""

_ANY = select(1)


class Transaction(Statements):
    """A connection whose first statement opens a transaction, or a savepoint within one."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._open: DriverTransaction | None = None
        self._failed = False

    async def execute(self, statement: Executable, values: Values | None = None) -> list[Record]:
        """Run a statement; when it fails, the transaction is lost."""
        try:
            if self._open is None:
                with translated(self._connection):
                    opening = self._connection.transaction()
                    await opening.start()
                    self._open = opening
            return await super().execute(statement, values)
        except BaseException:
            self._failed = True
            raise

    async def commit(self) -> None:
        """Make everything so far last. Raises DatabaseUnavailable: then it may last or not."""
        # PostgreSQL would answer this COMMIT with a ROLLBACK and the driver would not say so.
        if self._failed:
            raise RuntimeError("a transaction in which a statement failed cannot be committed")
        if self._open is not None:
            with translated(self._connection):
                await self._open.commit()
            self._open = None

    async def rollback(self) -> None:
        """Undo what was not committed."""
        try:
            if self._open is not None:
                await self._open.rollback()
        except (PostgresError, InterfaceError, InternalClientError, OSError):
            # It is lost, or as good as lost: then the server rolls back by itself.
            self._connection.terminate()
        self._open = None


class Readable(Protocol):
    """What adapters are given that only read."""

    def reading(self) -> AbstractAsyncContextManager[Statements]:
        """Open a connection for single statements, which see what is committed."""
        ...


class Database(Readable, Protocol):
    """What every other SQL adapter is given."""

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction; leaving it without `commit` rolls back."""
        ...

    async def check(self) -> None:
        """Ask the server for an answer. Raises DatabaseUnavailable when there is none."""
        ...


class PooledDatabase:
    """A PostgreSQL server, through never more than `size` connections.

    Args:
        url: see `engine_url`.
        size: how many connections; over all processes fewer than the server's `max_connections`.
        patience: how long to wait for a free connection, in seconds.
        behind_pooler: the URL leads to a pooler (PgBouncer) that lends a server for each
            transaction. It keeps neither prepared statements nor settings, so give the role
            `SERVER_SETTINGS` by ALTER ROLE; each read takes a transaction.

    Raises:
        ValueError: the URL is not understood.
    """

    def __init__(
        self, url: str, *, size: int = 10, patience: float = 2.0, behind_pooler: bool = False
    ) -> None:
        _, options = DIALECT.create_connect_args(engine_url(url))
        kept = (
            {"statement_cache_size": 0} if behind_pooler else {"server_settings": SERVER_SETTINGS}
        )
        connect = partial(
            asyncpg.connect,
            **options,
            **kept,
            timeout=CONNECT_SECONDS,
            command_timeout=ANSWER_SECONDS,
        )
        self._connections = Connections(connect, size=size, patience=patience)
        self._behind_pooler = behind_pooler

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """See `Database`. Raises DatabaseUnavailable."""
        async with self._connections.lent() as connection:
            transaction = Transaction(connection)
            try:
                yield transaction
            finally:
                await transaction.rollback()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Statements]:
        """See `Database`. Raises DatabaseUnavailable."""
        if self._behind_pooler:
            # A statement is prepared in one message and run in the next: on one server, both.
            async with self.writing() as transaction:
                yield transaction
        else:
            async with self._connections.lent() as connection:
                yield Statements(connection)

    async def check(self) -> None:
        """See `Database`."""
        async with self.reading() as statements:
            await statements.execute(_ANY)

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()


class RollbackDatabase:
    """One connection for both doors, one at a time, whose open transaction its owner rolls back.

    Each passage is a savepoint, so a commit lasts as long as the owner's transaction and no
    longer. What only separate connections show (locks, isolation) does not show here.
    """

    def __init__(self, connection: "AsyncConnection") -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """See `Database`."""
        async with self._turn:
            transaction = Transaction(await self._driver_connection())
            try:
                yield transaction
            finally:
                await transaction.rollback()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Statements]:
        """See `Database`."""
        async with self.writing() as transaction:
            yield transaction

    async def check(self) -> None:
        """See `Database`."""
        async with self.reading() as statements:
            await statements.execute(_ANY)

    async def _driver_connection(self) -> Connection:
        pooled = await self._connection.get_raw_connection()
        return pooled.driver_connection
