"""`UnitOfWork` in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from blog_adapters.memory.repositories import (
    MemoryIdempotencyKeys,
    MemoryOutbox,
    MemoryPosts,
    MemoryResetTokens,
    MemorySessions,
    MemoryUsers,
)
from blog_adapters.memory.tables import Tables


class MemoryDatabase:
    """What was committed. Units of work come one after the other; readers never wait."""

    def __init__(self) -> None:
        self._committed = Tables()
        self._turn = asyncio.Lock()
        self._ids = count(1)  # like a sequence: a number lost to a rollback is not used again
        self._commits = 0

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator["MemoryUnitOfWork"]:
        """Open a unit; leaving it without `commit` rolls back. Fits `UnitOfWorkFactory`."""
        async with self._turn:
            yield MemoryUnitOfWork(self)

    def committed(self) -> Tables:
        """Return the tables as of the last commit; not to be changed."""
        return self._committed

    def replace(self, tables: Tables) -> None:
        """Make these the committed tables."""
        self._committed = tables
        self.move()

    def current(self) -> int:
        """Return the version of the data, which is always known. Fits `DataVersion`."""
        return self._commits

    def move(self) -> None:
        """Count a commit."""
        self._commits += 1

    async def keep_up(self) -> None:
        """See `DataVersion`; nothing has to be done."""

    def next_id(self) -> int:
        """Return an id that no row has had."""
        return next(self._ids)


class MemoryUnitOfWork:
    """A working copy of all tables, which `commit` puts in place of the committed ones."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self._tables = database.committed().copy()
        self.posts = MemoryPosts(self._tables, database.next_id)
        self.users = MemoryUsers(self._tables, database.next_id)
        self.sessions = MemorySessions(self._tables)
        self.reset_tokens = MemoryResetTokens(self._tables)
        self.outbox = MemoryOutbox(self._tables)
        self.idempotency = MemoryIdempotencyKeys(self._tables)

    async def commit(self) -> None:
        """Make everything so far last."""
        self._database.replace(self._tables.copy())
