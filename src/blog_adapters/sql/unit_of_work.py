"""`UnitOfWork` on PostgreSQL: one transaction, seen as repositories."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from blog_adapters.sql.database import Database, Transaction
from blog_adapters.sql.idempotency import SqlIdempotencyKeys
from blog_adapters.sql.outbox import SqlOutbox
from blog_adapters.sql.repositories import SqlPosts, SqlResetTokens, SqlSessions, SqlUsers


@asynccontextmanager
async def sql_unit_of_work(
    database: Database, *, changed: Callable[[], None] = lambda: None
) -> AsyncIterator["SqlUnitOfWork"]:
    """Open a unit; leaving it without `commit` rolls back.

    `partial(sql_unit_of_work, database)` is a `UnitOfWorkFactory`.

    Args:
        database: where the unit is opened.
        changed: called before `commit` ends, however it does, when readers may see a difference.

    Raises:
        DatabaseUnavailable: there is no connection to be had, or it was lost.
    """
    async with database.writing() as transaction:
        yield SqlUnitOfWork(transaction, changed)


class SqlUnitOfWork:
    """See `UnitOfWork`. After a failed statement it can only be left."""

    def __init__(self, transaction: Transaction, changed: Callable[[], None]) -> None:
        self._posts = SqlPosts(transaction)
        self._users = SqlUsers(transaction)
        self.sessions = SqlSessions(transaction)
        self.reset_tokens = SqlResetTokens(transaction)
        self.outbox = SqlOutbox(transaction)
        self.idempotency = SqlIdempotencyKeys(transaction)
        self._transaction = transaction
        self._changed = changed
        self._may_show = False

    @property
    def posts(self) -> SqlPosts:
        """See `UnitOfWork`."""
        self._may_show = True
        return self._posts

    @property
    def users(self) -> SqlUsers:
        """See `UnitOfWork`."""
        self._may_show = True
        return self._users

    async def commit(self) -> None:
        """See `UnitOfWork`. Raises DatabaseUnavailable: then the changes may last or not."""
        try:
            await self._transaction.commit()
        finally:
            if self._may_show:
                self._changed()
