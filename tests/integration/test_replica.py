"""A real standby: made by pg_basebackup, kept by streaming replication, held up and killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from blog_adapters.container import Container, close, follow_data
from blog_adapters.embedded_postgres import EmbeddedPostgres
from blog_adapters.settings import Settings
from blog_adapters.sql import PooledDatabase, SqlPostQueries, sql_unit_of_work
from blog_adapters.sql.migrate import upgrade
from blog_adapters.sql.replica import CaughtUpReplica
from blog_adapters.sql.version import SqlDataVersion
from blog_core.errors import UserNotFound
from blog_core.testing import builders
from blog_core.testing.contracts.base import given_posts, given_user
from processes import eventually, is_alive

pytestmark = pytest.mark.anyio

ADDRESS = text("SELECT current_setting('data_directory')")


@dataclass(frozen=True)
class Pair:
    """A primary, its standby, and the door that chooses between them."""

    primary: PooledDatabase
    standby: PooledDatabase
    version: SqlDataVersion
    door: CaughtUpReplica
    folder: Path

    async def look(self) -> None:
        """Do what the process does every few milliseconds: ask the primary, then the standby."""
        await self.version.poll()
        await self.door.follow()

    async def publish(self) -> str:
        """Write a post, as this process does, by a new author; return the name."""
        uow = partial(sql_unit_of_work, self.primary, changed=self.version.move)
        name = os.urandom(8).hex()
        author = await given_user(
            uow, builders.new_user(username=name, email=f"{name}@example.com")
        )
        await given_posts(uow, builders.new_post(author.id))
        return name

    async def total(self) -> int:
        """Return how many posts a reader sees."""
        return (await SqlPostQueries(self.door).page(limit=1)).total

    async def answers(self) -> str:
        """Return which of the two a reader is sent to."""
        async with self.door.reading() as statements:
            row = await statements.one(ADDRESS)
        assert row is not None
        return Path(row[0]).name

    async def hold_up(self, *, held: bool = True) -> None:
        """Let the standby receive, and not show, what the primary does."""
        function = "pg_wal_replay_pause" if held else "pg_wal_replay_resume"
        async with self.standby.reading() as statements:
            await statements.execute(text(f"SELECT {function}()"))

    async def caught_up(self) -> None:
        """Look until the standby has everything."""
        for _ in range(2000):
            await self.look()
            if await self.answers() == "standby":
                return
        raise AssertionError("the standby did not catch up")


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[str, EmbeddedPostgres, Path]]:
    """The URL of a primary, its standby, and the folder of both."""
    with TemporaryDirectory(prefix="blog-replica-") as name:
        folder = Path(name)
        primary = EmbeddedPostgres(folder / "primary", {"fsync": "off"})
        standby = EmbeddedPostgres(folder / "standby", {"fsync": "off"})
        with primary as url:
            copy = folder / "primary" / "copy"
            primary._run(
                "pg_basebackup", "--pgdata", copy.name, "--write-recovery-conf",
                "--host", str(folder / "primary"), "--port", "5432", "--username", "blog",
                "--checkpoint", "fast", "--no-sync",
            )  # fmt: skip
            copy.rename(folder / "standby")
            with standby:
                yield url, standby, folder


@pytest.fixture
async def pair(servers: tuple[str, EmbeddedPostgres, Path]) -> AsyncIterator[Pair]:
    """The two behind their door, with the schema and nothing known yet."""
    url, server, folder = servers
    await upgrade(url)
    primary, standby = PooledDatabase(url), PooledDatabase(server.start())  # killed, perhaps
    version = SqlDataVersion(primary, bound=60)  # seconds: only `look` makes it newer here
    door = CaughtUpReplica(primary, standby, version=version)
    yield Pair(primary, standby, version, door, folder)
    await primary.close()
    await standby.close()


async def test_a_standby_that_has_everything_is_read(pair: Pair) -> None:
    await pair.caught_up()

    assert await pair.answers() == "standby"


async def test_before_anything_is_known_the_primary_is_read(pair: Pair) -> None:
    assert await pair.answers() == "primary"


async def test_whoever_has_just_written_reads_the_primary(pair: Pair) -> None:
    await pair.caught_up()
    before = await pair.total()

    await pair.publish()

    assert (await pair.answers(), await pair.total()) == ("primary", before + 1)


async def test_a_standby_without_what_was_just_written_is_not_taken_for_one_that_has_it(
    pair: Pair,
) -> None:
    await pair.caught_up()
    await pair.hold_up()
    await pair.publish()

    await pair.door.follow()  # before the primary was asked how far it is
    answers = await pair.answers()
    await pair.hold_up(held=False)

    assert answers == "primary"


async def test_a_standby_that_is_held_up_is_not_read_until_it_has_followed(pair: Pair) -> None:
    await pair.caught_up()
    await pair.hold_up()
    await pair.publish()

    await pair.look()
    meanwhile = await pair.answers()
    await pair.hold_up(held=False)
    await pair.caught_up()

    assert (meanwhile, await pair.answers()) == ("primary", "standby")


async def test_what_another_process_wrote_is_read_once_it_is_known(pair: Pair) -> None:
    await pair.caught_up()
    before = await pair.total()
    other = SqlDataVersion(pair.primary, bound=60)
    await pair.hold_up()

    await Pair(pair.primary, pair.standby, other, pair.door, pair.folder).publish()
    await pair.look()
    total = await pair.total()
    await pair.hold_up(held=False)

    assert total == before + 1


async def test_a_standby_that_dies_is_passed_over_at_once(pair: Pair) -> None:
    await pair.caught_up()
    before = await pair.total()
    pid = int((pair.folder / "standby" / "postmaster.pid").read_text().split()[0])

    pids = [pid, *(child.pid for child in psutil.Process(pid).children())]
    os.kill(pid, signal.SIGKILL)
    # A backend outlives its postmaster for a moment, and answers.
    assert eventually(lambda: not any(map(is_alive, pids)))

    assert (await pair.answers(), await pair.total()) == ("primary", before)


async def test_what_anybody_may_read_is_read_from_the_standby_and_accounts_are_not(
    pair: Pair, servers: tuple[str, EmbeddedPostgres, Path]
) -> None:
    url, server, _ = servers
    container = Container(
        settings=Settings(
            database_url=SecretStr(url),
            database_read_url=SecretStr(server.start()),
            secret_key=SecretStr("a secret key that nobody else has"),
            response_cache_bytes=0,
            response_cache_lag_ms=60_000,
        )
    )
    following = asyncio.create_task(follow_data(container))
    try:
        before = await eventually_from(container, "standby")
        await pair.hold_up()
        name = await pair.publish()

        account = await container.user_queries().by_email(f"{name}@example.com")
        total = (await container.post_queries().page(limit=1)).total
        with pytest.raises(UserNotFound):
            await container.user_queries().public(account.id)
    finally:
        await pair.hold_up(held=False)
        following.cancel()
        await close(container)

    assert total == before


async def eventually_from(container: Container, name: str) -> int:
    """Read until readers are sent there, and return how many posts they see."""
    async with asyncio.timeout(60):
        while True:
            total = (await container.post_queries().page(limit=1)).total
            async with container.readers().reading() as statements:
                row = await statements.one(ADDRESS)
            if Path(row[0]).name == name:
                return total
            await asyncio.sleep(0.01)
