"""What is asked of a database, as its driver tells it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg.connection import LoggedQuery

from blog_adapters.sql import PooledDatabase


@asynccontextmanager
async def asked_of(database: PooledDatabase) -> AsyncIterator[list[LoggedQuery]]:
    """Lend a list that fills with what is asked, if one thing at a time is; whole on leaving."""
    async with database.reading() as statements:  # on the connection that is lent again next
        connection = statements._connection
    asked: list[LoggedQuery] = []
    connection.add_query_logger(asked.append)
    try:
        yield asked
        await asyncio.sleep(0)  # the driver tells its loggers a turn later
    finally:
        connection.remove_query_logger(asked.append)
