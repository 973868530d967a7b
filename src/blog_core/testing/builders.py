"""Sample values, one call each; every argument has a default that is as good as any."""

import struct
import zlib
from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from blog_core.domain.access import ResetToken, Session, digest_of
from blog_core.domain.idempotency import Outcome
from blog_core.domain.mail import Mail
from blog_core.domain.outbox import Entry, PictureDiscarded, Task
from blog_core.domain.posts import NewPost
from blog_core.domain.users import NewUser, UserId

NOW = datetime(2025, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)
"""The moment at which samples happen, with microseconds so that losing them shows."""


@dataclass
class StoppedClock:
    """A `Clock` that stands still until its `now` is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """Return the moment it stands at."""
        return self.now


def minutes(number: float) -> timedelta:
    """Return a span of minutes."""
    return timedelta(minutes=number)


def new_user(
    username: str = "corey", email: str | None = None, password_hash: str = "hash"
) -> NewUser:
    """Return an account to add; the address follows the name unless given."""
    email = f"{username.lower()}@example.com" if email is None else email
    return NewUser(username=username, email=email, password_hash=password_hash)


def new_post(
    author_id: UserId,
    title: str = "A title",
    content: str = "Some content.",
    date_posted: datetime = NOW,
) -> NewPost:
    """Return a post to add."""
    return NewPost(author_id=author_id, title=title, content=content, date_posted=date_posted)


def session(
    user_id: UserId,
    created_at: datetime = NOW,
    lifetime: timedelta = timedelta(minutes=30),
    user_agent: str = "curl/8",
) -> Session:
    """Return a session to add."""
    return Session(
        id=uuid4(),
        user_id=user_id,
        created_at=created_at,
        last_used_at=created_at,
        expires_at=created_at + lifetime,
        user_agent=user_agent,
    )


def reset_token(user_id: UserId, token: str = "token", created_at: datetime = NOW) -> ResetToken:
    """Return a reset token to store, good for an hour."""
    return ResetToken(
        digest=digest_of(token),
        user_id=user_id,
        created_at=created_at,
        expires_at=created_at + timedelta(hours=1),
    )


def entry(task: Task | None = None, due_at: datetime = NOW, entry_id: UUID | None = None) -> Entry:
    """Return an outbox entry to add."""
    return Entry(
        id=entry_id or uuid4(),
        task=task or PictureDiscarded("0" * 32 + ".jpg"),
        created_at=NOW,
        due_at=due_at,
    )


def outcome(key: str = "key", result_id: int = 1, created_at: datetime = NOW) -> Outcome:
    """Return what was done under a key, to remember."""
    return Outcome(
        digest=digest_of(key), request_mac="mac", result_id=result_id, created_at=created_at
    )


def mail(to: str = "corey@example.com", text: str = "Hello", html: str = "<p>Hello</p>") -> Mail:
    """Return a message to send."""
    return Mail(id=uuid4(), to=to, subject="A subject", text=text, html=html)


def png(width: int = 8, height: int = 6, *, complete: bool = True) -> bytes:
    """Return a PNG of one colour; when not complete, only its header and nothing to draw."""
    rows = zlib.compress((b"\x00" + b"\x28\xc8\x28" * width) * height if complete else b"")
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", rows)
        + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEY"
    "Gh0dHx8fExciJCIeJBweHx7/2wBDAQUFBQcGBw4ICA4eFBEUHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4e"
    "Hh4eHh4eHh4eHh4eHh4eHh7/wAARCAAGAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAb/xAAfEAAABgEFAAAA"
    "AAAAAAAAAAAAAQIFERMDBBIxUWH/xAAVAQEBAAAAAAAAAAAAAAAAAAAGB//EABwRAAICAgMAAAAAAAAAAAAAAAECBBEAMQMF"
    "of/aAAwDAQACEQMRAD8AjXVz1DjXejEmuY2EZcx2fgAAJIgQUususGBH6/gWPGQKi3QGhZs+nP/Z"
)
"""A JPEG of 8 by 6 pixels, 342 bytes."""

GIF = b64decode("R0lGODdhCAAGAIEAACjIKMgoKAAAAAAAACwAAAAACAAGAAAIFQABCAQQoGCAgQQNIjTIsKHDhwYDAgA7")
"""A GIF of 8 by 6 pixels, 60 bytes."""

WEBP = b64decode("UklGRiQAAABXRUJQVlA4TBcAAAAvB0ABAA9wMOSjgA7K/EcLDv8f0f/AAQA=")
"""A lossless WebP of 8 by 6 pixels, 44 bytes."""
