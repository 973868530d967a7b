"""The database URLs that are understood, whichever driver they were written for."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg", "postgresql+asyncpg")
_OPTIONS = {"host", "port", "ssl"}


def engine_url(url: str) -> URL:
    """Return a PostgreSQL URL as one for asyncpg.

    `postgresql://`, `postgres://`, `postgresql+psycopg://` and `postgresql+asyncpg://` are one.
    `?host=` may name a socket's folder; libpq's `?sslmode=` is understood.

    Raises:
        ValueError: it is none of these; the message never repeats it, for it may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(
            "the database URL is not of the form postgresql://user:password@host:port/name"
        ) from None
    if parsed.drivername not in _SCHEMES:
        raise ValueError("the database URL must begin with postgresql://")
    options = dict(parsed.query)
    if "sslmode" in options:
        options["ssl"] = options.pop("sslmode")
    if unknown := sorted(options.keys() - _OPTIONS):
        raise ValueError(f"the database URL has options nobody reads: {', '.join(unknown)}")
    return parsed.set(drivername="postgresql+asyncpg", query=options)
