"""Reading from a standby, as long as no reader can tell it from the primary."""

import asyncio
import logging
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from asyncpg import Record
from sqlalchemy import Executable

from blog_adapters.sql.database import Readable
from blog_adapters.sql.statements import Statements, Values
from blog_adapters.sql.version import CHANGES, RETRY_SECONDS, SqlDataVersion
from blog_core.errors import DatabaseUnavailable

FOLLOW_SECONDS = 0.02
"""How often a standby that lacks something is asked whether it has it now."""

_log = logging.getLogger("blog.replica")


class CaughtUpReplica:
    """A replica while it has all that the current version has, else the primary.

    So what is read is never older than the version's bound, whichever of the two it comes from,
    and whoever writes in this process reads the primary until the replica has followed. A replica
    that fails is passed over, statement by statement.

    Args:
        primary: what is read otherwise.
        replica: a standby of it, through streaming replication.
        version: how far the primary is.
    """

    def __init__(self, primary: Readable, replica: Readable, *, version: SqlDataVersion) -> None:
        self._primary = primary
        self._replica = replica
        self._version = version
        self._has: Hashable = None
        self._missed = asyncio.Event()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Statements]:
        """See `Readable`."""
        version = self._version.current()
        if version is not None and version == self._has:
            yield _Either(self._replica, self._primary)
        else:
            self._missed.set()
            async with self._primary.reading() as statements:
                yield statements

    async def follow(self) -> None:
        """Ask the replica how far it is. Raises DatabaseUnavailable."""
        version, needed = self._version.current(), self._version.changes
        if version is None or not self._version.counts_all:
            return  # how far it has to be is not known
        async with self._replica.reading() as statements:
            (found,) = await statements.execute(CHANGES)
        if found[0] >= needed:
            self._has = version

    async def keep_up(self) -> None:
        """Follow whenever a reader has missed the replica, until cancelled."""
        while True:
            await self._missed.wait()
            self._missed.clear()
            try:
                await self.follow()
            except DatabaseUnavailable:
                _log.warning("the replica does not answer")
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(FOLLOW_SECONDS)


class _Either(Statements):
    """Statements for one database and, where that fails, for another."""

    def __init__(self, first: Readable, then: Readable) -> None:
        self._first = first
        self._then = then

    async def execute(self, statement: Executable, values: Values | None = None) -> list[Record]:
        """See `Statements`."""
        try:
            async with self._first.reading() as statements:
                return await statements.execute(statement, values)
        except DatabaseUnavailable:
            async with self._then.reading() as statements:
                return await statements.execute(statement, values)
