"""The tables, and what it means when one of their constraints refuses a row."""

import re

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    not_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from blog_core.errors import BlogError, EmailTaken, UsernameTaken, UserNotFound

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Id(TypeDecorator[int]):
    """A 64-bit id from 1. Any int is a fair question: what no row can have asks for 0 instead."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return what the database is asked."""
        return value if value is None or 0 < value < 2**63 else 0


class Key(TypeDecorator[str]):
    """A text to find rows by. Any str is a fair question: what cannot be stored asks for ''."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return what the database is asked."""
        return "" if value is not None and _UNSTORABLE.search(value) else value


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

users = Table(
    "users",
    metadata,
    Column("id", Id, Identity(always=True), primary_key=True),
    Column("username", String(50), nullable=False),
    # The name's constraint is made, and so checked, before the address's: on a double clash
    # the name comes first.
    Column("username_key", Key, nullable=False, unique=True),
    Column("email", String(120), nullable=False),
    Column("email_key", Key, nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    Column("image_file", String(200)),
    Column("version", Integer, nullable=False),
)
Index(None, users.c.image_file, postgresql_where=users.c.image_file.is_not(None))

posts = Table(
    "posts",
    metadata,
    Column("id", Id, Identity(always=True), primary_key=True),
    Column("title", String(100), nullable=False),
    Column("content", Text, nullable=False),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("date_posted", DateTime(timezone=True), nullable=False),
    # The tutorial's column; nothing here counts likes yet.
    Column("likes", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False),
)
Index("ix_posts_newest", posts.c.date_posted.desc(), posts.c.id.desc())
Index("ix_posts_newest_of_user", posts.c.user_id, posts.c.date_posted.desc(), posts.c.id.desc())

# Both are kept by triggers (see the migration that makes them) and never written from here.
tallies = Table(
    "tallies",
    metadata,
    Column("slot", Integer, Identity(always=True), primary_key=True),
    Column("posts", BigInteger, nullable=False),
    Column("changes", BigInteger, nullable=False),
)
"""The totals of the whole blog, in parts that writers take without waiting: read their sums.

The sum of `posts` is how many posts there are. That of `changes` is the data's version: it grows
with every committed change of a post or an account, so equal sums mean equal data.
"""

author_tallies = Table(
    "author_tallies",
    metadata,
    Column("user_id", Id, primary_key=True, autoincrement=False),
    Column("posts", BigInteger, nullable=False),
)
"""How many posts an author has; no row for one who never had any."""

sessions = Table(
    "sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("generation", Integer, nullable=False, server_default="1"),
)

reset_tokens = Table(
    "reset_tokens",
    metadata,
    Column("digest", Key, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("locked_until", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Column("dead", Boolean, nullable=False),
)
Index(None, outbox.c.due_at, postgresql_where=not_(outbox.c.dead))

rate_limits = Table(
    "rate_limits",
    metadata,
    Column("key", Text, primary_key=True),
    Column("hits", BigInteger, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    # Counters that a crash of the server may forget need not wait for its disk.
    prefixes=["UNLOGGED"],
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("digest", Key, primary_key=True),
    Column("request_mac", Text, nullable=False),
    Column("result_id", Id, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, index=True),
)

CONSTRAINT_ERRORS: dict[str, type[BlogError]] = {
    "uq_users_username_key": UsernameTaken,
    "uq_users_email_key": EmailTaken,
    "fk_posts_user_id_users": UserNotFound,
    "fk_sessions_user_id_users": UserNotFound,
    "fk_reset_tokens_user_id_users": UserNotFound,
}
"""By the name of the constraint, what a row that it refuses means to the blog."""
