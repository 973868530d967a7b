"""The unit of work's repositories, over its working copy of the tables."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from blog_adapters.memory.tables import Held, Tables, find, user_by_email, without
from blog_core.domain.access import ResetToken, Session
from blog_core.domain.idempotency import Outcome
from blog_core.domain.outbox import DeadLetter, Entry
from blog_core.domain.posts import NewPost, Post, PostId
from blog_core.domain.users import NewUser, User, UserId
from blog_core.errors import (
    EmailTaken,
    InvalidResetToken,
    LeaseLost,
    PostNotFound,
    SessionNotFound,
    StaleVersion,
    UsernameTaken,
    UserNotFound,
)


class MemoryPosts:
    """`PostRepository` in memory."""

    def __init__(self, tables: Tables, next_id: Callable[[], int]) -> None:
        self._tables = tables
        self._next_id = next_id

    async def add(self, post: NewPost) -> Post:
        """See `PostRepository`."""
        find(self._tables.users, post.author_id, UserNotFound)
        stored = Post(
            id=PostId(self._next_id()),
            author_id=post.author_id,
            title=post.title,
            content=post.content,
            date_posted=post.date_posted,
        )
        self._tables.posts[stored.id] = stored
        return stored

    async def get(self, post_id: PostId) -> Post:
        """See `PostRepository`."""
        return find(self._tables.posts, post_id, PostNotFound)

    async def save(self, post: Post) -> Post:
        """See `PostRepository`."""
        stored = find(self._tables.posts, post.id, PostNotFound)
        if stored.version != post.version:
            raise StaleVersion
        saved = replace(
            post,
            author_id=stored.author_id,
            date_posted=stored.date_posted,
            version=stored.version + 1,
        )
        self._tables.posts[post.id] = saved
        return saved

    async def delete(self, post_id: PostId) -> None:
        """See `PostRepository`."""
        find(self._tables.posts, post_id, PostNotFound)
        del self._tables.posts[post_id]


class MemoryUsers:
    """`UserRepository` in memory."""

    def __init__(self, tables: Tables, next_id: Callable[[], int]) -> None:
        self._tables = tables
        self._next_id = next_id

    async def add(self, user: NewUser) -> User:
        """See `UserRepository`."""
        self._require_free(user, self._tables.users.values())
        stored = User(
            id=UserId(self._next_id()),
            username=user.username,
            email=user.email,
            password_hash=user.password_hash,
        )
        self._tables.users[stored.id] = stored
        return stored

    async def get(self, user_id: UserId) -> User:
        """See `UserRepository`."""
        return find(self._tables.users, user_id, UserNotFound)

    async def by_email(self, email: str) -> User:
        """See `UserRepository`."""
        return user_by_email(self._tables, email)

    async def save(self, user: User) -> User:
        """See `UserRepository`."""
        stored = find(self._tables.users, user.id, UserNotFound)
        if stored.version != user.version:
            raise StaleVersion
        others = (other for other in self._tables.users.values() if other.id != user.id)
        self._require_free(user, others)
        saved = replace(user, version=stored.version + 1)
        self._tables.users[user.id] = saved
        return saved

    async def delete(self, user_id: UserId) -> None:
        """See `UserRepository`."""
        tables = self._tables
        find(tables.users, user_id, UserNotFound)
        del tables.users[user_id]
        tables.posts = without(tables.posts, lambda post: post.author_id == user_id)
        tables.sessions = without(tables.sessions, lambda session: session.user_id == user_id)
        tables.reset_tokens = without(tables.reset_tokens, lambda token: token.user_id == user_id)

    async def shows_picture(self, image_file: str) -> bool:
        """See `UserRepository`."""
        return any(user.image_file == image_file for user in self._tables.users.values())

    @staticmethod
    def _require_free(user: NewUser, others: Iterable[User]) -> None:
        others = list(others)
        if any(other.username_key == user.username_key for other in others):
            raise UsernameTaken
        if any(other.email_key == user.email_key for other in others):
            raise EmailTaken


class MemorySessions:
    """`SessionRepository` in memory."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, session: Session) -> None:
        """See `SessionRepository`."""
        find(self._tables.users, session.user_id, UserNotFound)
        self._tables.sessions[session.id] = session

    async def get(self, session_id: UUID) -> Session:
        """See `SessionRepository`."""
        return find(self._tables.sessions, session_id, SessionNotFound)

    async def save(self, session: Session) -> None:
        """See `SessionRepository`."""
        stored = find(self._tables.sessions, session.id, SessionNotFound)
        self._tables.sessions[session.id] = replace(
            stored,
            last_used_at=session.last_used_at,
            expires_at=session.expires_at,
            generation=session.generation,
        )

    async def touch(self, session_id: UUID, now: datetime) -> None:
        """See `SessionRepository`."""
        session = self._tables.sessions.get(session_id)
        if session is not None:
            self._tables.sessions[session_id] = replace(session, last_used_at=now)

    async def end_expired(self, user_id: UserId, now: datetime) -> None:
        """See `SessionRepository`."""
        self._end(lambda session: session.user_id == user_id and session.expires_at < now)

    async def end(self, session_id: UUID, user_id: UserId) -> None:
        """See `SessionRepository`."""
        session = find(self._tables.sessions, session_id, SessionNotFound)
        if session.user_id != user_id:
            raise SessionNotFound
        del self._tables.sessions[session_id]

    async def end_all(self, user_id: UserId, *, but: UUID | None = None) -> None:
        """See `SessionRepository`."""
        self._end(lambda session: session.user_id == user_id and session.id != but)

    def _end(self, unwanted: Callable[[Session], bool]) -> None:
        self._tables.sessions = without(self._tables.sessions, unwanted)


class MemoryResetTokens:
    """`ResetTokenRepository` in memory."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def replace(self, token: ResetToken) -> None:
        """See `ResetTokenRepository`."""
        find(self._tables.users, token.user_id, UserNotFound)
        mine = [t for t in self._tables.reset_tokens.values() if t.user_id == token.user_id]
        if all(earlier.created_at <= token.created_at for earlier in mine):
            await self.discard(token.user_id)
            self._tables.reset_tokens[token.digest] = token

    async def get(self, digest: str) -> ResetToken:
        """See `ResetTokenRepository`."""
        return find(self._tables.reset_tokens, digest, InvalidResetToken)

    async def take(self, digest: str) -> ResetToken:
        """See `ResetTokenRepository`."""
        token = find(self._tables.reset_tokens, digest, InvalidResetToken)
        del self._tables.reset_tokens[digest]
        return token

    async def discard(self, user_id: UserId) -> None:
        """See `ResetTokenRepository`."""
        self._tables.reset_tokens = without(
            self._tables.reset_tokens, lambda token: token.user_id == user_id
        )


class MemoryOutbox:
    """`Outbox` in memory."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, entry: Entry) -> None:
        """See `Outbox`."""
        self._tables.outbox[entry.id] = Held(entry=entry)

    async def cancel(self, entry_id: UUID) -> None:
        """See `Outbox`."""
        self._tables.outbox.pop(entry_id, None)

    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Entry]:
        """See `Outbox`."""
        free = [
            held.entry
            for held in self._tables.outbox.values()
            if not held.dead
            and held.entry.due_at <= now
            and (held.until is None or held.until <= now)
        ]
        claimed = [
            replace(entry, attempts=entry.attempts + 1)
            for entry in sorted(free, key=lambda entry: (entry.due_at, entry.id))[:limit]
        ]
        for entry in claimed:
            self._tables.outbox[entry.id] = Held(entry=entry, until=until)
        return claimed

    async def finish(self, entry: Entry) -> None:
        """See `Outbox`."""
        self._require_lease(entry)
        del self._tables.outbox[entry.id]

    async def postpone(self, entry: Entry, *, due_at: datetime, error: str) -> None:
        """See `Outbox`."""
        self._require_lease(entry)
        self._tables.outbox[entry.id] = Held(entry=replace(entry, due_at=due_at), error=error)

    async def bury(self, entry: Entry, *, error: str) -> None:
        """See `Outbox`."""
        self._require_lease(entry)
        self._tables.outbox[entry.id] = Held(entry=entry, error=error, dead=True)

    async def dead_letters(self) -> list[DeadLetter]:
        """See `Outbox`."""
        dead = [held for held in self._tables.outbox.values() if held.dead]
        dead.sort(key=lambda held: (held.entry.created_at, held.entry.id))
        return [DeadLetter(entry=held.entry, error=held.error or "") for held in dead]

    def _require_lease(self, entry: Entry) -> None:
        held = self._tables.outbox.get(entry.id)
        if held is None or held.until is None or held.entry.attempts != entry.attempts:
            raise LeaseLost


class MemoryIdempotencyKeys:
    """`IdempotencyKeys` in memory, where no two units are open and so no request is in flight."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def take(self, digest: str, *, since: datetime) -> Outcome | None:
        """See `IdempotencyKeys`."""
        outcome = self._tables.idempotency.get(digest)
        return outcome if outcome is not None and outcome.created_at > since else None

    async def remember(self, outcome: Outcome) -> None:
        """See `IdempotencyKeys`."""
        self._tables.idempotency[outcome.digest] = outcome

    async def forget(self, *, before: datetime) -> None:
        """See `IdempotencyKeys`."""
        self._tables.idempotency = without(
            self._tables.idempotency, lambda outcome: outcome.created_at < before
        )
