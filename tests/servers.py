"""Servers on the loopback for tests, and lines to them that can be cut and mended."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import URL

from blog_adapters.smtp import SmtpMailer

HOST = "127.0.0.1"
SENDER = "noreply@blog.example.com"

Connect = Callable[[], Awaitable[tuple[StreamReader, StreamWriter]]]


class MailServer:
    """A server that takes every message."""

    def __init__(self) -> None:
        self.port = 0
        self.messages: list[EmailMessage] = []
        self._sessions: list[SMTP] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a message."""
        assert isinstance(envelope.content, bytes)
        self.messages.append(
            message_from_bytes(envelope.content, _class=EmailMessage, policy=default)
        )
        return "250 OK"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Take messages meanwhile."""
        loop = asyncio.get_running_loop()

        def session() -> SMTP:
            self._sessions.append(SMTP(self, loop=loop, hostname="mx.example.com"))
            return self._sessions[-1]

        async with await loop.create_server(session, HOST, 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield
        for each in self._sessions:
            if each.transport is not None:
                each.transport.close()
        talks = (each._handler_coroutine for each in self._sessions if each._handler_coroutine)
        await asyncio.gather(*talks, return_exceptions=True)


def plain_mailer(port: int, **changed: Any) -> SmtpMailer:  # noqa: ANN401 - its own keywords
    """Return a mailer that talks to a server of the loopback, without any protection."""
    keywords = {"host": HOST, "port": port, "sender": SENDER, "security": "plain", **changed}
    return SmtpMailer(**keywords)


class Line:
    """A port that leads to a server, until it is cut: then it refuses, and open talks end."""

    def __init__(self, connect: Connect) -> None:
        self.port = 0
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._writers: set[StreamWriter] = set()
        self._talks: set[asyncio.Task[object] | None] = set()

    async def mend(self) -> None:
        """Lead to the server, again at the port of the first time."""
        self._server = await asyncio.start_server(self._talk, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Lead nowhere."""
        if self._server is None:
            return
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*(talk for talk in self._talks if talk), return_exceptions=True)
        await self._server.wait_closed()
        self._server = None
        self._writers.clear()
        self._talks.clear()

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._talks.add(asyncio.current_task())
        self._writers.add(writer)
        answers, server = await self._connect()
        self._writers.add(server)
        await asyncio.gather(_pump(reader, server), _pump(answers, writer), return_exceptions=True)


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def line_to(connect: Connect) -> AsyncIterator[Line]:
    """Lend a line that is whole."""
    line = Line(connect)
    await line.mend()
    yield line
    await line.cut()


def at_port(port: int) -> Connect:
    """Return how to reach a server of the loopback."""
    return partial(asyncio.open_connection, HOST, port)


def at_database(url: URL) -> Connect:
    """Return how to reach a PostgreSQL, through its socket if it has one."""
    host = str(url.query.get("host", url.host))
    port = int(str(url.query.get("port", url.port or 5432)))
    if host.startswith("/"):
        return partial(asyncio.open_unix_connection, f"{host}/.s.PGSQL.{port}")
    return partial(asyncio.open_connection, host, port)
