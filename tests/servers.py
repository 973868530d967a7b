"""Servers on the loopback for tests."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from blog_adapters.smtp import SmtpMailer
from lines import HOST

SENDER = "noreply@blog.example.com"


class MailServer:
    """A server that takes every message, but for recipients of whom `replies` says otherwise.

    Each message takes it `pause` seconds.
    """

    def __init__(self) -> None:
        self.port = 0
        self.pause = 0.0
        self.replies: dict[str, str] = {}
        self.messages: list[EmailMessage] = []
        self._sessions: list[SMTP] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        """Take a recipient, or say why not."""
        reply = self.replies.get(address, "250 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a message."""
        assert isinstance(envelope.content, bytes)
        await asyncio.sleep(self.pause)
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


@asynccontextmanager
async def failing_server() -> AsyncIterator[int]:
    """Answer every HTTP request with 500, at the port that is lent."""

    async def fail(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 500 Internal Server Error\r\n"
                b"Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):  # they went away
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(fail, HOST, 0) as server:
        yield server.sockets[0].getsockname()[1]
