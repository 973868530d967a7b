"""Databases for tests: made by the migrations, thrown away afterwards, never anybody's own."""

import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir

from sqlalchemy import NullPool, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from blog_adapters.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError, is_shared
from blog_adapters.sql.database import RollbackDatabase
from blog_adapters.sql.migrate import upgrade
from blog_adapters.sql.urls import engine_url

SERVER_VARIABLE = "BLOG_TEST_DATABASE_URL"
"""Names a server to test on, by the URL of a database there; without it an embedded one is used."""

_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made there has a name that no other run has
_ROOM = 1 << 30  # bytes: a server with some clones takes a tenth

_YOUNG = 60.0  # seconds: what is younger may be a run that is just beginning

_OURS = "made and thrown away by the testing kit of blog-core"


class NotOurDatabase(Exception):
    """A test was about to write to a database that the kit did not make, or to drop it."""


@contextmanager
def database_server(run: str, *, url: str | None = None) -> Iterator[str]:
    """Lend a server, by the URL of a database there.

    The processes of a test run share an embedded server; the last to leave stops and removes it.

    Args:
        run: a name that no other run has.
        url: somebody's own server instead, which goes before `SERVER_VARIABLE`.
    """
    if url := url or os.environ.get(SERVER_VARIABLE):
        yield url
        return
    # Not in pytest's own folder: for root, PostgreSQL runs as somebody else, and each run of
    # pytest shuts that folder to all others, which would crash the servers of the runs beside it.
    place = _place()
    for left in place.glob("blog-test-*"):
        _sweep(left)
    folder = place / f"blog-test-{run}"
    data = folder / "postgres"
    with EmbeddedPostgres(data, {"fsync": "off"}) as url:
        yield url
    _remove(folder)


def _sweep(folder: Path) -> None:
    """Remove the server of a run that was killed; one in use, or somebody else's, stays."""
    data = folder / "postgres"
    with suppress(OSError, EmbeddedPostgresError):
        if time.time() - data.stat().st_mtime > _YOUNG and not is_shared(data):
            with EmbeddedPostgres(data):
                pass
            _remove(folder)


def _remove(folder: Path) -> None:
    if not (folder / "postgres" / "postmaster.pid").exists():
        shutil.rmtree(folder.rename(f"{folder}-gone"))


def _place() -> Path:
    """Memory, where there is some to spare and TMPDIR names no other place.

    To clone and drop a database is to make and delete 300 files. Disks differ in what they take
    for that: a second, where the file system searches long for numbers not used lately.
    """
    with suppress(OSError):
        if "TMPDIR" not in os.environ and shutil.disk_usage(_MEMORY).free > _ROOM:
            return _MEMORY
    return Path(gettempdir())


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    """Lend a connection of its own, outside any pool."""
    engine = create_async_engine(engine_url(url), poolclass=NullPool)
    async with engine.connect() as connection:
        yield connection


@asynccontextmanager
async def rolled_back(connection: AsyncConnection) -> AsyncIterator[RollbackDatabase]:
    """Lend a database on this connection; whatever happens to it is undone on leaving.

    Raises:
        NotOurDatabase: the kit did not make the database that this connects to.
    """
    await _require_ours(connection)
    transaction = await connection.begin()
    # SQLAlchemy begins with the first statement, and ours go around it.
    await connection.execute(select(1))
    try:
        yield RollbackDatabase(connection)
    finally:
        await transaction.rollback()


async def _require_ours(connection: AsyncConnection) -> None:
    """Ask once for each connection; even what is rolled back takes locks and uses up ids."""
    if _OURS in connection.info:
        return
    name, remark = (await connection.execute(text(_REMARK))).one()
    await connection.rollback()
    if remark != _OURS:
        raise NotOurDatabase(
            f"{name} was not made by blog-core's testing kit, which writes to no other: lend one "
            "with throw_away_databases(server), where `server` may be the URL of this database"
        )
    connection.info[_OURS] = True


@asynccontextmanager
async def throw_away_databases(server: str, *, run: str) -> AsyncIterator["ThrowAwayDatabases"]:
    """Lend databases that one test run makes on a server.

    Args:
        server: the URL of a database there, which is only used to make others.
        run: a name that no other run has, of letters and digits; its processes share it.
    """
    async with connected(server) as connection:
        admin = await connection.execution_options(isolation_level="AUTOCOMMIT")
        databases = ThrowAwayDatabases(admin, run=run)
        await databases.join()
        try:
            yield databases
        finally:
            await databases.leave()


class ThrowAwayDatabases:
    """Makes and drops databases whose names begin with `blog_test_` and the run's name.

    It never writes to another database, and refuses to drop one.
    """

    def __init__(self, admin: AsyncConnection, *, run: str) -> None:
        self._admin = admin
        self._prefix = f"blog_test_{run}_"
        self._template = f"{self._prefix}template"
        self._strategy = ""
        # Locks and not a counter: the server takes back those of a process that was killed.
        self._turn, self._users = f"{run} turn", f"{run} users"

    @asynccontextmanager
    async def migrated(self) -> AsyncIterator[str]:
        """Lend a database with the current schema and no rows, by its URL."""
        async with self._lent(f"TEMPLATE {self._template} {self._strategy}") as url:
            yield url

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[str]:
        """Lend a database without any table, by its URL."""
        async with self._lent("") as url:
            yield url

    async def drop(self, name: str) -> None:
        """Drop a database, with all connections to it.

        Raises:
            NotOurDatabase: this run did not make it.
        """
        if not name.startswith(self._prefix):
            raise NotOurDatabase(
                f"{name} stays: a run drops only what it made, and this one made {self._prefix}*"
            )
        await self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def join(self) -> None:
        """Make the template of `migrated`, unless another process of the run has."""
        # A checkpoint that waits for no disk costs less than to log every page. With the files
        # comes the server's cache of the catalogue, which the first connection would have to make.
        if await self._run("SHOW fsync") == "off":
            self._strategy = "STRATEGY FILE_COPY"
        await self._run(_LOCK, key=self._turn)
        await self._run(_SHARE, key=self._users)
        if not await self._run(_COUNT, name=self._template):
            async with self._lent("") as url:
                await upgrade(url)
                source = engine_url(url).database
                await self._run(
                    f"CREATE DATABASE {self._template} TEMPLATE {source} {self._strategy}"
                )
        await self._run(_UNLOCK, key=self._turn)

    async def leave(self) -> None:
        """Drop the template, unless another process of the run is still there."""
        await self._run(_LOCK, key=self._turn)
        await self._run(_UNSHARE, key=self._users)
        if await self._run(_TRY_LOCK, key=self._users):
            await self.drop(self._template)

    @asynccontextmanager
    async def _lent(self, options: str) -> AsyncIterator[str]:
        name = f"{self._prefix}{token_hex(4)}"
        await self._run(f"CREATE DATABASE {name} {options}")
        try:
            await self._run(f"COMMENT ON DATABASE {name} IS '{_OURS}'")
            url = self._admin.engine.url.set(database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            await self.drop(name)

    async def _run(self, statement: str, **values: str) -> object:
        result = await self._admin.execute(text(statement), values)
        return result.scalar() if result.returns_rows else None


_LOCK = "SELECT pg_advisory_lock(hashtext(:key))"
_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext(:key))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext(:key))"
_SHARE = "SELECT pg_advisory_lock_shared(hashtext(:key))"
_UNSHARE = "SELECT pg_advisory_unlock_shared(hashtext(:key))"
_REMARK = """
    SELECT datname, shobj_description(oid, 'pg_database')
    FROM pg_database WHERE datname = current_database()
"""
_COUNT = "SELECT count(*) FROM pg_database WHERE datname = :name"
