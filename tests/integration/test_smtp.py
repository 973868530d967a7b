import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from blog_adapters.smtp import SmtpMailer
from blog_core.domain.mail import Mail
from blog_core.errors import BlogError, MailRefused, MailUnavailable
from blog_core.testing import Adapter, builders
from blog_core.testing.contracts import MailerContract
from lines import HOST
from mails import mail_in, part
from servers import SENDER, plain_mailer

pytestmark = pytest.mark.anyio

USERNAME, PASSWORD = "app", "a secret"
HEADERS = [
    "Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To",
]  # fmt: skip


@dataclass
class Inbox:
    """What a mail server has taken, and the replies it was told to give instead of taking it.

    It thinks for `pause` seconds before each reply to an address or a message.
    """

    replies: dict[str, str] = field(default_factory=dict)
    pause: float = 0
    taken: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str | None] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.pause)
        envelope.mail_from, envelope.mail_options = address, options
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        await asyncio.sleep(self.pause)
        if "RCPT" not in self.replies:
            envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        await asyncio.sleep(self.pause)
        if "DATA" not in self.replies:
            self.taken.append(envelope)
            assert server.transport is not None
            self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
            self.logins.append(session.auth_data)
        return self.replies.get("DATA", "250 OK")

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        return self.replies.get("QUIT", "221 Bye")

    @property
    def messages(self) -> list[EmailMessage]:
        contents = [envelope.content for envelope in self.taken]
        return [
            message_from_bytes(content, _class=EmailMessage, policy=default)
            for content in contents
            if isinstance(content, bytes)
        ]


MakeMailer = Callable[..., SmtpMailer]
Serve = Callable[..., Any]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this host with its key, signed by nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), False)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    encoding = serialization.Encoding.PEM
    path.write_bytes(
        certificate.public_bytes(encoding)
        + key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.fixture(scope="session")
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(scope="session")
def client_tls(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def serve(inbox: Inbox) -> AsyncIterator[Serve]:
    """Start a mail server and return its port."""
    sessions: list[SMTP] = []
    async with AsyncExitStack() as stack:

        async def serve(*, ssl_context: ssl.SSLContext | None = None, **options: Any) -> int:  # noqa: ANN401 - aiosmtpd's keywords
            loop = asyncio.get_running_loop()

            def session() -> SMTP:
                keywords = {"enable_SMTPUTF8": True, "hostname": "mx.example.com", **options}
                sessions.append(SMTP(inbox, loop=loop, **keywords))
                return sessions[-1]

            server = await loop.create_server(session, HOST, 0, ssl=ssl_context)
            await stack.enter_async_context(server)
            return int(server.sockets[0].getsockname()[1])

        yield serve
    for session in sessions:
        if session.transport is not None:
            session.transport.close()
    await asyncio.gather(
        *(session._handler_coroutine for session in sessions if session._handler_coroutine),
        return_exceptions=True,
    )


@pytest.fixture
async def mailer(serve: Serve) -> SmtpMailer:
    """A mailer and a server without any protection."""
    return plain_mailer(await serve())


class TestSmtpMailer(MailerContract):
    """Through a real server, without any protection."""

    @pytest.fixture
    def blog_adapter(self, mailer: SmtpMailer, inbox: Inbox) -> Adapter:
        async def received() -> list[Mail]:
            return [mail_in(message) for message in inbox.messages]

        return Adapter(mailer=mailer, received=received)


async def test_a_message_has_these_headers_and_no_others(mailer: SmtpMailer, inbox: Inbox) -> None:
    await mailer.send(builders.mail())

    assert sorted(inbox.messages[0].keys()) == HEADERS


async def test_a_message_goes_from_our_address_to_one_recipient(
    mailer: SmtpMailer, inbox: Inbox
) -> None:
    await mailer.send(builders.mail("corey@example.com"))

    (envelope,) = inbox.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, ["corey@example.com"])


async def test_a_message_is_a_choice_between_text_and_html(
    mailer: SmtpMailer, inbox: Inbox
) -> None:
    await mailer.send(builders.mail())

    kinds = [each.get_content_type() for each in inbox.messages[0].walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


async def test_a_line_of_one_dot_does_not_end_the_message(mailer: SmtpMailer, inbox: Inbox) -> None:
    mail = builders.mail(text="one\n.\n..\nMAIL FROM:<eve@example.com>\n")

    await mailer.send(mail)

    assert [part(message, "plain") for message in inbox.messages] == [mail.text]


async def test_an_address_beyond_ascii_is_written_in_utf_8(
    mailer: SmtpMailer, inbox: Inbox
) -> None:
    await mailer.send(builders.mail("zoë@exämple.com"))

    assert inbox.taken[0].rcpt_tos == ["zoë@exämple.com"]
    assert "SMTPUTF8" in inbox.taken[0].mail_options


async def test_an_address_beyond_ascii_is_refused_where_it_cannot_be_written(
    serve: Serve,
) -> None:
    mailer = plain_mailer(await serve(enable_SMTPUTF8=False))

    with pytest.raises(MailRefused):
        await mailer.send(builders.mail("zoë@example.com"))


@pytest.mark.parametrize(
    "to",
    [
        "corey@example.com\r\nRCPT TO:<eve@example.com>",
        "corey@example.com>\r\nDATA\r\n",
        "corey@example.com, eve@example.com",
        "corey@example.com> NOTIFY=SUCCESS <eve@example.com",
        "=?utf-8?q?=0abcc=3a_eve=40example.com?=@example.com",
    ],
)
async def test_a_hostile_address_reaches_no_server(
    mailer: SmtpMailer, inbox: Inbox, to: str
) -> None:
    with pytest.raises(MailRefused):
        await mailer.send(builders.mail(to))

    assert inbox.taken == []


@pytest.mark.parametrize(
    "username",
    [
        "\r\nBcc: eve@example.com",
        "=?UTF-8?Q?=0A?=Bcc: eve@example.com",
        "\r\n.\r\nRCPT TO:<eve@example.com>\r\n",
    ],
)
async def test_a_hostile_name_stays_in_the_text(
    mailer: SmtpMailer, inbox: Inbox, username: str
) -> None:
    await mailer.send(builders.mail(text=f"Hello {username},\n", html=f"<p>{username}</p>\n"))

    (envelope,), (message,) = inbox.taken, inbox.messages
    assert envelope.rcpt_tos == ["corey@example.com"]
    assert sorted(message.keys()) == HEADERS


async def test_starttls_protects_the_message(
    serve: Serve, inbox: Inbox, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    port = await serve(tls_context=server_tls)

    await plain_mailer(port, security="starttls", tls_context=client_tls).send(builders.mail())

    assert inbox.encrypted == [True]


async def test_tls_protects_the_message_from_the_start(
    serve: Serve, inbox: Inbox, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    port = await serve(ssl_context=server_tls)

    await plain_mailer(port, security="tls", tls_context=client_tls).send(builders.mail())

    assert inbox.encrypted == [True]


async def test_plain_does_not_ask_for_protection(
    serve: Serve, inbox: Inbox, server_tls: ssl.SSLContext
) -> None:
    port = await serve(tls_context=server_tls)

    await plain_mailer(port).send(builders.mail())

    assert inbox.encrypted == [False]


async def test_without_starttls_nothing_is_sent(serve: Serve, inbox: Inbox) -> None:
    mailer = plain_mailer(await serve(), security="starttls")

    with pytest.raises(MailUnavailable):
        await mailer.send(builders.mail())

    assert inbox.taken == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_to_a_server_that_nobody_vouches_for_nothing_is_sent(
    serve: Serve, inbox: Inbox, server_tls: ssl.SSLContext, security: str
) -> None:
    port = await (
        serve(ssl_context=server_tls) if security == "tls" else serve(tls_context=server_tls)
    )
    mailer = plain_mailer(port, security=security)

    with pytest.raises(MailUnavailable):
        await mailer.send(builders.mail())

    assert inbox.taken == []


def authenticator(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
) -> AuthResult:
    known = (data.login, data.password) == (USERNAME.encode(), PASSWORD.encode())
    return AuthResult(
        success=known, handled=known, auth_data=data.login.decode() if known else None
    )


@pytest.fixture
async def login_port(serve: Serve, server_tls: ssl.SSLContext) -> int:
    """A server that wants to know who sends, after STARTTLS."""
    port = await serve(tls_context=server_tls, authenticator=authenticator, auth_required=True)
    return int(port)


async def test_credentials_are_shown_where_they_are_wanted(
    login_port: int, inbox: Inbox, client_tls: ssl.SSLContext
) -> None:
    mailer = plain_mailer(
        login_port,
        security="starttls",
        tls_context=client_tls,
        username=USERNAME,
        password=PASSWORD,
    )

    await mailer.send(builders.mail())

    assert inbox.logins == [USERNAME]


@pytest.mark.parametrize(("username", "password"), [(USERNAME, "wrong"), ("", "")])
async def test_without_the_right_credentials_the_mail_can_be_tried_again(
    login_port: int, client_tls: ssl.SSLContext, username: str, password: str
) -> None:
    mailer = plain_mailer(
        login_port,
        security="starttls",
        tls_context=client_tls,
        username=username,
        password=password,
    )

    with pytest.raises(MailUnavailable):
        await mailer.send(builders.mail())


@pytest.mark.parametrize(
    ("step", "reply", "expected"),
    [
        ("RCPT", "450 4.2.0 Greylisted", MailUnavailable),
        ("RCPT", "452 4.2.2 Mailbox full", MailUnavailable),
        ("RCPT", "421 4.3.2 Shutting down", MailUnavailable),
        ("RCPT", "550 5.1.1 No such user", MailRefused),
        ("RCPT", "553 5.1.3 What an address", MailRefused),
        ("DATA", "451 4.3.0 Try again later", MailUnavailable),
        ("DATA", "552 5.3.4 Too large", MailRefused),
        ("DATA", "554 5.7.1 Spam", MailRefused),
        ("MAIL", "451 4.3.0 Try again later", MailUnavailable),
        ("MAIL", "530 5.7.0 Authentication required", MailUnavailable),
        ("MAIL", "550 5.7.1 Not your address", MailUnavailable),
    ],
)
async def test_a_reply_decides_whether_trying_again_may_help(
    mailer: SmtpMailer, inbox: Inbox, step: str, reply: str, expected: type[BlogError]
) -> None:
    inbox.replies[step] = reply

    with pytest.raises(expected):
        await mailer.send(builders.mail())


async def test_the_error_does_not_repeat_the_address(mailer: SmtpMailer, inbox: Inbox) -> None:
    inbox.replies["RCPT"] = "550 5.1.1 <canary@example.com>: no such user"

    with pytest.raises(MailRefused) as caught:
        await mailer.send(builders.mail("canary@example.com"))

    assert "canary" not in str(caught.value)


async def test_a_mail_that_was_taken_is_sent_whatever_the_server_says_then(
    mailer: SmtpMailer, inbox: Inbox
) -> None:
    inbox.replies["QUIT"] = "500 5.5.1 Never heard of it"

    await mailer.send(builders.mail())

    assert len(inbox.taken) == 1


async def scripted(stack: AsyncExitStack, *lines: bytes, silent: bool = False) -> int:
    """Start a server that says these lines, one for each it hears, and then no more."""
    over = asyncio.Event()
    talks: list[asyncio.Task[Any] | None] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        for line in lines:
            writer.write(line)
            await reader.readline()
        if silent:
            await over.wait()
        writer.close()

    async def hang_up() -> None:
        over.set()
        await asyncio.gather(*(talk for talk in talks if talk), return_exceptions=True)

    stack.push_async_callback(hang_up)
    server = await stack.enter_async_context(await asyncio.start_server(talk, HOST, 0))
    return int(server.sockets[0].getsockname()[1])


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (b"220 hello\r\n",),
        (b"220 hello\r\n", b"250 ok\r\n"),
        (b"220 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"),
    ],
    ids=["at-once", "after-the-greeting", "after-hello", "after-the-message"],
)
@pytest.mark.parametrize("silent", [True, False], ids=["silent", "gone"])
async def test_a_server_that_says_no_more_is_unavailable(
    lines: tuple[bytes, ...], silent: bool
) -> None:
    async with AsyncExitStack() as stack:
        port = await scripted(stack, *lines, silent=silent)

        with pytest.raises(MailUnavailable):
            await plain_mailer(port, timeout=0.3).send(builders.mail())


async def test_a_server_that_takes_too_long_altogether_is_unavailable(
    serve: Serve, inbox: Inbox
) -> None:
    inbox.pause = 0.3  # each step is in time

    with pytest.raises(MailUnavailable):
        await plain_mailer(await serve(), timeout=0.6).send(builders.mail())


@pytest.mark.parametrize(
    "greeting",
    [b"554 5.3.2 No service\r\n", b"421 Busy\r\n", b"SSH-2.0-OpenSSH\r\n", b"\xff" * 9 + b"\r\n"],
)
async def test_a_server_that_does_not_greet_is_unavailable(greeting: bytes) -> None:
    async with AsyncExitStack() as stack:
        port = await scripted(stack, greeting)

        with pytest.raises(MailUnavailable):
            await plain_mailer(port, timeout=5).send(builders.mail())


async def test_a_server_that_refuses_the_connection_is_unavailable() -> None:
    async with AsyncExitStack() as stack:
        port = await scripted(stack)

    with pytest.raises(MailUnavailable):
        await plain_mailer(port).send(builders.mail())


async def test_a_server_that_does_not_exist_is_unavailable() -> None:
    with pytest.raises(MailUnavailable):
        await plain_mailer(25, host="mail.invalid").send(builders.mail())


async def test_a_check_goes_as_far_as_the_sender_and_sends_nothing(
    login_port: int, inbox: Inbox, client_tls: ssl.SSLContext
) -> None:
    mailer = plain_mailer(
        login_port,
        security="starttls",
        tls_context=client_tls,
        username=USERNAME,
        password=PASSWORD,
    )

    await mailer.check()

    assert inbox.taken == []


@pytest.mark.parametrize(
    "changed", [{"password": "wrong"}, {"tls_context": None}, {"security": "plain"}]
)
async def test_a_check_finds_what_would_keep_mail_from_being_sent(
    login_port: int, client_tls: ssl.SSLContext, changed: dict[str, Any]
) -> None:
    sound = {
        "security": "starttls",
        "tls_context": client_tls,
        "username": USERNAME,
        "password": PASSWORD,
    }
    mailer = plain_mailer(login_port, **sound | changed)

    with pytest.raises(MailUnavailable):
        await mailer.check()


async def test_a_check_finds_a_sender_that_is_not_wanted(serve: Serve, inbox: Inbox) -> None:
    inbox.replies["MAIL"] = "550 Not you"
    mailer = plain_mailer(await serve())

    with pytest.raises(MailUnavailable):
        await mailer.check()


async def test_a_check_does_not_wait_without_end(serve: Serve, inbox: Inbox) -> None:
    inbox.pause = 60
    mailer = plain_mailer(await serve(), timeout=0.1)

    with pytest.raises(MailUnavailable):
        await mailer.check()
