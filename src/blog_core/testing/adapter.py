"""What somebody has to prove: the ports that they implement, and what these lack."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Literal, get_args

from blog_core.domain.mail import Mail
from blog_core.ports import (
    AccessTokens,
    ImageProcessor,
    ImageStorage,
    Mailer,
    PasswordHasher,
    PostQueries,
    RateLimiter,
    UnitOfWorkFactory,
    UserQueries,
)

Port = Literal[
    "uow", "post_queries", "user_queries", "storage", "stored", "images", "mailer", "received",
    "passwords", "tokens", "limiter", "passes",
]  # fmt: skip
"""The name of something that an `Adapter` offers."""

Part = Literal["posts", "sessions", "reset_tokens", "outbox", "idempotency"]
"""A repository that a unit of work may lack, if it says why."""

StoredPictures = Callable[[], Awaitable[dict[str, bytes]]]
"""What the storage holds, by name, seen from outside the port."""

ReceivedMail = Callable[[], Awaitable[list[Mail]]]
"""What has arrived, in any order, read back from outside the port; texts end in one newline."""

TimePasses = Callable[[timedelta], Awaitable[None]]
"""Lets that much time pass for the limiter, by putting its clock on or by waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """Some ports over one empty store, made anew for each clause. Name those that you implement.

    Args:
        uow: opens units of work.
        post_queries: shows what `uow` commits.
        user_queries: shows what `uow` commits.
        storage: keeps pictures.
        stored: looks at what `storage` keeps.
        images: makes profile pictures.
        mailer: sends mail.
        received: reads what `mailer` has sent.
        passwords: hashes passwords.
        tokens: signs access tokens.
        limiter: counts attempts.
        passes: lets time pass for `limiter`.
        lacks: the parts that `uow` does not have, each with the reason; their clauses are passed
            over and reported as not offered.

    Raises:
        ValueError: nothing is offered, or `lacks` names no part or gives no reason.
    """

    uow: UnitOfWorkFactory | None = None
    post_queries: PostQueries | None = None
    user_queries: UserQueries | None = None
    storage: ImageStorage | None = None
    stored: StoredPictures | None = None
    images: ImageProcessor | None = None
    mailer: Mailer | None = None
    received: ReceivedMail | None = None
    passwords: PasswordHasher | None = None
    tokens: AccessTokens | None = None
    limiter: RateLimiter | None = None
    passes: TimePasses | None = None
    lacks: Mapping[Part, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what is declared."""
        if len(self.missing(*get_args(Port))) == len(fields(self)) - 1:
            raise ValueError("an Adapter offers at least one port")
        for part, reason in self.lacks.items():
            if part not in get_args(Part):
                raise ValueError(f"lacks: {part!r} is none of {', '.join(get_args(Part))}")
            if not reason.strip():
                raise ValueError(f"lacks: say why there is no {part}")

    def missing(self, *ports: Port) -> list[Port]:
        """Return which of these ports are not offered."""
        return [port for port in ports if getattr(self, port) is None]
