"""Who is asking, and for how long: sessions, reset tokens, the actor."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from blog_core.domain.users import User, UserId
from blog_core.errors import Forbidden, InvalidAccessToken, SessionEnded

CLOCK_LEEWAY = timedelta(seconds=30)
"""How far two hosts' clocks may differ before an expiry is believed."""

LAST_USED_PRECISION = timedelta(minutes=5)
"""`last_used_at` is at most this old: a write per request would cost more than it tells."""

USER_AGENT_MAX = 200
"""What a session remembers of a User-Agent header, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One login, from `created_at` until it is ended or `expires_at` has passed.

    Only the refresh token of its current `generation`, counted from 1, is good.
    """

    id: UUID
    user_id: UserId
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str
    generation: int = 1

    def is_over(self, now: datetime) -> bool:
        """Whether the session has expired, with the leeway between hosts."""
        return now > self.expires_at + CLOCK_LEEWAY

    def needs_touch(self, now: datetime) -> bool:
        """Whether `last_used_at` is too old to be left."""
        return now - self.last_used_at >= LAST_USED_PRECISION

    def renewed(self, *, now: datetime, expires_at: datetime) -> "Session":
        """Return the session with another refresh token, good until then."""
        kept = self.kept(now=now, expires_at=expires_at)
        return replace(kept, generation=self.generation + 1)

    def kept(self, *, now: datetime, expires_at: datetime) -> "Session":
        """Return the session as used now, and good until then."""
        return replace(self, last_used_at=now, expires_at=expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """What a genuine access token says: this user, in this session."""

    user_id: UserId
    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The caller of a use case: an account, as it was when the request began, and its session."""

    user: User
    session: Session

    def admit(self, claims: AccessClaims, now: datetime) -> None:
        """Raise unless these claims may act as this actor at this moment.

        Raises:
            InvalidAccessToken: the token names another user than its session does.
            SessionEnded: the session has expired.
        """
        if claims.user_id != self.user.id:
            raise InvalidAccessToken
        if self.session.is_over(now):
            raise SessionEnded

    def require_self(self, user_id: UserId, action: str) -> None:
        """Raise Forbidden unless the actor is this user; `action` completes its sentence."""
        if self.user.id != user_id:
            raise Forbidden(action)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A bearer token, how long it lasts, and the token it can be renewed with, once."""

    value: str = field(repr=False)
    expires_in: timedelta
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionToken:
    """What a browser keeps for us, and for how long at most. It is as good as its session is."""

    value: str = field(repr=False)
    lasts: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetToken:
    """A promise to let a user set a new password. Only the digest of the token is kept."""

    digest: str = field(repr=False)
    user_id: UserId
    created_at: datetime
    expires_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether the token has expired, with the leeway between hosts."""
        return now > self.expires_at + CLOCK_LEEWAY


def digest_of(token: str) -> str:
    """Return what is stored of a reset token, or of any text: SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
