"""The database that every app stands on, and who may write to it."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import asyncpg
import jwt
import psutil

from blog_adapters.embedded_postgres import EmbeddedPostgres
from blog_adapters.sql.migrate import upgrade
from blog_api.demo import POSTS

SECRET_KEY = token_urlsafe(48)
"""What every app checks tokens with; good for one run."""

_CLOSING = (
    "“Déjà vu”, she said \N{EM DASH} and went to look for the line in the manual that nobody "
    "has ever read to its end."
)

LASTING = timedelta(hours=12)
"""How long the sessions last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A PostgreSQL server of this machine, and the URL of a database there."""

    url: str
    process: psutil.Process


@contextmanager
def server() -> Iterator[Server]:
    """Lend a server in a folder of its own, with its default settings."""
    with TemporaryDirectory(prefix="blog-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # for root, PostgreSQL runs as somebody else
        data = Path(folder) / "postgres"
        with EmbeddedPostgres(data) as url:
            pid = int((data / "postmaster.pid").read_text().split()[0])
            yield Server(
                url=url.replace("postgresql+asyncpg://", "postgresql://", 1),
                process=psutil.Process(pid),
            )


async def fill(url: str, *, posts: int, users: int) -> list[str]:
    """Make the tables and fill them, the same in each run.

    Returns:
        A token of each user.
    """
    await upgrade(url)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_USERS, users)
        sessions = {user_id: uuid4() for user_id in range(1, users + 1)}
        await connection.execute(_SESSIONS, list(sessions), list(sessions.values()), LASTING)
        titles, contents = _texts()
        await connection.execute(_POSTS, titles, contents, users, posts)
        await connection.execute(_TUTORIALS)
        for table in ("users", "sessions", "posts", "tutorial_posts"):
            await connection.execute(f"VACUUM (ANALYZE) {table}")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
    return [_token(user_id, session) for user_id, session in sessions.items()]


async def touch_sessions(url: str) -> None:
    """Mark every session as just used: otherwise ours, and ours alone, would do so when asked."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("UPDATE sessions SET last_used_at = now()")
    finally:
        await connection.close()


def _texts() -> tuple[list[str], list[str]]:
    """Return titles and contents to choose from; a page of ten such posts has about 13 KB."""
    chance = random.Random(4)  # noqa: S311 - the same in each run
    titles, pieces = zip(*POSTS, strict=True)
    contents = ["\n\n".join([*chance.sample(pieces, 6), _CLOSING]) for _ in range(97)]
    return list(titles), contents


def _token(user_id: int, session: UUID) -> str:
    now = datetime.now(UTC)
    claims = {"sub": str(user_id), "sid": str(session), "iat": now, "exp": now + LASTING}
    return jwt.encode(claims, SECRET_KEY, "HS256")


_USERS = """
    INSERT INTO users (username, username_key, email, email_key, password_hash, image_file, version)
    SELECT name, name, name || '@example.com', name || '@example.com', '!',
           CASE WHEN n % 4 > 0 THEN md5(name) || '.jpg' END, 1
    FROM generate_series(1, $1::int) n, LATERAL (SELECT 'author' || n AS name) named
    ORDER BY n
"""
_SESSIONS = """
    INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at, user_agent)
    SELECT session, user_id, now(), now(), now() + $3::interval, 'benchmark'
    FROM unnest($1::bigint[], $2::uuid[]) opened (user_id, session)
"""
_POSTS = """
    INSERT INTO posts (title, content, user_id, date_posted, version)
    SELECT ($1::text[])[1 + n % cardinality($1)], ($2::text[])[1 + n % cardinality($2)],
           1 + n * 7919 % $3::int, timestamptz '2020-01-01 00:00:00.123456Z' + n * interval '97 s',
           1
    FROM generate_series(1::bigint, $4::int) n
    ORDER BY n
"""
_TUTORIALS = """
    CREATE TABLE tutorial_posts (LIKE posts INCLUDING ALL);
    ALTER TABLE tutorial_posts ADD FOREIGN KEY (user_id) REFERENCES users;
    INSERT INTO tutorial_posts OVERRIDING SYSTEM VALUE SELECT * FROM posts ORDER BY id;
    SELECT setval(pg_get_serial_sequence('tutorial_posts', 'id'), max(id)) FROM posts;
"""
"""The tutorial's own posts: it does not count them, so no trigger is to slow it down."""
