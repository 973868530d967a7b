"""What the core needs from the world, as Protocols: bring your own, or take `blog_adapters`.

An adapter conforms by shape and need not inherit. Each docstring says what a method returns, in
what order, and which errors it raises; `blog_core.testing.contracts` turns those sentences into
tests that run on any adapter. Whatever an adapter's own technology raises beyond them is
translated at its edge (see `blog_core.errors`), a part that does not answer always into an
`Unavailable`.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from blog_core.domain.access import AccessClaims, Actor, ResetToken, Session
from blog_core.domain.idempotency import Outcome
from blog_core.domain.limits import Attempt
from blog_core.domain.mail import Mail
from blog_core.domain.outbox import DeadLetter, Entry
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import NewPost, Post, PostId, PostPage, PostView
from blog_core.domain.users import Author, NewUser, User, UserId

Clock = Callable[[], datetime]
"""The time now, aware, in UTC."""

NewId = Callable[[], UUID]
"""A fresh random id with at least 122 unguessable bits (a version 4 UUID, RFC 9562)."""


class PostRepository(Protocol):
    """The posts, as a unit of work changes them."""

    async def add(self, post: NewPost) -> Post:
        """Store a post and return it with version 1 and an id higher than any before.

        Raises UserNotFound when there is no such author.
        """
        ...

    async def get(self, post_id: PostId) -> Post:
        """Return a post and keep others from changing it until the unit ends.

        Any int is a fair question. Raises PostNotFound.
        """
        ...

    async def save(self, post: Post) -> Post:
        """Store a changed post and return it with the next version.

        Raises StaleVersion when the stored version is not the value's, PostNotFound.
        """
        ...

    async def delete(self, post_id: PostId) -> None:
        """Delete a post. Raises PostNotFound."""
        ...


class UserRepository(Protocol):
    """The accounts, as a unit of work changes them. Names and addresses are unique by their key."""

    async def add(self, user: NewUser) -> User:
        """Store an account and return it with version 1 and an id that no other has had.

        Raises UsernameTaken, also when both are taken, or EmailTaken.
        """
        ...

    async def get(self, user_id: UserId) -> User:
        """Return an account and keep others from changing it until the unit ends.

        Any int is a fair question. Raises UserNotFound.
        """
        ...

    async def by_email(self, email: str) -> User:
        """Like `get`, by an address that has the same key. Raises UserNotFound."""
        ...

    async def save(self, user: User) -> User:
        """Store a changed account and return it with the next version.

        Raises StaleVersion when the stored version is not the value's, UserNotFound,
        UsernameTaken (also when both are taken), EmailTaken.
        """
        ...

    async def delete(self, user_id: UserId) -> None:
        """Delete an account with its posts, sessions and reset tokens. Raises UserNotFound."""
        ...

    async def shows_picture(self, image_file: str) -> bool:
        """Whether any account has this picture."""
        ...


class SessionRepository(Protocol):
    """The sessions, as a unit of work changes them."""

    async def add(self, session: Session) -> None:
        """Store a session. Raises UserNotFound."""
        ...

    async def get(self, session_id: UUID) -> Session:
        """Return a session and keep others from changing it until the unit ends.

        An expired one is returned: to compare clocks is the domain's business. Raises
        SessionNotFound.
        """
        ...

    async def save(self, session: Session) -> None:
        """Store when a session was last used, when it expires, and its generation.

        Raises SessionNotFound.
        """
        ...

    async def touch(self, session_id: UUID, now: datetime) -> None:
        """Set when a session was last used; an ended one stays ended."""
        ...

    async def end_expired(self, user_id: UserId, now: datetime) -> None:
        """End this user's sessions whose `expires_at` is before now."""
        ...

    async def end(self, session_id: UUID, user_id: UserId) -> None:
        """End one session of this user. Raises SessionNotFound, also for another user's."""
        ...

    async def end_all(self, user_id: UserId, *, but: UUID | None = None) -> None:
        """End every session of this user, sparing one when it is named."""
        ...


class ResetTokenRepository(Protocol):
    """The reset tokens, by digest. A user has one at most."""

    async def replace(self, token: ResetToken) -> None:
        """Store a token in place of the user's earlier one; one created later stays instead.

        Raises UserNotFound.
        """
        ...

    async def get(self, digest: str) -> ResetToken:
        """Return a token, expired or not. Raises InvalidResetToken."""
        ...

    async def take(self, digest: str) -> ResetToken:
        """Delete a token and return it: of many at once, one gets it. Raises InvalidResetToken."""
        ...

    async def discard(self, user_id: UserId) -> None:
        """Delete the user's token, if there is one."""
        ...


class Outbox(Protocol):
    """Tasks written in the same transaction as the change they belong to, for a relay to do."""

    async def add(self, entry: Entry) -> None:
        """Store an entry; it can be claimed from `due_at` on."""
        ...

    async def cancel(self, entry_id: UUID) -> None:
        """Delete an entry, claimed or not; one that is gone is no error."""
        ...

    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Entry]:
        """Take due entries for oneself until `until`, the longest due first.

        Never one that another holds, nor a dead letter. Each comes back with `attempts` one
        higher. Two claims at once share no entry and do not wait for each other.
        """
        ...

    async def finish(self, entry: Entry) -> None:
        """Delete a delivered entry. Raises LeaseLost when it was claimed again, or is gone."""
        ...

    async def postpone(self, entry: Entry, *, due_at: datetime, error: str) -> None:
        """Give a claimed entry back, due again later, with the reason. Raises LeaseLost."""
        ...

    async def bury(self, entry: Entry, *, error: str) -> None:
        """Keep an entry as a dead letter, never claimed again. Raises LeaseLost."""
        ...

    async def dead_letters(self) -> list[DeadLetter]:
        """Return the dead letters, the oldest first."""
        ...


class IdempotencyKeys(Protocol):
    """The idempotency keys, by digest, and what was done under them."""

    async def take(self, digest: str, *, since: datetime) -> Outcome | None:
        """Return what was done under a key after `since`.

        None when nothing was: then others are kept from the key until the unit ends. Nobody waits:
        raises RequestInFlight when another unit has the key and has not committed anything yet.
        """
        ...

    async def remember(self, outcome: Outcome) -> None:
        """Store what was done under a key that was taken, in place of what was done earlier."""
        ...

    async def forget(self, *, before: datetime) -> None:
        """Delete what was done before a moment, or a part of it: two at least, where there are two.

        So nothing piles up where each who remembers one also forgets. It waits for no other unit
        that forgets, and leaves to that what it is at.
        """
        ...


class UnitOfWork(Protocol):
    """One transaction over all repositories. Leaving it without `commit` rolls back.

    After a `NotFound` or an `InvalidResetToken` it goes on; after any other error, or one that
    `add` or `replace` raised, it can only be left.
    """

    @property
    def posts(self) -> PostRepository:
        """The posts."""
        ...

    @property
    def users(self) -> UserRepository:
        """The accounts."""
        ...

    @property
    def sessions(self) -> SessionRepository:
        """The sessions."""
        ...

    @property
    def reset_tokens(self) -> ResetTokenRepository:
        """The reset tokens."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The outbox."""
        ...

    @property
    def idempotency(self) -> IdempotencyKeys:
        """The idempotency keys."""
        ...

    async def commit(self) -> None:
        """Make everything so far last, at once. What follows in the unit is rolled back."""
        ...


UnitOfWorkFactory = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
"""Opens a unit: `async with uow() as unit: ...; await unit.commit()`."""


class PostQueries(Protocol):
    """Posts for readers: one statement each, outside any unit, committed data only."""

    async def get(self, post_id: PostId) -> PostView:
        """Return a post beside its author. Raises PostNotFound."""
        ...

    async def page(
        self,
        *,
        author_id: UserId | None = None,
        limit: int,
        skip: int = 0,
        cursor: Cursor | None = None,
    ) -> PostPage:
        """Return at most `limit` posts of one user, or of all, newest first.

        The order is `date_posted` descending, then `id` descending. The page begins `skip` posts
        from the newest or, when given, at the cursor. Each of the page's cursors is None exactly
        when nothing lies that way, or when `skip` led past the end. Raises UserNotFound when
        there is no such user.
        """
        ...

    async def ids(self, *, after: int, limit: int) -> list[PostId]:
        """Return the `limit` lowest ids of posts above one, or as many as there are, ascending.

        `after` is 0 or any id, whether a post has it or not: so the posts of a blog of any size
        are walked in batches.
        """
        ...


class UserQueries(Protocol):
    """Accounts and sessions for readers: one statement each, outside any unit."""

    async def public(self, user_id: UserId) -> Author:
        """Return the public face of an account. Raises UserNotFound."""
        ...

    async def by_email(self, email: str) -> User:
        """Return the account whose address has the same key. Raises UserNotFound."""
        ...

    async def actor(self, session_id: UUID) -> Actor:
        """Return an open session with its account. Raises SessionEnded when there is none.

        An expired one is returned: to compare clocks is the domain's business.
        """
        ...

    async def sessions(self, user_id: UserId) -> list[Session]:
        """Return a user's sessions, the last begun first, then by id."""
        ...


class ImageStorage(Protocol):
    """A flat folder of pictures that the public may read."""

    async def put(self, image_file: str, data: bytes) -> None:
        """Store a JPEG under this name. Raises StorageUnavailable."""
        ...

    async def delete(self, image_file: str) -> None:
        """Delete a picture; one that is gone is no error. Raises StorageUnavailable."""
        ...

    def url(self, image_file: str) -> str:
        """Return the public address of a picture, there or not; it ends in the name."""
        ...


class ImageProcessor(Protocol):
    """Turns an upload into a profile picture."""

    async def profile_picture(self, upload: bytes) -> bytes:
        """Return a 300x300 JPEG without metadata, upright, cropped to the centre.

        Raises InvalidImage for whatever is not a sound JPEG, PNG, GIF or WebP of at most
        25 megapixels, Busy.
        """
        ...


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, mail: Mail) -> None:
        """Hand a message over. Raises MailUnavailable, or MailRefused when trying again is vain."""
        ...


class PasswordHasher(Protocol):
    """One-way, salted, slow."""

    async def hash(self, password: str) -> str:
        """Return a salted hash, different each time, at most 200 characters. Raises Busy."""
        ...

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the password belongs to the hash.

        None costs the same as a hash and belongs to no password: that is how an unknown account
        is made to answer no sooner than a known one. Raises Busy.
        """
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        ...


class AccessTokens(Protocol):
    """Signed bearer tokens."""

    def issue(self, claims: AccessClaims, *, now: datetime, expires_at: datetime) -> str:
        """Return a token for these claims."""
        ...

    def read(self, token: str, *, now: datetime) -> AccessClaims:
        """Return the claims of a genuine token, with 30 s of leeway between hosts' clocks.

        Raises InvalidAccessToken for anything else, whatever it is.
        """
        ...


class RateLimiter(Protocol):
    """Counts attempts, for all processes that share it."""

    async def admit(self, attempt: Attempt) -> None:
        """Count an attempt: of many at once, no more than the limit's amount are let through.

        The first attempt under a key opens a window as long as the limit's `per`; the first one
        after its end opens the next. Raises TooManyRequests beyond the amount, which makes the
        window no longer, and an Unavailable when nobody can tell.
        """
        ...
