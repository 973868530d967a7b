"""What the memory adapters share: tables of frozen values, and how to look into them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from blog_core.domain.access import ResetToken, Session
from blog_core.domain.idempotency import Outcome
from blog_core.domain.outbox import Entry
from blog_core.domain.posts import Post
from blog_core.domain.text import canonical_key
from blog_core.domain.users import User
from blog_core.errors import BlogError, UserNotFound

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An outbox entry with what only the relay sees."""

    entry: Entry
    until: datetime | None = None
    error: str | None = None
    dead: bool = False


@dataclass(slots=True)
class Tables:
    """All tables, by primary key."""

    users: dict[int, User] = field(default_factory=dict)
    posts: dict[int, Post] = field(default_factory=dict)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    reset_tokens: dict[str, ResetToken] = field(default_factory=dict)
    outbox: dict[UUID, Held] = field(default_factory=dict)
    idempotency: dict[str, Outcome] = field(default_factory=dict)

    def copy(self) -> "Tables":
        """Return tables that can change on their own; the values in them never change."""
        return Tables(
            users=dict(self.users),
            posts=dict(self.posts),
            sessions=dict(self.sessions),
            reset_tokens=dict(self.reset_tokens),
            outbox=dict(self.outbox),
            idempotency=dict(self.idempotency),
        )


def without(table: dict[K, V], unwanted: Callable[[V], bool]) -> dict[K, V]:
    """Return the rows that are not unwanted."""
    return {key: value for key, value in table.items() if not unwanted(value)}


def find(rows: dict[K, V], key: K, missing: type[BlogError]) -> V:
    """Return the row with this key, or raise the error for a missing one."""
    try:
        return rows[key]
    except KeyError:
        raise missing from None


def user_by_email(tables: Tables, email: str) -> User:
    """Return the account whose address has the same key. Raises UserNotFound."""
    key = canonical_key(email)
    for user in tables.users.values():
        if user.email_key == key:
            return user
    raise UserNotFound
