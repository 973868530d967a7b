"""Lines to servers, for tests: they can be cut and mended, slowed down, and made to lose things."""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial

from sqlalchemy import URL

HOST = "127.0.0.1"

Connect = Callable[[], Awaitable[tuple[StreamReader, StreamWriter]]]

Fault = Callable[[bytes], Iterable[tuple[float, bytes]]]
"""What becomes of bytes on their way: pieces, each after so many seconds."""


def none(data: bytes) -> Iterable[tuple[float, bytes]]:
    """Pass everything on at once."""
    return [(0, data)]


def black_hole(_data: bytes) -> Iterable[tuple[float, bytes]]:
    """Take everything and pass nothing on."""
    return []


def reset(_data: bytes) -> Iterable[tuple[float, bytes]]:
    """End the talk with a TCP reset as soon as somebody says something."""
    raise ConnectionResetError


def late(seconds: float) -> Fault:
    """Pass everything on, so much later."""
    return lambda data: [(seconds, data)]


def dripping(seconds: float) -> Fault:
    """Pass on one byte at a time, with a pause before each."""
    return lambda data: [(seconds, bytes([byte])) for byte in data]


class Line:
    """A port that leads to a server, until it is cut: then it refuses, and open talks end.

    `connect` and `fault` may be set at any time: the one for talks that begin later, the other for
    all.
    """

    def __init__(self, connect: Connect) -> None:
        self.port = 0
        self.connect = connect
        self.fault: Fault = none
        self._server: asyncio.Server | None = None
        self._writers: set[StreamWriter] = set()
        self._talks: set[asyncio.Task[object]] = set()

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
        talks = list(self._talks)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        ends = {writer}
        self._writers |= ends
        try:
            answers, server = await self.connect()
            ends.add(server)
            self._writers |= ends
            await asyncio.gather(
                self._pump(reader, server, ends),
                self._pump(answers, writer, ends),
                return_exceptions=True,
            )
        except OSError:  # nobody is there
            writer.transport.abort()
        finally:
            self._writers -= ends
            self._talks.discard(task)

    async def _pump(
        self, reader: StreamReader, writer: StreamWriter, ends: set[StreamWriter]
    ) -> None:
        try:
            while data := await reader.read(65_536):
                for pause, piece in self.fault(data):
                    if pause:
                        await asyncio.sleep(pause)
                    writer.write(piece)
                    await writer.drain()
        except ConnectionResetError:
            for end in ends:
                _reset(end)
        finally:
            writer.close()


def _reset(end: StreamWriter) -> None:
    connection: socket.socket = end.get_extra_info("socket")
    if connection.fileno() >= 0 and connection.family != socket.AF_UNIX:
        # To linger for no time at all is to send a reset instead of a farewell.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.transport.abort()


@asynccontextmanager
async def line_to(connect: Connect) -> AsyncIterator[Line]:
    """Lend a line that is whole."""
    line = Line(connect)
    await line.mend()
    try:
        yield line
    finally:
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
