"""What is asked of a database, as its driver tells it, and how the server answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from asyncpg.connection import LoggedQuery

from blog_adapters.sql import PooledDatabase, SqlPostQueries, SqlUserQueries

Read = Callable[[SqlPostQueries, SqlUserQueries], Awaitable[object]]


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


async def plan_of(
    database: PooledDatabase, read: Read, plan_cache_mode: str
) -> list[dict[str, Any]]:
    """Return the steps in which the server answers a read, the whole first."""
    async with asked_of(database) as asked:
        await read(SqlPostQueries(database), SqlUserQueries(database))
    (one,) = asked

    values = ", ".join(f"'{value}'" for value in one.args)
    async with database.reading() as statements:
        connection = statements._connection
        await connection.execute(f"SET plan_cache_mode = {plan_cache_mode}")
        await connection.execute(f"PREPARE read AS {one.query}")
        explained = await connection.fetchval(
            "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)"
            f" EXECUTE read{f'({values})' if values else ''}"
        )
        await connection.execute("DEALLOCATE read")
    return list(steps_of(json.loads(explained)[0]["Plan"]))


def steps_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return a step and, after it, those that it is made of."""
    yield node
    for part in node.get("Plans", ()):
        yield from steps_of(part)
