"""Whatever happens to both, the fakes and PostgreSQL answer the same and look the same."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from functools import partial
from secrets import token_hex
from typing import TypeVar

import pytest
from hypothesis import settings
from sqlalchemy.ext.asyncio import AsyncConnection

from blog_adapters.sql import (
    RollbackDatabase,
    SqlPostQueries,
    SqlUserQueries,
    sql_unit_of_work,
)
from blog_adapters.sql.statements import Statements
from blog_adapters.testing.databases import connected, rolled_back, throw_away_databases
from model import OpenTwins, require_alike
from twins import Twin, Twins
from worlds import World

T = TypeVar("T")


class Swift(RollbackDatabase):
    """Reads without a savepoint, which only a statement that fails would need."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Statements]:
        """See `RollbackDatabase`."""
        async with self._turn:
            yield Statements(await self._driver_connection())


@pytest.fixture(scope="session")
def open_twins(blog_server: str) -> Iterator[OpenTwins]:
    """Opens a blog of fakes beside one on PostgreSQL, on an event loop that only they use.

    A machine is no coroutine, so it cannot use the loop and the connection of the async fixtures.
    """

    @asynccontextmanager
    async def held_connection() -> AsyncIterator[AsyncConnection]:
        async with (
            throw_away_databases(blog_server, run=token_hex(4)) as databases,
            databases.migrated() as url,
            connected(url) as connection,
        ):
            yield connection

    with asyncio.Runner() as runner, entered(runner, held_connection()) as connection:

        @contextmanager
        def opened() -> Iterator[Twins]:
            with entered(runner, rolled_back(connection)):
                database = Swift(connection)
                world = World()
                fake = Twin("fakes", world)
                real = Twin(
                    "PostgreSQL",
                    world,
                    unit_of_work=partial(sql_unit_of_work, database),
                    post_queries=SqlPostQueries(database),
                    user_queries=SqlUserQueries(database),
                )
                yield Twins(runner, fake, real)

        yield opened


@contextmanager
def entered(runner: asyncio.Runner, lent: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Lend, to code that is no coroutine, what only a coroutine can open and close."""
    exits = AsyncExitStack()
    thing = runner.run(exits.enter_async_context(lent))
    try:
        yield thing
    finally:
        runner.run(exits.aclose())


def test_fakes_and_postgresql_answer_alike_and_look_alike(
    open_twins: OpenTwins, pytestconfig: pytest.Config
) -> None:
    if settings.get_current_profile_name().startswith("long"):
        extent = settings()
    else:
        seeded = pytestconfig.getoption("--hypothesis-seed") is not None
        # The same programs each time: an unlucky draw must not stop an innocent change.
        # `make model` looks for new ones.
        extent = settings(
            max_examples=200,
            stateful_step_count=30,
            derandomize=not seeded,
            database=None,
        )

    require_alike(open_twins, extent)
