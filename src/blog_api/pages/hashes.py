"""How a Content-Security-Policy names a script or a style that stands in a page."""

from base64 import b64encode
from hashlib import sha256


def hash_of(text: str) -> str:
    """Return the source that allows exactly this text."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
