"""What facts about a blog mean: pure judgements over what `blog_adapters.doctor` finds."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import unquote, urlsplit

from blog_adapters.floors import FLOORS, is_below
from blog_adapters.settings import Settings

State = Literal["ok", "warning", "failed"]
"""A warning is what can be lived with; something that failed does not work."""

OLDEST_SERVER = 15
CLOCK_WARNING_SECONDS, CLOCK_FAILURE_SECONDS = 5, 30
OUTBOX_WARNING_SECONDS, OUTBOX_FAILURE_SECONDS = 60, 15 * 60
SLOW_ANSWER_SECONDS = 0.1

_FEW_CHARACTERS = 10
_COMMON_WORDS = ("secret", "change", "password", "example", "1234567", "qwerty")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, in words for an operator; `advice` is empty when all is well."""

    name: str
    state: State
    said: str
    advice: str = ""


def of_server(version: int, answer_seconds: float) -> Finding:
    """Judge the database by its version (`server_version_num`) and the time of one answer."""
    major, said = version // 10_000, f"answers in {answer_seconds * 1000:.0f} ms"
    if major < OLDEST_SERVER:
        return Finding(
            "database",
            "failed",
            f"PostgreSQL {major}, {said}",
            f"PostgreSQL {OLDEST_SERVER} or newer is needed",
        )
    if answer_seconds > SLOW_ANSWER_SECONDS:
        return Finding(
            "database",
            "warning",
            f"PostgreSQL {major}, {said}",
            "every request asks several times: move the blog closer to it",
        )
    return Finding("database", "ok", f"PostgreSQL {major}, {said}")


def of_guards(found: Mapping[str, str]) -> Finding:
    """Judge what a connection has set against waiting without end; "0" is nothing."""
    missing = sorted(name for name, value in found.items() if value == "0")
    if missing:
        return Finding(
            "guards",
            "warning",
            f"not set on our connections: {', '.join(missing)}",
            "set them by ALTER ROLE, as docs/settings.md says",
        )
    return Finding("guards", "ok", "statements, locks and idle transactions have time limits")


def of_clock(apart_seconds: float) -> Finding:
    """Judge how far the database's clock is from ours; before or after is the same."""
    apart = abs(apart_seconds)
    said = f"{apart:.1f} s apart from the database's"
    if apart <= CLOCK_WARNING_SECONDS:
        return Finding("clock", "ok", said)
    state: State = "failed" if apart > CLOCK_FAILURE_SECONDS else "warning"
    return Finding("clock", state, said, "let NTP set the clocks of both machines")


def of_outbox(oldest_due_seconds: float | None, dead: int) -> Finding:
    """Judge how long the oldest due entry has waited, None without one, and the dead letters."""
    waited = oldest_due_seconds or 0
    said = (
        f"{dead} dead letters, nothing due"
        if oldest_due_seconds is None
        else (f"{dead} dead letters, the oldest due entry is {waited:.0f} s late")
    )
    if waited > OUTBOX_FAILURE_SECONDS:
        return Finding("outbox", "failed", said, "no relay delivers: run `blog serve` or a worker")
    if waited > OUTBOX_WARNING_SECONDS:
        return Finding("outbox", "warning", said, "see whether a relay runs, and what it logs")
    if dead:
        advice = "their last_error, in the table outbox, says why they were given up"
        return Finding("outbox", "warning", said, advice)
    return Finding("outbox", "ok", said)


def of_versions(found: Mapping[str, str]) -> Finding:
    """Judge the installed versions of packages."""
    old = [
        f"{name} {found[name]} (needs {floor}: {because})"
        for name, (floor, because) in FLOORS.items()
        if name in found and is_below(found[name], floor)
    ]
    if old:
        return Finding("versions", "failed", "; ".join(old), "install what requirements.lock names")
    return Finding("versions", "ok", "no package is older than security fixes need")


def of_settings(settings: Settings) -> list[Finding]:
    """Judge the settings; on a blog that only its own machine can reach, everything is fine."""
    if settings.database_url is None and _is_local(settings.host) and _leads_here(settings):
        return [Finding("settings", "ok", "only this machine reaches it: the defaults are safe")]
    found = [
        Finding(f"settings: {name}", "warning", said, advice)
        for name, applies, said, advice in _UNSAFE
        if applies(settings)
    ]
    return found or [Finding("settings", "ok", "nothing in them is unsafe")]


def secrets_of(settings: Settings) -> Iterator[str]:
    """Return every secret that is set, and the passwords within URLs."""
    for _, value in settings:
        if hasattr(value, "get_secret_value"):
            secret = value.get_secret_value()
            yield from (secret, *secret.split(","))
            with suppress(ValueError):  # it only looks like a URL
                if "://" in secret and (password := urlsplit(secret).password):
                    yield from (password, unquote(password))


def _is_guessable(settings: Settings) -> bool:
    if settings.secret_key is None:
        return False
    key = settings.secret_key.get_secret_value().lower()
    return len(set(key)) < _FEW_CHARACTERS or any(word in key for word in _COMMON_WORDS)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _leads_here(settings: Settings) -> bool:
    return _is_local(urlsplit(settings.frontend_url).hostname or "")


_UNSAFE: tuple[tuple[str, Callable[[Settings], bool], str, str], ...] = (
    (
        "SECRET_KEY",
        _is_guessable,
        "looks as if somebody could guess it",
        "make one with `openssl rand -base64 48`",
    ),
    (
        "FRONTEND_URL",
        _leads_here,
        "links lead to the reader's own machine",
        "set it to where the pages are",
    ),
    (
        "FRONTEND_URL",
        lambda settings: settings.frontend_url.startswith("http:") and not _leads_here(settings),
        "links, of reset mails too, lead to pages without https",
        "serve the pages by https",
    ),
    (
        "MAIL_SERVER",
        lambda settings: settings.mail_server is None,
        "mail is written to files, and reaches nobody",
        "set it",
    ),
    (
        "MAIL_USE_TLS",
        lambda settings: bool(
            settings.mail_server
            and not settings.mail_use_tls
            and not settings.mail_use_ssl
            and not _is_local(settings.mail_server)
        ),
        "mail and its password travel in the clear",
        "turn MAIL_USE_TLS or MAIL_USE_SSL on",
    ),
    (
        "S3_ENDPOINT_URL",
        lambda settings: (settings.s3_endpoint_url or "").startswith("http:"),
        "pictures travel without https",
        "use an https endpoint",
    ),
    (
        "ALLOWED_HOSTS",
        lambda settings: "*" in settings.hosts,
        "any host name is answered",
        "name those that are yours",
    ),
    (
        "DOCS",
        lambda settings: settings.docs,
        "/docs is open to everybody",
        "DOCS=off, unless meant",
    ),
    (
        "RATE_LIMITS",
        lambda settings: settings.limits is None,
        "passwords may be tried without end",
        "leave them on, unless something in front limits requests",
    ),
    (
        "HOST",
        lambda settings: (
            settings.host in {"0.0.0.0", "::"}  # noqa: S104 - is looked for, not used
            and all(proxy.is_loopback for proxy in settings.proxies)
        ),
        "listens on every address, and knows no proxy but on this machine",
        "put a proxy in front, which brings TLS and bounds headers, and name it in TRUSTED_PROXIES",
    ),
)
"""What is unsafe where others can reach the blog: setting, when, what is wrong, what to do."""
