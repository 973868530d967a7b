"""Counting attempts for all processes: on PostgreSQL, behind PgBouncer too, and on Redis."""

import asyncio
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from httpx import AsyncClient
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.types import Interval

from blog_adapters.limiter import RedisCounters, SharedRateLimiter
from blog_adapters.sql import Database, PooledDatabase, RollbackDatabase
from blog_adapters.sql.counters import SqlCounters
from blog_adapters.sql.tables import rate_limits
from blog_adapters.testing.databases import ThrowAwayDatabases
from blog_core.domain.limits import Attempt, Limit
from blog_core.errors import LimitsUnavailable, TooManyRequests
from blog_core.testing import Adapter
from blog_core.testing.builders import minutes
from blog_core.testing.contracts import RateLimiterContract
from poolers import PGBOUNCER, pgbouncer
from processes import eventually, free_port, serving

pytestmark = pytest.mark.anyio

REDIS = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(REDIS is None, reason="needs redis-server, which CI installs")
LIMIT = Limit("login", 10, minutes(5))

_EARLIER = update(rate_limits).values(
    expires_at=rate_limits.c.expires_at - bindparam("span", type_=Interval)
)
_HOW_MANY = select(func.count()).select_from(rate_limits)


async def age(database: Database, span: timedelta) -> None:
    """Let all windows end that much earlier."""
    async with database.writing() as transaction:
        await transaction.execute(_EARLIER, {"span": span})
        await transaction.commit()


async def windows_in(database: Database) -> int:
    async with database.reading() as statements:
        (row,) = await statements.execute(_HOW_MANY)
    return int(row[0])


async def admitted(limiters: list[SharedRateLimiter], *, tries: int) -> int:
    """Return how many of some attempts at once are let through, by limiters in turn."""
    turns = (limiters[number % len(limiters)] for number in range(tries))
    answers = await asyncio.gather(
        *(limiter.admit(Attempt(LIMIT, "a key")) for limiter in turns), return_exceptions=True
    )
    assert {type(answer) for answer in answers} <= {type(None), TooManyRequests}
    return answers.count(None)


class TestOnPostgres(RateLimiterContract):
    @pytest.fixture
    def blog_adapter(self, blog_database: RollbackDatabase) -> Adapter:
        async def passes(span: timedelta) -> None:
            await age(blog_database, span)

        limiter = SharedRateLimiter(SqlCounters(blog_database))
        return Adapter(limiter=limiter, passes=passes)


async def test_many_connections_at_once_admit_exactly_as_many_as_the_limit_says(
    blog_committing_database: PooledDatabase,
) -> None:
    limiter = SharedRateLimiter(SqlCounters(blog_committing_database))

    assert await admitted([limiter], tries=60) == 10


async def test_a_window_that_is_over_is_opened_once_by_many_at_once(
    blog_committing_database: PooledDatabase,
) -> None:
    limiter = SharedRateLimiter(SqlCounters(blog_committing_database))
    await admitted([limiter], tries=20)
    await age(blog_committing_database, minutes(6))

    assert await admitted([limiter], tries=60) == 10


async def test_each_attempt_clears_away_two_windows_that_are_over(
    blog_database: RollbackDatabase,
) -> None:
    limiter = SharedRateLimiter(SqlCounters(blog_database))
    for number in range(9):
        await limiter.admit(Attempt(LIMIT, f"key {number}"))
    await age(blog_database, minutes(6))

    left = []
    for _ in range(5):
        await limiter.admit(Attempt(LIMIT, "another key"))
        left.append(await windows_in(blog_database))

    assert left == [8, 6, 4, 2, 1]


async def test_the_rest_of_what_a_storage_does_is_there_too(
    blog_database: RollbackDatabase,
) -> None:
    counters = SqlCounters(blog_database)
    found = [await counters.incr("a", 60, amount) for amount in (1, 2)]
    await counters.incr("b", 60)

    await counters.clear("a")

    assert found == [1, 3]
    assert (await counters.get("a"), await counters.get("b")) == (0, 1)
    assert await counters.check() is True
    assert await counters.reset() == 1


async def test_a_storage_whose_database_is_gone_says_so() -> None:
    counters = SqlCounters(PooledDatabase("postgresql://blog@127.0.0.1:1/blog"))

    assert await counters.check() is False


async def test_three_processes_with_a_limit_of_ten_let_ten_through(
    blog_databases: ThrowAwayDatabases, tmp_path: Path
) -> None:
    folders = [tmp_path / str(number) for number in range(3)]
    for folder in folders:
        folder.mkdir()
    form = {"username": "nobody@example.com", "password": "wrong password"}
    async with blog_databases.migrated() as url:
        settings = {"DATABASE_URL": url, "SECRET_KEY": "k" * 32}
        with ExitStack() as stack:
            served = [stack.enter_context(serving(folder, **settings)) for folder in folders]
            async with AsyncClient(timeout=60) as client:
                logins = (
                    client.post(f"{served[number % 3].url}/api/users/token", data=form)
                    for number in range(45)
                )
                answers = await asyncio.gather(*logins)

    assert Counter(answer.status_code for answer in answers) == {401: 10, 429: 35}


@pytest.mark.skipif(PGBOUNCER is None, reason="needs pgbouncer, which CI installs")
async def test_through_a_pooler_it_is_as_exact(blog_databases: ThrowAwayDatabases) -> None:
    async with blog_databases.migrated() as url:
        with pgbouncer(url) as through:
            database = PooledDatabase(through, size=8, patience=30, behind_pooler=True)

            found = await admitted([SharedRateLimiter(SqlCounters(database))], tries=60)
            await database.close()

    assert found == 10


@contextmanager
def redis_server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Redis that keeps nothing on disk."""
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(  # noqa: S603 - the server under test
            [str(REDIS), "--port", str(port), "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            assert eventually(lambda: answers_on(port))
            yield process
        finally:
            process.terminate()


def answers_on(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis for all tests."""
    port = free_port()
    with redis_server(port):
        yield f"redis://127.0.0.1:{port}"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[RedisCounters]:
    """An empty storage."""
    counters = RedisCounters(redis_url)
    await counters.bridge.get_connection().flushall()  # type: ignore[attr-defined] # redis-py has it
    yield counters
    await counters.close()


@needs_redis
class TestOnRedis(RateLimiterContract):
    @pytest.fixture
    def blog_adapter(self, redis: RedisCounters) -> Adapter:
        client = redis.bridge.get_connection()  # type: ignore[attr-defined] # redis-py has it

        async def passes(span: timedelta) -> None:
            for key in await client.keys():
                left = await client.pttl(key) - int(span.total_seconds() * 1000)
                await client.pexpire(key, max(left, 0))

        return Adapter(limiter=SharedRateLimiter(redis), passes=passes)


@needs_redis
async def test_processes_that_share_a_redis_admit_exactly_as_many(redis_url: str) -> None:
    storages = [RedisCounters(redis_url) for _ in range(3)]
    await storages[0].reset()

    found = await admitted([SharedRateLimiter(each) for each in storages], tries=60)

    assert found == 10
    for each in storages:
        await each.close()


@needs_redis
async def test_without_its_redis_nobody_is_let_through() -> None:
    port = free_port()
    counters = RedisCounters(f"redis://127.0.0.1:{port}")
    limiter = SharedRateLimiter(counters)
    with redis_server(port):
        await limiter.admit(Attempt(LIMIT, "a key"))

    with pytest.raises(LimitsUnavailable):
        await limiter.admit(Attempt(LIMIT, "a key"))
    await counters.close()
