"""Logging in and out, and the password: everything about getting in."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from blog_core.domain import text
from blog_core.domain.access import (
    USER_AGENT_MAX,
    AccessClaims,
    AccessToken,
    Actor,
    Session,
    digest_of,
)
from blog_core.domain.outbox import Entry, ResetRequested
from blog_core.domain.users import User
from blog_core.errors import (
    BadCredentials,
    InvalidResetToken,
    InvalidText,
    SessionEnded,
    StaleVersion,
    UserNotFound,
    WrongPassword,
)
from blog_core.ports import (
    AccessTokens,
    Clock,
    NewId,
    PasswordHasher,
    UnitOfWorkFactory,
    UserQueries,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """How long promises last, and the key that reset tokens are derived from.

    Args:
        session_lifetime: how long a login and its access token are good.
        reset_lifetime: how long a reset token is good, from the moment it is made.
        reset_key: secret, at least 32 bytes; another key voids the reset mails not yet sent.
        frontend_url: where reset links lead, without a slash at the end.
    """

    session_lifetime: timedelta = timedelta(minutes=30)
    reset_lifetime: timedelta = timedelta(minutes=60)
    reset_key: bytes = field(repr=False)
    frontend_url: str


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
    ) -> None:
        self._uow = uow
        self._queries = queries
        self._passwords = passwords
        self._tokens = tokens
        self._clock = clock
        self._new_id = new_id
        self._policy = policy

    async def log_in(self, *, email: str, password: str, user_agent: str = "") -> AccessToken:
        """Open a session and return its access token.

        A known, an unknown and a malformed address cost the same: one verification. One more is
        made when the password changes while it is verified.

        Raises:
            BadCredentials: no account has this address with this password.
        """
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
            expires_at=now + self._policy.session_lifetime,
            user_agent=text.printable(user_agent[:USER_AGENT_MAX]),
        )
        try:
            await self._open(session, user, better_hash)
        except StaleVersion:  # another password by now, or another hash of this one: look again
            return await self.log_in(email=email, password=password, user_agent=user_agent)
        claims = AccessClaims(user_id=user.id, session_id=session.id)
        return AccessToken(
            value=self._tokens.issue(claims, now=now, expires_at=session.expires_at),
            expires_in=self._policy.session_lifetime,
        )

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
            WrongPassword: the current password is another.
            SessionEnded: the account was deleted meanwhile.
        """
        text.password(new_password)
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

    async def forgot_password(self, *, email: str) -> None:
        """Ask for a reset mail. Whether the address is known shows neither in time nor answer.

        Raises:
            InvalidText: this is no plain e-mail address.
        """
        now = self._clock()
        request = Entry(
            id=self._new_id(),
            task=ResetRequested(text.email(email)),
            created_at=now,
            due_at=now,
        )
        async with self._uow() as uow:
            await uow.outbox.add(request)
            await uow.commit()

    async def reset_password(self, *, token: str, new_password: str) -> None:
        """Set another password with a reset token, which is used up; ends all sessions.

        Raises:
            InvalidText: the new password breaks a text rule; the token stays good.
            InvalidResetToken: the token is unknown, used, replaced or expired.
        """
        text.password(new_password)
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

    async def _account_of(self, email: str) -> User | None:
        try:
            return await self._queries.by_email(text.email(email))
        except (InvalidText, UserNotFound):
            return None
