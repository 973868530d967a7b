"""`UnitOfWork` on PostgreSQL: one transaction, seen as repositories."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from blog_adapters.sql.database import Database, Transaction
from blog_adapters.sql.outbox import SqlOutbox
from blog_adapters.sql.repositories import SqlPosts, SqlResetTokens, SqlSessions, SqlUsers


@asynccontextmanager
async def sql_unit_of_work(database: Database) -> AsyncIterator["SqlUnitOfWork"]:
    """Open a unit; leaving it without `commit` rolls back.

    `partial(sql_unit_of_work, database)` is a `UnitOfWorkFactory`.

    Raises:
        DatabaseUnavailable: there is no connection to be had, or it was lost.
    """
    async with database.writing() as transaction:
        yield SqlUnitOfWork(transaction)


class SqlUnitOfWork:
    """See `UnitOfWork`. After a failed statement it can only be left."""

    def __init__(self, transaction: Transaction) -> None:
        self.posts = SqlPosts(transaction)
        self.users = SqlUsers(transaction)
        self.sessions = SqlSessions(transaction)
        self.reset_tokens = SqlResetTokens(transaction)
        self.outbox = SqlOutbox(transaction)
        self._transaction = transaction

    async def commit(self) -> None:
        """See `UnitOfWork`. Raises DatabaseUnavailable: then the changes may last or not."""
        await self._transaction.commit()
