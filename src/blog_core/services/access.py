"""Logging in and out, and the password: everything about getting in."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from blog_core.domain import text
from blog_core.domain.access import (
    USER_AGENT_MAX,
    AccessClaims,
    AccessToken,
    Actor,
    Session,
    SessionToken,
    digest_of,
)
from blog_core.domain.keys import KeyRing
from blog_core.domain.limits import DEFAULT_LIMITS, RateLimits
from blog_core.domain.outbox import Entry, ResetRequested
from blog_core.domain.users import User
from blog_core.errors import (
    BadCredentials,
    InvalidResetToken,
    InvalidText,
    SessionEnded,
    SessionNotFound,
    StaleVersion,
    UserNotFound,
    WrongPassword,
)
from blog_core.ports import (
    AccessTokens,
    Clock,
    NewId,
    PasswordHasher,
    RateLimiter,
    UnitOfWorkFactory,
    UserQueries,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """How long promises last, and the keys that reset and refresh tokens are derived from.

    Args:
        access_lifetime: how long an access token is good.
        refresh_lifetime: how long a session lasts that is not renewed.
        session_lifetime: how long a session lasts at most, however often it is renewed.
        reset_lifetime: how long a reset token is good, from the moment it is made.
        keys: the server's; a key that leaves the ring takes its tokens along.
        frontend_url: where reset links lead, without a slash at the end.
    """

    access_lifetime: timedelta = timedelta(minutes=30)
    refresh_lifetime: timedelta = timedelta(days=14)
    session_lifetime: timedelta = timedelta(days=90)
    reset_lifetime: timedelta = timedelta(minutes=60)
    keys: KeyRing
    frontend_url: str

    def session_end(self, *, begun: datetime, now: datetime) -> datetime:
        """Return when a session expires that is begun or renewed now."""
        return min(now + self.refresh_lifetime, begun + self.session_lifetime)


_SECOND = timedelta(seconds=1)
"""What is promised in whole seconds has to last one."""

_log = logging.getLogger("blog.access")


class Access:
    """Who gets in, and who no longer does."""

    def __init__(
        self,
        *,
        uow: UnitOfWorkFactory,
        queries: UserQueries,
        passwords: PasswordHasher,
        tokens: AccessTokens,
        clock: Clock,
        new_id: NewId,
        policy: AccessPolicy,
        limiter: RateLimiter,
        limits: RateLimits = DEFAULT_LIMITS,
    ) -> None:
        self._uow = uow
        self._queries = queries
        self._passwords = passwords
        self._tokens = tokens
        self._clock = clock
        self._new_id = new_id
        self._policy = policy
        self._limiter = limiter
        self._limits = limits

    async def log_in(
        self, *, email: str, password: str, user_agent: str = "", address: str = ""
    ) -> AccessToken:
        """Open a session and return its tokens.

        A known, an unknown and a malformed address cost the same: one verification. One more is
        made when the password changes while it is verified.

        Args:
            email: the account's address.
            password: the account's password.
            user_agent: what the session is remembered by.
            address: the caller's network address; '' when it is not known.

        Raises:
            TooManyRequests: right or wrong, it was tried too often.
            BadCredentials: no account has this address with this password.
        """
        session = await self._log_in(email, password, user_agent, address)
        return self._token_of(session, session.created_at)

    async def open_session(
        self, *, email: str, password: str, user_agent: str = "", address: str = ""
    ) -> SessionToken:
        """Log in like `log_in`, and return what stands for the session itself.

        It is for a keeper that no script can read, such as a browser's cookie: whoever has it is
        let in until the session ends, and using it renews the session.
        """
        session = await self._log_in(email, password, user_agent, address)
        return self._kept(session, session.created_at)

    async def _log_in(self, email: str, password: str, user_agent: str, address: str) -> Session:
        for attempt in self._limits.of_login(email=email, address=address):
            await self._limiter.admit(attempt)
        return await self._open_for(email, password, user_agent)

    async def _open_for(self, email: str, password: str, user_agent: str) -> Session:
        user = await self._account_of(email)
        known = await self._passwords.verify(password, user.password_hash if user else None)
        if user is None or not known:
            raise BadCredentials
        better_hash = None
        if self._passwords.is_outdated(user.password_hash):
            better_hash = await self._passwords.hash(password)

        now = self._clock()
        session = Session(
            id=self._new_id(),
            user_id=user.id,
            created_at=now,
            last_used_at=now,
            expires_at=self._policy.session_end(begun=now, now=now),
            user_agent=text.printable(user_agent[:USER_AGENT_MAX]),
        )
        try:
            await self._open(session, user, better_hash)
        except StaleVersion:  # another password by now, or another hash of this one: look again
            return await self._open_for(email, password, user_agent)
        return session

    async def refresh(self, *, token: str, address: str = "") -> AccessToken:
        """Renew a session with its refresh token, which is used up, and return its next tokens.

        Whoever uses one again has it from somebody, or somebody has it from them (RFC 9700,
        4.14.2): which of the two nobody can tell, so the session ends for both.

        Args:
            token: the refresh token.
            address: the caller's network address; '' when it is not known.

        Raises:
            InvalidRefreshToken: it is forged or malformed.
            TooManyRequests: it was tried too often; the token stays good.
            SessionEnded: it was used before, or its session is over.
        """
        claims = self._policy.keys.read_refresh_token(token)
        for attempt in self._limits.of_refresh(session_id=claims.session_id, address=address):
            await self._limiter.admit(attempt)
        now = self._clock()
        async with self._uow() as uow:
            try:
                session = await uow.sessions.get(claims.session_id)
            except SessionNotFound as over:
                raise SessionEnded from over
            expires_at = self._policy.session_end(begun=session.created_at, now=now)
            if session.is_over(now) or expires_at - now < _SECOND:
                raise SessionEnded
            if claims.generation != session.generation:
                _log.warning("session %s ends: a refresh token was used again", session.id)
                await uow.sessions.end(session.id, session.user_id)
                await uow.commit()
                raise SessionEnded
            session = session.renewed(now=now, expires_at=expires_at)
            await uow.sessions.save(session)
            await uow.commit()
        return self._token_of(session, now)

    async def authenticate(self, *, token: str) -> Actor:
        """Return who holds this access token.

        Raises:
            InvalidAccessToken: it is forged, expired or malformed.
            SessionEnded: it is genuine, but its session is over.
        """
        now = self._clock()
        claims = self._tokens.read(token, now=now)
        actor = await self._queries.actor(claims.session_id)
        actor.admit(claims, now)
        if actor.session.needs_touch(now):
            async with self._uow() as uow:
                await uow.sessions.touch(actor.session.id, now)
                await uow.commit()
        return actor

    async def recognise(self, *, token: str) -> Actor:
        """Return who keeps this session token, and renew the session.

        Raises:
            InvalidAccessToken: it is forged or malformed.
            SessionEnded: it is genuine, but its session is over.
        """
        now = self._clock()
        actor = await self._queries.actor(self._policy.keys.read_session_token(token))
        session = actor.session
        if session.is_over(now):
            raise SessionEnded
        if session.needs_touch(now):
            expires_at = self._policy.session_end(begun=session.created_at, now=now)
            async with self._uow() as uow:
                try:
                    await uow.sessions.save(session.kept(now=now, expires_at=expires_at))
                except SessionNotFound as over:
                    raise SessionEnded from over
                await uow.commit()
        return actor

    def renewed_token(self, *, actor: Actor, token: str) -> SessionToken | None:
        """Return what to keep from now on in the place of a session token that let the actor in.

        None when that is still made by the first key; another would be of no use for longer.
        """
        kept = self._kept(actor.session, self._clock())
        return None if kept.value == token else kept

    async def log_out(self, *, actor: Actor) -> None:
        """End all of one's sessions, on every device."""
        async with self._uow() as uow:
            await uow.sessions.end_all(actor.user.id)
            await uow.commit()

    async def sessions(self, *, actor: Actor) -> list[Session]:
        """Return one's open sessions, the last begun first."""
        now = self._clock()
        sessions = await self._queries.sessions(actor.user.id)
        return [session for session in sessions if not session.is_over(now)]

    async def end_session(self, *, actor: Actor, session_id: UUID) -> None:
        """End one of one's own sessions.

        Raises:
            SessionNotFound: no open session of one's own has this id.
        """
        async with self._uow() as uow:
            await uow.sessions.end(session_id, actor.user.id)
            await uow.commit()

    async def change_password(
        self, *, actor: Actor, current_password: str, new_password: str
    ) -> None:
        """Set another password; ends one's other sessions and voids the reset token.

        Raises:
            InvalidText: the new password breaks a text rule.
            TooManyRequests: right or wrong, it was tried too often.
            WrongPassword: the current password is another.
            SessionEnded: the account was deleted meanwhile.
        """
        text.password(new_password)
        await self._limiter.admit(self._limits.of_password_change(user_id=actor.user.id))
        if not await self._passwords.verify(current_password, actor.user.password_hash):
            raise WrongPassword
        password_hash = await self._passwords.hash(new_password)
        async with self._uow() as uow:
            try:
                user = await uow.users.get(actor.user.id)
            except UserNotFound as gone:
                raise SessionEnded from gone
            # Changed meanwhile: then what was verified is no longer the current password.
            if user.password_hash != actor.user.password_hash:
                raise WrongPassword
            await uow.users.save(user.with_password(password_hash))
            await uow.sessions.end_all(user.id, but=actor.session.id)
            await uow.reset_tokens.discard(user.id)
            await uow.commit()

    async def forgot_password(self, *, email: str, address: str = "") -> None:
        """Ask for a reset mail. Whether the address is known shows neither in time nor answer.

        Args:
            email: where the mail would go, if there is such an account.
            address: the caller's network address; '' when it is not known.

        Raises:
            InvalidText: this is no plain e-mail address.
            TooManyRequests: known or not, it was asked for too often.
        """
        email = text.email(email)
        for attempt in self._limits.of_forgotten_password(email=email, address=address):
            await self._limiter.admit(attempt)
        now = self._clock()
        request = Entry(
            id=self._new_id(),
            task=ResetRequested(email),
            created_at=now,
            due_at=now,
        )
        async with self._uow() as uow:
            await uow.outbox.add(request)
            await uow.commit()

    async def reset_password(self, *, token: str, new_password: str, address: str = "") -> None:
        """Set another password with a reset token, which is used up; ends all sessions.

        Args:
            token: the reset token.
            new_password: the password to set.
            address: the caller's network address; '' when it is not known.

        Raises:
            InvalidText: the new password breaks a text rule; the token stays good.
            TooManyRequests: it was tried too often; the token stays good.
            InvalidResetToken: the token is unknown, used, replaced or expired.
        """
        text.password(new_password)
        for attempt in self._limits.of_reset(address=address):
            await self._limiter.admit(attempt)
        digest = digest_of(token)
        async with self._uow() as uow:  # no hashing for tokens that were never ours
            user_id = (await uow.reset_tokens.get(digest)).user_id
        password_hash = await self._passwords.hash(new_password)
        async with self._uow() as uow:
            try:
                user = await uow.users.get(user_id)
            except UserNotFound as gone:
                raise InvalidResetToken from gone
            reset = await uow.reset_tokens.take(digest)
            if reset.is_over(self._clock()):
                await uow.commit()
                raise InvalidResetToken
            await uow.users.save(user.with_password(password_hash))
            await uow.sessions.end_all(user.id)
            await uow.commit()

    async def _open(self, session: Session, user: User, better_hash: str | None) -> None:
        """Store a session for a password that was right a moment ago, and still must be.

        It may have been reset while it was verified, and a reset ends all sessions: this one must
        not slip in behind it.
        """
        async with self._uow() as uow:
            try:
                current = await uow.users.get(user.id)
            except UserNotFound as gone:
                raise BadCredentials from gone
            if current.password_hash != user.password_hash:
                raise StaleVersion
            if better_hash is not None:
                await uow.users.save(current.with_password(better_hash))
            await uow.sessions.end_expired(user.id, session.created_at)
            await uow.sessions.add(session)
            await uow.commit()

    def _kept(self, session: Session, now: datetime) -> SessionToken:
        return SessionToken(
            value=self._policy.keys.session_token(session.id),
            lasts=session.created_at + self._policy.session_lifetime - now,
        )

    def _token_of(self, session: Session, now: datetime) -> AccessToken:
        claims = AccessClaims(user_id=session.user_id, session_id=session.id)
        expires_at = min(now + self._policy.access_lifetime, session.expires_at)
        return AccessToken(
            value=self._tokens.issue(claims, now=now, expires_at=expires_at),
            expires_in=expires_at - now,
            refresh_token=self._policy.keys.refresh_token(session.id, session.generation),
        )

    async def _account_of(self, email: str) -> User | None:
        try:
            return await self._queries.by_email(text.email(email))
        except (InvalidText, UserNotFound):
            return None
