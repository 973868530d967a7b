"""Mail over SMTP."""

import asyncio
import ssl
from contextlib import suppress
from typing import Literal

import aiosmtplib

from blog_adapters.message import as_email_message
from blog_core.domain.mail import Mail
from blog_core.errors import MailRefused, MailUnavailable

_PERMANENT = 500  # RFC 5321, 4.2.1: 5yz is a permanent failure, 4yz a transient one
_GOODBYE = 1  # second

Security = Literal["starttls", "tls", "plain"]
"""How the connection is protected: STARTTLS or nothing is sent, TLS from the start, or not."""


class SmtpMailer:
    """Sends each mail over a connection of its own.

    Args:
        host: the mail server; its certificate must bear this name.
        port: usually 587 for STARTTLS, 465 for TLS, 25 for neither.
        username: who we are; empty to send without AUTH.
        password: the secret that belongs to the name.
        sender: the address that mail comes from, without a display name.
        security: see `Security`.
        timeout: seconds for one mail, from the connection to the reply that takes it.
        tls_context: whom to trust; None is the system's certificate authorities.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str = "",
        password: str = "",
        sender: str,
        security: Security = "starttls",
        timeout: float = 10,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._username = username
        self._password = password
        self._sender = sender
        self._security = security
        self._timeout = timeout
        self._tls_context = tls_context

    async def send(self, mail: Mail) -> None:
        """Hand a message over to the server.

        When the answer to it is lost the mail may have been taken all the same: sent again it has
        the same Message-ID.

        Raises:
            MailRefused: the server does not want this message, or this recipient, for good.
            MailUnavailable: whatever else; a wrong password too, which an operator can mend.
        """
        message = as_email_message(mail, sender=self._sender)
        client = self._client()
        try:
            async with asyncio.timeout(self._timeout):
                await client.connect()
                await client.send_message(message, sender=self._sender, recipients=[mail.to])
        except (aiosmtplib.SMTPException, OSError) as error:
            raise (MailRefused if _is_final(error) else MailUnavailable) from error
        else:
            with suppress(aiosmtplib.SMTPException):  # the mail is theirs, whatever they say now
                await client.quit(timeout=_GOODBYE)
        finally:
            client.close()

    async def check(self) -> None:
        """Talk to the server as far as the sender's address, and send nothing.

        Raises:
            MailUnavailable: it does not answer, or takes not the login or not the sender.
        """
        client = self._client()
        try:
            async with asyncio.timeout(self._timeout):
                await client.connect()
                await client.mail(self._sender)
                await client.rset()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailUnavailable from error
        else:
            with suppress(aiosmtplib.SMTPException):
                await client.quit(timeout=_GOODBYE)
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username or None,
            password=self._password or None,
            timeout=self._timeout,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",  # None, the default, would do without
            tls_context=self._tls_context,
        )


def _is_final(error: Exception) -> bool:
    """Whether the error is about this message, and not about us or the server's day."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refused]):
            return refused.code >= _PERMANENT
        case aiosmtplib.SMTPDataError(code=code):
            return code >= _PERMANENT
        case aiosmtplib.SMTPNotSupported():  # an address that this server cannot write
            return True
        case _:
            return False
