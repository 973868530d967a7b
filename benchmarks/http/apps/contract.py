"""The parts of the contract that every app needs and that are not about speed."""

import struct
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cursor(date_posted: datetime, post_id: int, *, forward: bool) -> str:
    """Return the cursor that ours sends for this place in the list of all posts."""
    moment = (date_posted - _EPOCH) // timedelta(microseconds=1)
    fields = struct.pack(">BqQQ", 1 if forward else 2, moment, post_id, 0)
    return urlsafe_b64encode(fields + blake2b(fields, digest_size=5).digest()).decode()


def image_path(image_file: str | None) -> str:
    """Return where a picture is found."""
    if image_file is None:
        return "/static/profile_pics/default.jpg"
    return f"/media/profile_pics/{image_file}"
