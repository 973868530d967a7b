"""The repositories of a unit of work, each beside its translators between rows and values.

Statements are built once, with parameters: building one takes as long as answering it.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Executable, bindparam, delete, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from blog_adapters.sql.database import Transaction
from blog_adapters.sql.statements import Values
from blog_adapters.sql.tables import posts, reset_tokens, sessions, users
from blog_core.domain.access import ResetToken, Session
from blog_core.domain.posts import NewPost, Post, PostId
from blog_core.domain.text import canonical_key
from blog_core.domain.users import NewUser, User, UserId
from blog_core.errors import (
    EmailTaken,
    InvalidResetToken,
    PostNotFound,
    SessionNotFound,
    StaleVersion,
    UsernameTaken,
    UserNotFound,
)

POST = (
    posts.c.id,
    posts.c.title,
    posts.c.content,
    posts.c.user_id,
    posts.c.date_posted,
    posts.c.version,
)


def post_from(row: Record) -> Post:
    """Return the post in a row that has the columns `POST`."""
    return Post(
        id=row["id"],
        title=row["title"],
        content=row["content"],
        author_id=row["user_id"],
        date_posted=row["date_posted"],
        version=row["version"],
    )


_THIS_POST = posts.c.id == bindparam("post_id")
_ADD_POST = insert(posts).returning(*POST)
_GET_POST = select(*POST).where(_THIS_POST).with_for_update()
_SAVE_POST = (
    update(posts)
    .where(_THIS_POST, posts.c.version == bindparam("seen_version"))
    .values(version=posts.c.version + 1)
    .returning(*POST)
)
_DELETE_POST = delete(posts).where(_THIS_POST).returning(posts.c.id)


class SqlPosts:
    """`PostRepository` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, post: NewPost) -> Post:
        """See `PostRepository`."""
        values = {
            "title": post.title,
            "content": post.content,
            "user_id": post.author_id,
            "date_posted": post.date_posted,
            "version": 1,
        }
        (row,) = await self._transaction.execute(_ADD_POST, values)
        return post_from(row)

    async def get(self, post_id: PostId) -> Post:
        """See `PostRepository`."""
        row = await self._transaction.one(_GET_POST, {"post_id": post_id})
        if row is None:
            raise PostNotFound
        return post_from(row)

    async def save(self, post: Post) -> Post:
        """See `PostRepository`."""
        values = {
            "post_id": post.id,
            "seen_version": post.version,
            "title": post.title,
            "content": post.content,
        }
        row = await self._transaction.one(_SAVE_POST, values)
        if row is None:
            await self.get(post.id)
            raise StaleVersion
        return post_from(row)

    async def delete(self, post_id: PostId) -> None:
        """See `PostRepository`."""
        if not await self._transaction.execute(_DELETE_POST, {"post_id": post_id}):
            raise PostNotFound


USER = (
    users.c.id,
    users.c.username,
    users.c.email,
    users.c.password_hash,
    users.c.image_file,
    users.c.version,
)


def user_from(row: Record) -> User:
    """Return the account in a row that has the columns `USER`."""
    return User(
        id=row["id"],
        username=row["username"],
        email=row["email"],
        password_hash=row["password_hash"],
        image_file=row["image_file"],
        version=row["version"],
    )


_THIS_USER = users.c.id == bindparam("user_id")
# Not the stronger FOR UPDATE, which would hold up every insert of a row that belongs to
# this user: their foreign keys take FOR KEY SHARE.
_GET_USER = select(*USER).where(_THIS_USER).with_for_update(key_share=True)
_USER_BY_EMAIL = (
    select(*USER).where(users.c.email_key == bindparam("email_key")).with_for_update(key_share=True)
)
_SAME_NAME = users.c.username_key == bindparam("username_key")
_CLASH = (
    select(_SAME_NAME.label("same_name"))
    .where(or_(_SAME_NAME, users.c.email_key == bindparam("email_key")))
    .where(users.c.id != bindparam("but"))
    .order_by(_SAME_NAME.desc())
    .limit(1)
)
_ADD_USER = insert(users).returning(*USER)
_SAVE_USER = update(users).where(_THIS_USER)
_DELETE_USER = delete(users).where(_THIS_USER).returning(users.c.id)
_SHOWS_PICTURE = select(users.c.id).where(users.c.image_file == bindparam("image_file")).limit(1)


class SqlUsers:
    """`UserRepository` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, user: NewUser) -> User:
        """See `UserRepository`."""
        await self._require_free(user)
        (row,) = await self._transaction.execute(_ADD_USER, _columns_of(user) | {"version": 1})
        return user_from(row)

    async def get(self, user_id: UserId) -> User:
        """See `UserRepository`."""
        return await self._one(_GET_USER, {"user_id": user_id})

    async def by_email(self, email: str) -> User:
        """See `UserRepository`."""
        return await self._one(_USER_BY_EMAIL, {"email_key": canonical_key(email)})

    async def save(self, user: User) -> User:
        """See `UserRepository`."""
        stored = await self.get(user.id)
        if stored.version != user.version:
            raise StaleVersion
        if (stored.username_key, stored.email_key) != (user.username_key, user.email_key):
            await self._require_free(user, but=user.id)
        saved = replace(user, version=user.version + 1)
        changes = {"image_file": saved.image_file, "version": saved.version}
        await self._transaction.execute(
            _SAVE_USER, {"user_id": user.id} | _columns_of(saved) | changes
        )
        return saved

    async def delete(self, user_id: UserId) -> None:
        """See `UserRepository`."""
        if not await self._transaction.execute(_DELETE_USER, {"user_id": user_id}):
            raise UserNotFound

    async def shows_picture(self, image_file: str) -> bool:
        """See `UserRepository`."""
        shown = await self._transaction.one(_SHOWS_PICTURE, {"image_file": image_file})
        return shown is not None

    async def _one(self, statement: Executable, values: Values) -> User:
        row = await self._transaction.one(statement, values)
        if row is None:
            raise UserNotFound
        return user_from(row)

    async def _require_free(self, user: NewUser, *, but: UserId | None = None) -> None:
        """Look before storing; whoever stores the same in between is refused by a constraint."""
        values = {
            "username_key": user.username_key,
            "email_key": user.email_key,
            "but": but or 0,
        }
        clash = await self._transaction.one(_CLASH, values)
        if clash is not None:
            raise UsernameTaken if clash["same_name"] else EmailTaken


def _columns_of(user: NewUser) -> dict[str, object]:
    return {
        "username": user.username,
        "username_key": user.username_key,
        "email": user.email,
        "email_key": user.email_key,
        "password_hash": user.password_hash,
    }


SESSION = (
    sessions.c.id.label("session_id"),
    sessions.c.user_id,
    sessions.c.created_at,
    sessions.c.last_used_at,
    sessions.c.expires_at,
    sessions.c.user_agent,
    sessions.c.generation,
)


def session_from(row: Record) -> Session:
    """Return the session in a row that has the columns `SESSION`."""
    return Session(
        id=row["session_id"],
        user_id=row["user_id"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        expires_at=row["expires_at"],
        user_agent=row["user_agent"],
        generation=row["generation"],
    )


_THIS_SESSION = sessions.c.id == bindparam("session_id")
_OF_USER = sessions.c.user_id == bindparam("user_id")
_ADD_SESSION = insert(sessions)
_GET_SESSION = select(*SESSION).where(_THIS_SESSION).with_for_update()
_SAVE_SESSION = update(sessions).where(_THIS_SESSION).returning(sessions.c.id)
_TOUCH = update(sessions).where(_THIS_SESSION)
_END_EXPIRED = delete(sessions).where(_OF_USER, sessions.c.expires_at < bindparam("now"))
_END = delete(sessions).where(_THIS_SESSION, _OF_USER).returning(sessions.c.id)
_END_ALL = delete(sessions).where(_OF_USER)
_END_OTHERS = _END_ALL.where(sessions.c.id != bindparam("but"))


class SqlSessions:
    """`SessionRepository` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, session: Session) -> None:
        """See `SessionRepository`."""
        values = {
            "id": session.id,
            "user_id": session.user_id,
            "created_at": session.created_at,
            "last_used_at": session.last_used_at,
            "expires_at": session.expires_at,
            "user_agent": session.user_agent,
            "generation": session.generation,
        }
        await self._transaction.execute(_ADD_SESSION, values)

    async def get(self, session_id: UUID) -> Session:
        """See `SessionRepository`."""
        row = await self._transaction.one(_GET_SESSION, {"session_id": session_id})
        if row is None:
            raise SessionNotFound
        return session_from(row)

    async def save(self, session: Session) -> None:
        """See `SessionRepository`."""
        values = {
            "session_id": session.id,
            "last_used_at": session.last_used_at,
            "expires_at": session.expires_at,
            "generation": session.generation,
        }
        if not await self._transaction.execute(_SAVE_SESSION, values):
            raise SessionNotFound

    async def touch(self, session_id: UUID, now: datetime) -> None:
        """See `SessionRepository`."""
        await self._transaction.execute(_TOUCH, {"session_id": session_id, "last_used_at": now})

    async def end_expired(self, user_id: UserId, now: datetime) -> None:
        """See `SessionRepository`."""
        await self._transaction.execute(_END_EXPIRED, {"user_id": user_id, "now": now})

    async def end(self, session_id: UUID, user_id: UserId) -> None:
        """See `SessionRepository`."""
        values = {"session_id": session_id, "user_id": user_id}
        if not await self._transaction.execute(_END, values):
            raise SessionNotFound

    async def end_all(self, user_id: UserId, *, but: UUID | None = None) -> None:
        """See `SessionRepository`."""
        if but is None:
            await self._transaction.execute(_END_ALL, {"user_id": user_id})
        else:
            await self._transaction.execute(_END_OTHERS, {"user_id": user_id, "but": but})


_BY_DIGEST = reset_tokens.c.digest == bindparam("digest")
_NEW_TOKEN = upsert(reset_tokens)
_REPLACE_TOKEN = _NEW_TOKEN.on_conflict_do_update(
    index_elements=[reset_tokens.c.user_id],
    set_={
        "digest": _NEW_TOKEN.excluded.digest,
        "created_at": _NEW_TOKEN.excluded.created_at,
        "expires_at": _NEW_TOKEN.excluded.expires_at,
    },
    where=reset_tokens.c.created_at <= _NEW_TOKEN.excluded.created_at,
)
_GET_TOKEN = select(reset_tokens).where(_BY_DIGEST)
_TAKE_TOKEN = delete(reset_tokens).where(_BY_DIGEST).returning(reset_tokens)
_DISCARD_TOKEN = delete(reset_tokens).where(reset_tokens.c.user_id == bindparam("user_id"))


class SqlResetTokens:
    """`ResetTokenRepository` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def replace(self, token: ResetToken) -> None:
        """See `ResetTokenRepository`."""
        values = {
            "digest": token.digest,
            "user_id": token.user_id,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        }
        await self._transaction.execute(_REPLACE_TOKEN, values)

    async def get(self, digest: str) -> ResetToken:
        """See `ResetTokenRepository`."""
        return await self._one(_GET_TOKEN, digest)

    async def take(self, digest: str) -> ResetToken:
        """See `ResetTokenRepository`."""
        return await self._one(_TAKE_TOKEN, digest)

    async def discard(self, user_id: UserId) -> None:
        """See `ResetTokenRepository`."""
        await self._transaction.execute(_DISCARD_TOKEN, {"user_id": user_id})

    async def _one(self, statement: Executable, digest: str) -> ResetToken:
        row = await self._transaction.one(statement, {"digest": digest})
        if row is None:
            raise InvalidResetToken
        return ResetToken(
            digest=row["digest"],
            user_id=row["user_id"],
            created_at=row["created_at"],
            expires_at=row["expires_at"],
        )
