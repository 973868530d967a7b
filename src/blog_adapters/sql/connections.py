"""The connections to one server: a fixed number at most, and nobody is passed over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic

from asyncpg import Connection

from blog_adapters.sql.failures import translated
from blog_core.errors import DatabaseUnavailable

REST_SECONDS = 60.0
"""How long a connection may lie unused and still be trusted: firewalls forget silent ones."""

PARTING_SECONDS = 2.0
"""How long the server may take to let go of a statement whose caller went away."""

Connect = Callable[[], Awaitable[Connection]]


class Connections:
    """Lends connections, at most `size` at once, in the order in which they are asked for.

    The one that was used last is lent first, so that few are kept busy and the others may rest.
    Instead of asking each whether it lives, as pools do, those are dropped on which something
    went wrong: the question would cost as much as most answers.

    Args:
        connect: opens one. Raises what asyncpg's `connect` raises.
        size: how many there may be.
        patience: how long to wait for one, in seconds.
    """

    def __init__(self, connect: Connect, *, size: int, patience: float) -> None:
        self._connect = connect
        self._patience = patience
        self._gate = asyncio.Semaphore(size)
        self._at_rest: list[tuple[Connection, float]] = []
        self._closed = False

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Connection]:
        """Lend a connection. Raises DatabaseUnavailable when there is none to be had."""
        await self._wait_for_a_turn()
        try:
            connection = self._rested()
            if connection is None:
                with translated():
                    connection = await self._connect()
            try:
                yield connection
            except DatabaseUnavailable:
                connection.terminate()
                raise
            except asyncio.CancelledError:
                # It may be in the middle of an answer that nobody will read.
                await asyncio.shield(_let_go(connection))
                raise
            except BaseException:
                self._take_back(connection)
                raise
            self._take_back(connection)
        finally:
            self._gate.release()

    def _take_back(self, connection: Connection) -> None:
        if self._closed:
            connection.terminate()
        elif not connection.is_closed():
            self._at_rest.append((connection, monotonic()))

    async def close(self) -> None:
        """Close those at rest now, and those that are lent when they come back."""
        self._closed = True
        while self._at_rest:
            await _let_go(self._at_rest.pop()[0])

    async def _wait_for_a_turn(self) -> None:
        if not self._gate.locked():  # nobody waits: no timer is needed
            await self._gate.acquire()
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._gate.acquire()
        except TimeoutError as error:
            raise DatabaseUnavailable from error

    def _rested(self) -> Connection | None:
        while self._at_rest:
            connection, since = self._at_rest.pop()
            if not connection.is_closed() and monotonic() - since < REST_SECONDS:
                return connection
            connection.terminate()
        return None


async def _let_go(connection: Connection) -> None:
    try:
        await connection.close(timeout=PARTING_SECONDS)
    except Exception:  # noqa: BLE001 - whatever keeps it from parting in peace
        connection.terminate()
