"""`blog doctor`: asks every part whether it works, side by side, and leaves nothing behind.

Each check finds facts and lets `blog_adapters.diagnosis` judge them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

from blog_adapters import diagnosis
from blog_adapters.container import Container
from blog_adapters.diagnosis import Finding
from blog_adapters.floors import FLOORS
from blog_adapters.settings import Settings

CHECK_SECONDS = 8.0
"""How long one check may take."""

_FETCH_SECONDS = 3.0
_GUARDS = (
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    "client_connection_check_interval",
)

Check = Callable[[Container], Awaitable[Finding]]


async def examine(container: Container) -> list[Finding]:
    """Return what every check finds, in the order of the table `CHECKS`.

    The embedded database is started if it exists and does not run; none is made.

    Raises:
        SettingsError, StartError: a part cannot even be built.
    """
    settings = container.settings()
    checks = dict(CHECKS)
    if _has_no_database_yet(settings):
        for name in _OF_A_DATABASE_THAT_IS_THERE:
            del checks[name]
        checks["database"] = _comes_with_the_first_start
    else:
        await asyncio.to_thread(container.database)
    for part in (container.storage, container.mailer):
        part()
    found = await asyncio.gather(
        *(_examined(name, check, container) for name, check in checks.items())
    )
    return [*found, *diagnosis.of_settings(settings)]


async def _examined(name: str, check: Check, container: Container) -> Finding:
    advice = _ADVICE.get(name, "")
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check(container)
    except TimeoutError:
        return Finding(name, "failed", f"no answer within {CHECK_SECONDS:.0f} s", advice)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks are to be heard
        return Finding(name, "failed", _in_words(error, container.settings()), advice)


def _in_words(error: Exception, settings: Settings) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    said = _without_secrets(str(cause), settings)  # whole: a secret may contain what is cut off
    text = " ".join(said.partition("\n")[0].split())
    return f"{type(cause).__name__}: {text[:200]}" if text else type(cause).__name__


def _without_secrets(text: str, settings: Settings) -> str:
    """Return what a server said: it is free to repeat what it was sent."""
    for secret in filter(None, diagnosis.secrets_of(settings)):
        text = text.replace(secret, "***")
    return text


def _has_no_database_yet(settings: Settings) -> bool:
    cluster = settings.data_dir / "postgres" / "PG_VERSION"
    return settings.database_url is None and not cluster.exists()


async def _comes_with_the_first_start(_: Container) -> Finding:
    return Finding("database", "ok", "none yet; the first `blog serve` makes one")


async def _database(container: Container) -> Finding:
    await _ask(container, "SELECT 1")  # to connect takes longer than to answer
    asked = monotonic()
    row = await _ask(container, "SELECT current_setting('server_version_num')::int")
    return diagnosis.of_server(row[0], monotonic() - asked)


async def _guards(container: Container) -> Finding:
    columns = ", ".join(f"current_setting('{name}')" for name in _GUARDS)
    row = await _ask(container, f"SELECT {columns}")
    return diagnosis.of_guards(dict(zip(_GUARDS, row, strict=True)))


async def _migrations(container: Container) -> Finding:
    from blog_adapters.sql import schema

    try:
        await schema.require_current_schema(container.database())
    except schema.SchemaError as error:
        said = _without_secrets(str(error), container.settings())
        return Finding("migrations", "failed", said, "run the command it names")
    return Finding("migrations", "ok", f"the schema is at revision {schema.REVISION}")


async def _clock(container: Container) -> Finding:
    await _ask(container, "SELECT 1")
    clock = container.clock()
    before = clock()
    row = await _ask(container, "SELECT clock_timestamp()")
    middle = before + (clock() - before) / 2
    return diagnosis.of_clock((row[0] - middle).total_seconds())


async def _outbox(container: Container) -> Finding:
    row = await _ask(
        container,
        "SELECT extract(epoch FROM now() - min(due_at) FILTER (WHERE NOT dead AND due_at < now()"
        " AND coalesce(locked_until, '-infinity') < now()))::float8,"
        " count(*) FILTER (WHERE dead) FROM outbox",
    )
    return diagnosis.of_outbox(row[0], row[1])


async def _storage(container: Container) -> Finding:
    folder = container.media_folder()
    if folder is not None:
        await asyncio.to_thread(_try_to_write, folder)
        return Finding("storage", "ok", f"pictures can be written to {folder}")
    storage, probe = container.storage(), f"{uuid4().hex}.jpg"
    await storage.put(probe, b"probe")
    await storage.delete(probe)
    return Finding("storage", "ok", "a picture could be stored and deleted again")


async def _public_url(container: Container) -> Finding:
    if container.media_folder() is not None:
        return Finding("public url", "ok", "pictures are served by the blog itself, at /media")
    storage, probe = container.storage(), f"{uuid4().hex}.jpg"
    await storage.put(probe, b"probe")
    try:
        status = await asyncio.to_thread(_fetched, storage.url(probe))
    except OSError as error:
        said = _in_words(error, container.settings())
        return Finding("public url", "warning", said, _ADVICE["public url"])
    finally:
        await storage.delete(probe)
    return Finding("public url", "ok", f"a picture is answered with {HTTPStatus(status).phrase}")


def _fetched(url: str) -> int:
    # The settings take no address that is not of the web.
    with urlopen(url, timeout=_FETCH_SECONDS) as response:  # noqa: S310
        status: int = response.status
    return status


async def _mail(container: Container) -> Finding:
    settings = container.settings()
    if settings.mail_server is None:
        folder = settings.data_dir / "mail"
        await asyncio.to_thread(_try_to_write, folder)
        return Finding("mail", "ok", f"mail can be written to {folder}")
    await container.mailer().check()  # type: ignore[attr-defined]  # the mailer of a server
    return Finding("mail", "ok", f"{settings.mail_server} takes mail from {settings.mail_from}")


def _try_to_write(folder: Path) -> None:
    """Write to a folder, or to where it will be made; nothing of it stays. Raises OSError."""
    place = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    with TemporaryFile(dir=place) as probe:
        probe.write(b"probe")


async def _versions(_: Container) -> Finding:
    return diagnosis.of_versions({name: found for name in FLOORS if (found := _installed(name))})


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


async def _headers(_: Container) -> Finding:
    """Try whether this Python lets an address break out of its header (CVE-2024-6923)."""
    message = EmailMessage(policy=SMTP)
    try:
        message["To"] = Address(username="=?utf-8?q?x=0ABcc=3A_y?=", domain="example.com")
        broken = b"\nBcc:" in message.as_bytes()
    except ValueError:  # HeaderWriteError, or a parser that refuses
        broken = False
    if broken:
        return Finding(
            "python",
            "warning",
            "this Python has CVE-2024-6923: line breaks in mail headers",
            "update it; the blog sends no mail to addresses that could use it",
        )
    return Finding("python", "ok", "its email package keeps headers in one piece")


async def _ask(container: Container, question: str) -> tuple[Any, ...]:
    """Return the one row of the answer. Raises DatabaseUnavailable."""
    from sqlalchemy import text

    async with container.database().reading() as statements:
        (row,) = await statements.execute(text(question))
    return tuple(row)


CHECKS: dict[str, Check] = {
    "database": _database,
    "guards": _guards,
    "migrations": _migrations,
    "clock": _clock,
    "outbox": _outbox,
    "storage": _storage,
    "public url": _public_url,
    "mail": _mail,
    "versions": _versions,
    "python": _headers,
}
"""What is checked, by name."""

_OF_A_DATABASE_THAT_IS_THERE = ("guards", "migrations", "clock", "outbox")

_ADVICE = {
    "database": "see DATABASE_URL, and whether the server runs",
    "guards": "the database has to answer first",
    "migrations": "the database has to answer first",
    "clock": "the database has to answer first",
    "outbox": "the database has to answer and be migrated first",
    "storage": "see S3_*; the key needs PutObject and DeleteObject on profile_pics/*",
    "public url": "let the public read profile_pics/*, or set S3_PUBLIC_URL",
    "mail": "see MAIL_*, whether the server runs, and whether it takes the login and the sender",
}
