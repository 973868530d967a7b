"""Positions in the list of posts, and the opaque strings that carry them.

The list is ordered by `date_posted` descending, then `id` descending: a total order, so a
position is a pair of both, and neither inserts nor deletes move it (keyset pagination).
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from blog_core.errors import InvalidCursor

SKIP_MAX = 10_000
LIMIT_MAX = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = struct.Struct(">BqQQ")  # direction, microseconds since 1970, post id, author id
_ID_MAX = 2**63 - 1
_CHECK_BYTES = 5  # with the fields 30 bytes: 40 characters, no padding
_FORWARD, _BACKWARD = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A place between two posts of one list, and the direction to read from there.

    Args:
        date_posted: with `post_id`, the post the place is next to; that post is not included.
        post_id: 0..2^63-1; the post need not exist any more.
        backward: read towards newer posts instead of older ones.
        author_id: the list of this user's posts; None is the list of all posts.
    """

    date_posted: datetime
    post_id: int
    backward: bool = False
    author_id: int | None = None

    def turned(self) -> "Cursor":
        """Return the way back from here when nothing lies ahead.

        It includes the post the place is next to, which the page behind would else leave out.
        """
        nudge = 1 if self.backward else -1
        post_id = min(max(self.post_id + nudge, 0), _ID_MAX)
        return replace(self, post_id=post_id, backward=not self.backward)

    def encode(self) -> str:
        """Return the cursor as 40 URL-safe characters."""
        fields = _FIELDS.pack(
            _BACKWARD if self.backward else _FORWARD,
            (self.date_posted - _EPOCH) // timedelta(microseconds=1),
            self.post_id,
            self.author_id or 0,
        )
        return urlsafe_b64encode(fields + _check(fields)).decode()

    @classmethod
    def decode(cls, text: str, *, author_id: int | None) -> "Cursor":
        """Return the cursor that `encode` wrote for this list.

        Raises:
            InvalidCursor: it was not written by `encode`, or for another list.
        """
        try:
            raw = urlsafe_b64decode(text)
            fields = raw[: _FIELDS.size]
            direction, microseconds, post_id, author = _FIELDS.unpack(fields)
            moment = _EPOCH + timedelta(microseconds=microseconds)
        except (ValueError, OverflowError, struct.error):
            raise InvalidCursor from None
        cursor = cls(
            date_posted=moment,
            post_id=post_id,
            backward=direction == _BACKWARD,
            author_id=author or None,
        )
        # Encoding is one-to-one, so this also refuses any other spelling of the same bytes.
        if post_id > _ID_MAX or cursor.encode() != text or cursor.author_id != author_id:
            raise InvalidCursor
        return cursor


def _check(fields: bytes) -> bytes:
    """Tell a cursor that was cut or typed wrong from ours; it is no secret and no signature."""
    return blake2b(fields, digest_size=_CHECK_BYTES).digest()
