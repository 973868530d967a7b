"""The doors to the database: what passes them, and what comes of failures."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import pytest
from asyncpg import (
    Connection,
    IntegrityConstraintViolationError,
    InterfaceError,
    PostgresError,
)
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from blog_adapters.embedded_postgres import EmbeddedPostgres
from blog_adapters.sql import PooledDatabase, SqlUserQueries, connections, sql_unit_of_work
from blog_adapters.sql.database import SERVER_SETTINGS
from blog_adapters.testing import databases
from blog_adapters.testing.databases import (
    NotOurDatabase,
    ThrowAwayDatabases,
    connected,
    rolled_back,
)
from blog_core.domain.users import UserId
from blog_core.errors import DatabaseUnavailable, UserNotFound
from blog_core.testing import builders
from blog_core.testing.contracts.base import given_user

pytestmark = pytest.mark.anyio

ONE = text("SELECT 1")
BACKEND = text("SELECT pg_backend_pid()")
ADD_USER = text(
    "INSERT INTO users (username, username_key, email, email_key, password_hash, version)"
    " VALUES ('corey', 'corey', 'c@example.com', 'c@example.com', 'hash', 1)"
)
USERS = text("SELECT count(*) FROM users")


@pytest.fixture
async def narrow_database(blog_databases: ThrowAwayDatabases) -> AsyncIterator[PooledDatabase]:
    """A database with one connection, for which nobody waits long."""
    async with blog_databases.migrated() as url:
        database = PooledDatabase(url, size=1, patience=0.05)
        yield database
        await database.close()


async def kill(database: PooledDatabase, backend: int) -> None:
    async with database.reading() as statements:
        await statements.execute(text(f"SELECT pg_terminate_backend({backend}, 5000)"))


async def backend_of(database: PooledDatabase) -> int:
    async with database.reading() as statements:
        return int((await statements.execute(BACKEND))[0][0])


async def come_to(asleep: bool, database: PooledDatabase, backends: list[int]) -> None:
    """Wait until one of the backends runs `pg_sleep`, or none of them any more."""
    sleeping = text("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    async with asyncio.timeout(60), database.reading() as statements:
        while True:
            found = {row[0] for row in await statements.execute(sleeping)}
            if bool(found.intersection(backends)) is asleep:
                return
            await asyncio.sleep(0.05)


async def number_of_users(database: PooledDatabase) -> int:
    async with database.reading() as statements:
        return int((await statements.execute(USERS))[0][0])


class TestUnavailable:
    async def test_a_server_that_is_not_there(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        database = PooledDatabase(f"postgresql://blog@127.0.0.1:{port}/blog")

        with pytest.raises(DatabaseUnavailable):
            await database.check()

    async def test_a_server_that_says_nothing(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            database = PooledDatabase(f"postgresql://blog@127.0.0.1:{port}/blog")

            with pytest.raises(DatabaseUnavailable):
                await database.check()

    async def test_a_server_that_stopped_until_it_is_back(self) -> None:
        with TemporaryDirectory() as folder:  # not pytest's: see `database_server`
            server = EmbeddedPostgres(Path(folder) / "postgres", {"fsync": "off"})
            database = PooledDatabase(server.start())
            await database.check()

            server.stop()
            with pytest.raises(DatabaseUnavailable):
                await database.check()
            server.start()
            await database.check()

            await database.close()
            server.stop()

    async def test_a_connection_lost_within_a_transaction(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        async with blog_committing_database.writing() as transaction:
            backend = (await transaction.execute(BACKEND))[0][0]
            await kill(blog_committing_database, backend)

            with pytest.raises(DatabaseUnavailable):
                await transaction.execute(ONE)

    async def test_a_connection_lost_before_the_commit(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        async with blog_committing_database.writing() as transaction:
            await transaction.execute(ADD_USER)
            await kill(blog_committing_database, (await transaction.execute(BACKEND))[0][0])

            with pytest.raises(DatabaseUnavailable):
                await transaction.commit()

        assert await number_of_users(blog_committing_database) == 0

    async def test_an_error_of_the_caller_is_not_covered_by_a_lost_connection(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        async def fail_after_losing_the_connection() -> None:
            async with blog_committing_database.writing() as transaction:
                await kill(blog_committing_database, (await transaction.execute(BACKEND))[0][0])
                raise KeyError

        with pytest.raises(KeyError):
            await fail_after_losing_the_connection()

    async def test_a_pool_with_no_connection_left(self, narrow_database: PooledDatabase) -> None:
        async with narrow_database.writing():
            with pytest.raises(DatabaseUnavailable):
                await narrow_database.check()

        await narrow_database.check()

    @pytest.mark.parametrize(
        "sqlstate",
        ["08006", "25006", "25P03", "40001", "40P01", "53300", "55P03", "57014", "57P01", "57P03"],
    )
    async def test_a_failure_that_passes(
        self, blog_committing_database: PooledDatabase, sqlstate: str
    ) -> None:
        async with blog_committing_database.writing() as transaction:
            with pytest.raises(DatabaseUnavailable) as caught:
                await transaction.execute(
                    text(f"DO $$ BEGIN RAISE 'Oh' USING ERRCODE = '{sqlstate}'; END $$")
                )

        assert isinstance(caught.value.__cause__, PostgresError)


class TestFailuresThatMeanNothing:
    async def test_a_mistake_in_a_statement_escapes_untouched(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        with pytest.raises(PostgresError, match="division by zero"):
            async with blog_committing_database.reading() as statements:
                await statements.execute(text("SELECT 1 / 0"))

    async def test_a_mistake_of_the_caller_with_the_driver_escapes_untouched(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        async with blog_committing_database.reading() as statements:
            with pytest.raises(InterfaceError, match="in progress"):
                await asyncio.gather(statements.execute(ONE), statements.execute(BACKEND))

    async def test_a_broken_constraint_without_a_meaning_escapes_untouched(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        async with sql_unit_of_work(blog_committing_database) as unit:
            entry = builders.entry()
            await unit.outbox.add(entry)

            with pytest.raises(IntegrityConstraintViolationError):
                await unit.outbox.add(entry)

    async def test_an_escaping_error_does_not_repeat_what_was_sent(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        with pytest.raises(PostgresError) as caught:
            await given_user(
                lambda: sql_unit_of_work(blog_committing_database),
                builders.new_user(password_hash="secret" * 99),
            )

        assert "secret" not in str(caught.value)

    async def test_an_os_error_of_the_caller_is_the_callers(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        with pytest.raises(FileNotFoundError):
            async with blog_committing_database.writing():
                raise FileNotFoundError

    async def test_a_cancelled_task_stays_cancelled(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        async def wait() -> None:
            async with blog_committing_database.reading() as statements:
                await statements.execute(text("SELECT pg_sleep(5)"))

        task = asyncio.create_task(wait())
        await asyncio.sleep(0.1)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task


class TestPool:
    async def test_a_connection_that_died_at_rest_is_replaced(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        async with blog_committing_database.reading() as statements:
            backend = (await statements.execute(BACKEND))[0][0]
            await kill(blog_committing_database, backend)

        await blog_committing_database.check()
        await blog_committing_database.check()

    async def test_the_connection_that_was_used_last_is_used_next(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        first, second = [await backend_of(blog_committing_database) for _ in range(2)]

        assert first == second

    async def test_a_connection_that_lay_unused_too_long_is_replaced(
        self, blog_committing_database: PooledDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connections, "REST_SECONDS", 0)

        first, second = [await backend_of(blog_committing_database) for _ in range(2)]

        assert first != second

    async def test_a_connection_on_which_the_database_failed_is_replaced(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        before = await backend_of(blog_committing_database)
        with pytest.raises(DatabaseUnavailable):
            async with blog_committing_database.reading() as statements:
                await statements.execute(
                    text("DO $$ BEGIN RAISE 'Oh' USING ERRCODE = '57014'; END $$")
                )

        assert await backend_of(blog_committing_database) != before

    async def test_a_connection_that_comes_back_after_the_end_is_closed(
        self, blog_databases: ThrowAwayDatabases
    ) -> None:
        async with blog_databases.migrated() as url:
            database = PooledDatabase(url)
            async with database.reading() as statements:
                await database.close()
                await statements.execute(ONE)

            with pytest.raises(InterfaceError, match="closed"):
                await statements._connection.fetch("SELECT 1")

    async def test_who_comes_back_at_once_does_not_pass_those_who_wait(
        self, blog_databases: ThrowAwayDatabases
    ) -> None:
        served: list[str] = []

        async def use(name: str, times: int) -> None:
            for _ in range(times):
                async with database.reading() as statements:
                    served.append(name)
                    await statements.execute(ONE)

        async with blog_databases.migrated() as url:
            database = PooledDatabase(url, size=1, patience=30)
            await asyncio.gather(use("greedy", 3), use("patient", 1), use("last", 1))
            await database.close()

        assert served == ["greedy", "patient", "last", "greedy", "greedy"]

    async def test_cancelled_tasks_leave_no_connection_behind(
        self, blog_databases: ThrowAwayDatabases
    ) -> None:
        async def work(seconds: float) -> None:
            async with database.writing() as transaction:
                await transaction.execute(ADD_USER)
                await transaction.execute(text(f"SELECT pg_sleep({seconds})"))

        async with blog_databases.migrated() as url:
            database = PooledDatabase(url, size=3, patience=30)
            chance = random.Random(1)  # noqa: S311 - chance that can be repeated
            for _ in range(20):
                tasks = [asyncio.create_task(work(0.01)) for _ in range(10)]
                await asyncio.sleep(chance.uniform(0, 0.03))
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            async with database.writing(), database.writing(), database.writing() as transaction:
                backends = await transaction.execute(
                    text(
                        "SELECT count(*) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND backend_type = 'client backend'"
                    )
                )
                connections = backends[0][0]
            users = await number_of_users(database)
            await database.close()

        assert (connections, users) == (3, 0)

    async def test_a_statement_whose_client_is_gone_ends(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        async def ask() -> None:
            async with blog_committing_database.reading() as statements:
                backends.append((await statements.execute(BACKEND))[0][0])
                connections.append(statements._connection)
                # Without what ends a statement that takes long.
                await statements.execute(text("SET statement_timeout = 0"))
                await statements.execute(text("SELECT pg_sleep(600)"))

        backends: list[int] = []
        connections: list[Connection] = []
        asking = asyncio.create_task(ask())
        await come_to(True, blog_committing_database, backends)
        connections[0].terminate()
        with pytest.raises(DatabaseUnavailable):
            await asking

        await come_to(False, blog_committing_database, backends)

    @pytest.mark.parametrize("name", SERVER_SETTINGS)
    async def test_each_connection_has_the_settings_that_end_waiting(
        self, blog_committing_database: PooledDatabase, name: str
    ) -> None:
        async with blog_committing_database.writing() as transaction:
            setting = await transaction.execute(text(f"SHOW {name}"))

        assert setting[0][0] == SERVER_SETTINGS[name]


class TestTransactions:
    async def test_what_is_read_needs_no_transaction(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        async with blog_committing_database.reading() as statements:
            await statements.execute(ADD_USER)

        assert await number_of_users(blog_committing_database) == 1

    async def test_leaving_without_commit_rolls_back(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        async with blog_committing_database.writing() as transaction:
            await transaction.execute(ADD_USER)

        assert await number_of_users(blog_committing_database) == 0

    async def test_a_commit_that_postgresql_would_turn_into_a_rollback_is_refused(
        self, blog_committing_database: PooledDatabase
    ) -> None:
        async with sql_unit_of_work(blog_committing_database) as unit:
            await unit.users.add(builders.new_user())
            with pytest.raises(UserNotFound):
                await unit.sessions.add(builders.session(UserId(99)))

            with pytest.raises(RuntimeError, match="cannot be committed"):
                await unit.commit()

    async def test_what_a_test_commits_is_gone_after_it(
        self, blog_connection: AsyncConnection
    ) -> None:
        async with rolled_back(blog_connection) as database:
            user = await given_user(lambda: sql_unit_of_work(database))
            assert await SqlUserQueries(database).public(user.id) == user.author

        async with rolled_back(blog_connection) as database:
            with pytest.raises(UserNotFound):
                await SqlUserQueries(database).public(user.id)


class TestThrowAwayDatabases:
    @pytest.mark.parametrize("name", ["postgres", "blog", "blog_test_", "blog_test_other_1234"])
    async def test_a_database_that_this_run_did_not_make_is_not_dropped(
        self, blog_databases: ThrowAwayDatabases, name: str
    ) -> None:
        with pytest.raises(NotOurDatabase, match=f"{name} stays"):
            await blog_databases.drop(name)

    async def test_a_database_that_the_kit_did_not_make_is_not_written_to(
        self, blog_server: str
    ) -> None:
        async with connected(blog_server) as connection:
            with pytest.raises(NotOurDatabase, match="was not made by blog-core's testing kit"):
                async with rolled_back(connection):
                    pass

    async def test_a_lent_database_is_gone_afterwards(
        self, blog_databases: ThrowAwayDatabases
    ) -> None:
        async with blog_databases.migrated() as url:
            database = PooledDatabase(url)
            await database.check()
        await database.close()

        with pytest.raises(DatabaseUnavailable) as found:
            await PooledDatabase(url).check()
        assert "does not exist" in str(found.value.__cause__)


class TestPlaceOfTheServer:
    @pytest.fixture(autouse=True)
    def memory(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        monkeypatch.setattr(databases, "_MEMORY", tmp_path)
        monkeypatch.setattr(databases, "_ROOM", 0)
        monkeypatch.delenv("TMPDIR", raising=False)
        return tmp_path

    def test_it_is_in_memory(self, memory: Path) -> None:
        assert databases._place() == memory

    def test_it_is_on_disk_when_memory_is_short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(databases, "_ROOM", 1 << 60)

        assert databases._place() == Path(gettempdir())

    def test_it_is_on_disk_where_memory_is_no_folder(
        self, monkeypatch: pytest.MonkeyPatch, memory: Path
    ) -> None:
        monkeypatch.setattr(databases, "_MEMORY", memory / "nowhere")

        assert databases._place() == Path(gettempdir())

    def test_it_is_where_tmpdir_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TMPDIR", gettempdir())

        assert databases._place() == Path(gettempdir())
