"""A blog of real processes, and all that is around it: each part can be broken."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from blog_adapters.embedded_postgres import HERE, WAIT, EmbeddedPostgres
from blog_adapters.testing.databases import connected
from blog_adapters.testing.s3 import BUCKET, S3Server, s3_server
from lines import HOST, Line, at_port, line_to
from processes import free_port, run_blog, serving_at, started
from servers import MailServer

PATIENCE = 120.0
"""Seconds until something that has to come true is given up."""

SECRET = "a secret key that nobody else has, of 32 bytes"

_BRING_FORWARD = """
    UPDATE outbox SET due_at = least(due_at, now()), locked_until = least(locked_until, now())
    WHERE NOT dead
"""


class Process:
    """One `blog` process, which can be killed and started again.

    Args:
        folder: its own, with its log.
        arguments: `serve` or `worker`, with their options.
        settings: its environment.
    """

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        folder.mkdir()
        self.url = ""
        self._folder = folder
        self._command, *self._options = arguments
        # Everybody in these tests calls from one address.
        self._settings = {"RATE_LIMITS": "off", **settings}
        self._port = free_port()
        self._running = ExitStack()

    async def start(self) -> None:
        """Start it, and wait until it is at work."""
        await asyncio.to_thread(self._start)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and return the status it ends with."""
        return await asyncio.to_thread(self._end, number)

    @property
    def pid(self) -> int:
        """Its number; that of the supervisor when there are several workers."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self._folder / "log").read_text()

    def close(self) -> None:
        """See to it that it has ended."""
        self._running.close()

    def _start(self) -> None:
        if self._command == "serve":
            lent = serving_at(self._port, self._folder, *self._options, **self._settings)
            served = self._running.enter_context(lent)
            self._process, self.url = served.process, served.url
            return
        before = len(self.log) if (self._folder / "log").exists() else 0
        running = started(self._folder, self._command, *self._options, **self._settings)
        self._process = self._running.enter_context(running)
        deadline = time.monotonic() + PATIENCE
        while "relay started" not in self.log[before:]:
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def _end(self, number: signal.Signals) -> int:
        self._process.send_signal(number)
        status = self._process.wait(PATIENCE)
        self._running.close()
        return status


class Postgres:
    """A PostgreSQL of its own, which can crash."""

    def __init__(self, folder: Path) -> None:
        # Only a crash of the machine would lose what is not yet on the disk.
        self._server = EmbeddedPostgres(folder / "postgres", {"fsync": "off"})
        self.url = ""

    async def start(self) -> None:
        """Make and start it."""
        self.url = await asyncio.to_thread(self._server.start)

    async def crash(self) -> None:
        """End it without a checkpoint or a word to anybody."""
        stop = ("pg_ctl", "stop", *HERE, *WAIT, "-m", "immediate")
        await asyncio.to_thread(self._server._run, *stop)

    async def come_back(self) -> None:
        """Start it again, and wait until it takes connections."""
        await asyncio.to_thread(self._server._launch)

    async def stop(self) -> None:
        """End it."""
        await asyncio.to_thread(self._server.stop)

    async def rows(self, sql: str, **values: object) -> list[Any]:
        """Run a statement and return the rows that it gives."""
        async with connected(self.url) as connection:
            result = await connection.execute(text(sql), values)
            rows = list(result.all()) if result.returns_rows else []
            await connection.commit()
        return rows

    async def column(self, sql: str, **values: object) -> list[Any]:
        """Run a statement and return the only column that it gives."""
        return [value for (value,) in await self.rows(sql, **values)]


class World:
    """The parts, the lines that lead from the blog to them, and the blog's processes."""

    def __init__(
        self,
        folder: Path,
        *,
        database: Postgres,
        bucket: S3Server,
        storage: Line,
        mail_server: MailServer,
        mail: Line,
    ) -> None:
        self.folder = folder
        self.database = database
        self.bucket = bucket
        self.storage = storage
        self.mail_server = mail_server
        self.mail = mail
        self.processes: list[Process] = []

    @property
    def settings(self) -> dict[str, str]:
        """What an operator would set to lead a blog to these parts."""
        return {
            "DATABASE_URL": self.database.url,
            "SECRET_KEY": SECRET,
            "S3_BUCKET_NAME": BUCKET,
            "S3_ACCESS_KEY_ID": "admin",
            "S3_SECRET_ACCESS_KEY": "admin",
            "S3_ENDPOINT_URL": f"http://{HOST}:{self.storage.port}",
            "MAIL_SERVER": HOST,
            "MAIL_PORT": str(self.mail.port),
            "MAIL_USE_TLS": "false",
        }

    async def serve(self, *options: str, **settings: str) -> Process:
        """Start a `blog serve`."""
        return await self._run("serve", *options, **settings)

    async def work(self) -> Process:
        """Start a `blog worker`."""
        return await self._run("worker")

    async def migrate(self, revision: str = "head") -> tuple[int, str]:
        """Run `blog migrate` to its end; return its status and what it says of errors."""
        done = await asyncio.to_thread(run_blog, self.folder, "migrate", revision, **self.settings)
        return done.returncode, done.stderr

    async def pictures(self) -> tuple[set[str], set[str]]:
        """Return the pictures in the bucket, and those that accounts show."""
        keys = await asyncio.to_thread(self.bucket.stored)
        shown = await self.database.column(
            "SELECT image_file FROM users WHERE image_file IS NOT NULL"
        )
        return {key.rpartition("/")[2] for key in keys}, set(shown)

    async def deliver_all(self) -> None:
        """Let everything in the outbox be due, and wait until it is done.

        Only for a world in which nobody writes, and no relay that was killed comes back.
        """
        await self.database.rows(
            "UPDATE outbox SET due_at = now() WHERE NOT dead AND due_at > now()"
        )
        await self.database.rows("UPDATE outbox SET locked_until = now() WHERE NOT dead")
        await eventually(self._is_outbox_empty)

    async def _is_outbox_empty(self) -> bool:
        return await self.database.column("SELECT count(*) FROM outbox WHERE NOT dead") == [0]

    async def _run(self, *arguments: str, **settings: str) -> Process:
        folder = self.folder / f"process-{len(self.processes)}"
        process = Process(folder, *arguments, **(self.settings | settings))
        self.processes.append(process)
        await process.start()
        return process


async def eventually(fact: Callable[[], Awaitable[bool]], *, patience: float = PATIENCE) -> float:
    """Wait until the fact is true, and return how many seconds that took."""
    begun = time.monotonic()
    while not await fact():
        assert time.monotonic() - begun < patience, "it did not come true"
        await asyncio.sleep(0.1)
    return time.monotonic() - begun


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[World]:
    """Lend a world with a migrated database and no processes yet; end all that it has started."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request to moto
    async with AsyncExitStack() as stack:
        database = Postgres(folder)
        stack.push_async_callback(database.stop)
        await database.start()
        bucket = stack.enter_context(s3_server())
        stack.enter_context(bucket.bucket())
        mail_server = MailServer()
        await stack.enter_async_context(mail_server.listening())
        world = World(
            folder,
            database=database,
            bucket=bucket,
            storage=await stack.enter_async_context(line_to(at_port(bucket.port))),
            mail_server=mail_server,
            mail=await stack.enter_async_context(line_to(at_port(mail_server.port))),
        )
        status, said = await world.migrate()
        assert status == 0, said
        try:
            yield world
        finally:
            for process in world.processes:
                await asyncio.to_thread(process.close)
