"""Servers on the loopback for tests, and lines to them that can be cut and mended."""

import asyncio
import os
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial

import boto3
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from sqlalchemy import URL

HOST = "127.0.0.1"
BUCKET = "test-bucket"
REGION = "us-east-1"

Connect = Callable[[], Awaitable[tuple[StreamReader, StreamWriter]]]


@contextmanager
def without_aws_settings() -> Iterator[None]:
    """Keep a developer's AWS variables and files from whatever is built meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, os.devnull)
        yield


class S3Server:
    """A server that speaks S3; it has a bucket while a test uses one."""

    def __init__(self, port: int) -> None:
        self.port = port
        with without_aws_settings():
            self._client = boto3.Session().client(
                "s3",
                region_name=REGION,
                endpoint_url=f"http://{HOST}:{port}",
                aws_access_key_id="admin",
                aws_secret_access_key="admin",
            )

    @contextmanager
    def bucket(self) -> Iterator[None]:
        """Have an empty bucket."""
        self._client.create_bucket(Bucket=BUCKET)
        yield
        for key in self.stored():
            self._client.delete_object(Bucket=BUCKET, Key=key)
        self._client.delete_bucket(Bucket=BUCKET)

    def stored(self) -> list[str]:
        """Return the keys that the bucket holds."""
        return [
            found["Key"]
            for found in self._client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        ]

    def read(self, key: str) -> bytes:
        """Return one object."""
        content: bytes = self._client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Lend a server; each of its requests has a thread of its own."""
    server = ThreadedMotoServer(ip_address=HOST, port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    s3 = S3Server(port)
    yield s3
    s3.close()
    server.stop()


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
