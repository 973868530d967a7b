"""The repositories of a unit of work, each beside its translators between rows and values."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, delete, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from blog_adapters.sql.database import AnyRow, Transaction
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


class SqlPosts:
    """`PostRepository` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, post: NewPost) -> Post:
        """See `PostRepository`."""
        statement = (
            insert(posts)
            .values(
                title=post.title,
                content=post.content,
                user_id=post.author_id,
                date_posted=post.date_posted,
                version=1,
            )
            .returning(*POST)
        )
        return post_from((await self._transaction.execute(statement)).one())

    async def get(self, post_id: PostId) -> Post:
        """See `PostRepository`."""
        statement = select(*POST).where(posts.c.id == post_id).with_for_update()
        row = (await self._transaction.execute(statement)).one_or_none()
        if row is None:
            raise PostNotFound
        return post_from(row)

    async def save(self, post: Post) -> Post:
        """See `PostRepository`."""
        statement = (
            update(posts)
            .where(posts.c.id == post.id, posts.c.version == post.version)
            .values(title=post.title, content=post.content, version=post.version + 1)
            .returning(*POST)
        )
        row = (await self._transaction.execute(statement)).one_or_none()
        if row is None:
            await self.get(post.id)
            raise StaleVersion
        return post_from(row)

    async def delete(self, post_id: PostId) -> None:
        """See `PostRepository`."""
        statement = delete(posts).where(posts.c.id == post_id)
        if not (await self._transaction.execute(statement)).rowcount:
            raise PostNotFound


POST = (
    posts.c.id,
    posts.c.title,
    posts.c.content,
    posts.c.user_id,
    posts.c.date_posted,
    posts.c.version,
)


def post_from(row: AnyRow) -> Post:
    """Return the post in a row that has the columns `POST`."""
    return Post(
        id=row.id,
        title=row.title,
        content=row.content,
        author_id=row.user_id,
        date_posted=row.date_posted,
        version=row.version,
    )


class SqlUsers:
    """`UserRepository` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, user: NewUser) -> User:
        """See `UserRepository`."""
        await self._require_free(user)
        statement = insert(users).values(**_columns_of(user), version=1).returning(*USER)
        return user_from((await self._transaction.execute(statement)).one())

    async def get(self, user_id: UserId) -> User:
        """See `UserRepository`."""
        return await self._one(users.c.id == user_id)

    async def by_email(self, email: str) -> User:
        """See `UserRepository`."""
        return await self._one(users.c.email_key == canonical_key(email))

    async def save(self, user: User) -> User:
        """See `UserRepository`."""
        stored = await self.get(user.id)
        if stored.version != user.version:
            raise StaleVersion
        await self._require_free(user, but=user.id)
        saved = replace(user, version=user.version + 1)
        await self._transaction.execute(
            update(users)
            .where(users.c.id == user.id)
            .values(**_columns_of(saved), image_file=saved.image_file, version=saved.version)
        )
        return saved

    async def delete(self, user_id: UserId) -> None:
        """See `UserRepository`."""
        statement = delete(users).where(users.c.id == user_id)
        if not (await self._transaction.execute(statement)).rowcount:
            raise UserNotFound

    async def shows_picture(self, image_file: str) -> bool:
        """See `UserRepository`."""
        statement = select(users.c.id).where(users.c.image_file == image_file).limit(1)
        return (await self._transaction.execute(statement)).one_or_none() is not None

    async def _one(self, condition: ColumnElement[bool]) -> User:
        # Not the stronger FOR UPDATE, which would hold up every insert of a row that belongs to
        # this user: their foreign keys take FOR KEY SHARE.
        statement = select(*USER).where(condition).with_for_update(key_share=True)
        row = (await self._transaction.execute(statement)).one_or_none()
        if row is None:
            raise UserNotFound
        return user_from(row)

    async def _require_free(self, user: NewUser, *, but: UserId | None = None) -> None:
        """Look before storing; whoever stores the same in between is refused by a constraint."""
        same_name = users.c.username_key == user.username_key
        statement = (
            select(same_name.label("same_name"))
            .where(or_(same_name, users.c.email_key == user.email_key))
            .where(users.c.id != (but or 0))
            .order_by(same_name.desc())
            .limit(1)
        )
        clash = (await self._transaction.execute(statement)).one_or_none()
        if clash is not None:
            raise UsernameTaken if clash.same_name else EmailTaken


USER = (
    users.c.id,
    users.c.username,
    users.c.email,
    users.c.password_hash,
    users.c.image_file,
    users.c.version,
)


def user_from(row: AnyRow) -> User:
    """Return the account in a row that has the columns `USER`."""
    return User(
        id=row.id,
        username=row.username,
        email=row.email,
        password_hash=row.password_hash,
        image_file=row.image_file,
        version=row.version,
    )


def _columns_of(user: NewUser) -> dict[str, str]:
    return {
        "username": user.username,
        "username_key": user.username_key,
        "email": user.email,
        "email_key": user.email_key,
        "password_hash": user.password_hash,
    }


class SqlSessions:
    """`SessionRepository` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, session: Session) -> None:
        """See `SessionRepository`."""
        statement = insert(sessions).values(
            id=session.id,
            user_id=session.user_id,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
            expires_at=session.expires_at,
            user_agent=session.user_agent,
        )
        await self._transaction.execute(statement)

    async def touch(self, session_id: UUID, now: datetime) -> None:
        """See `SessionRepository`."""
        statement = update(sessions).where(sessions.c.id == session_id).values(last_used_at=now)
        await self._transaction.execute(statement)

    async def end_expired(self, user_id: UserId, now: datetime) -> None:
        """See `SessionRepository`."""
        expired = sessions.c.expires_at < now
        await self._transaction.execute(
            delete(sessions).where(sessions.c.user_id == user_id, expired)
        )

    async def end(self, session_id: UUID, user_id: UserId) -> None:
        """See `SessionRepository`."""
        mine = sessions.c.user_id == user_id
        statement = delete(sessions).where(sessions.c.id == session_id, mine)
        if not (await self._transaction.execute(statement)).rowcount:
            raise SessionNotFound

    async def end_all(self, user_id: UserId, *, but: UUID | None = None) -> None:
        """See `SessionRepository`."""
        statement = delete(sessions).where(sessions.c.user_id == user_id)
        if but is not None:
            statement = statement.where(sessions.c.id != but)
        await self._transaction.execute(statement)


SESSION = (
    sessions.c.id.label("session_id"),
    sessions.c.user_id,
    sessions.c.created_at,
    sessions.c.last_used_at,
    sessions.c.expires_at,
    sessions.c.user_agent,
)


def session_from(row: AnyRow) -> Session:
    """Return the session in a row that has the columns `SESSION`."""
    return Session(
        id=row.session_id,
        user_id=row.user_id,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        user_agent=row.user_agent,
    )


class SqlResetTokens:
    """`ResetTokenRepository` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def replace(self, token: ResetToken) -> None:
        """See `ResetTokenRepository`."""
        statement = upsert(reset_tokens).values(
            digest=token.digest,
            user_id=token.user_id,
            created_at=token.created_at,
            expires_at=token.expires_at,
        )
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=[reset_tokens.c.user_id],
            set_={
                "digest": new.digest,
                "created_at": new.created_at,
                "expires_at": new.expires_at,
            },
            where=reset_tokens.c.created_at <= new.created_at,
        )
        await self._transaction.execute(statement)

    async def get(self, digest: str) -> ResetToken:
        """See `ResetTokenRepository`."""
        return await self._one(select(reset_tokens).where(reset_tokens.c.digest == digest))

    async def take(self, digest: str) -> ResetToken:
        """See `ResetTokenRepository`."""
        matches = reset_tokens.c.digest == digest
        return await self._one(delete(reset_tokens).where(matches).returning(reset_tokens))

    async def discard(self, user_id: UserId) -> None:
        """See `ResetTokenRepository`."""
        statement = delete(reset_tokens).where(reset_tokens.c.user_id == user_id)
        await self._transaction.execute(statement)

    async def _one(self, statement: Executable) -> ResetToken:
        row = (await self._transaction.execute(statement)).one_or_none()
        if row is None:
            raise InvalidResetToken
        return ResetToken(
            digest=row.digest,
            user_id=row.user_id,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
