"""The server's secret keys, and the tokens that are derived from them instead of being stored."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from uuid import UUID

from blog_core.errors import InvalidAccessToken, InvalidRefreshToken

_REFRESH_TOKEN = re.compile(r"([0-9a-f]{32})\.([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})")
_SESSION_TOKEN = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class RefreshClaims:
    """What a genuine refresh token says: the one of this number, in this session."""

    session_id: UUID
    generation: int


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys of which the first makes tokens and every one recognises them.

    A new key comes behind the others first, until every process knows it, and the old one stays
    behind it until what it made is over: then nobody notices.

    Args:
        keys: secret, each of at least 32 bytes.

    Raises:
        ValueError: there is no key.
    """

    keys: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        """Check that there is a key."""
        if not self.keys:
            raise ValueError("a key ring has at least one key")

    def macs(self, purpose: str, message: bytes) -> list[str]:
        """Return HMAC-SHA-256 (RFC 2104) of a message by each key, 43 characters, the first first.

        Those of one purpose are of no use to another.
        """
        return [_mac(key, purpose, message) for key in self.keys]

    def recognises(self, mac: str, purpose: str, message: bytes) -> bool:
        """Whether a key of the ring has made this, in a time that tells nothing."""
        return any(
            hmac.compare_digest(mac.encode(), made.encode()) for made in self.macs(purpose, message)
        )

    def reset_tokens(self, entry_id: UUID) -> list[str]:
        """Return the reset token that the mail of this outbox entry carries, by each key.

        A mail sent again carries the same token, and nothing that is stored can be turned into it.
        """
        return self.macs("reset-token", entry_id.bytes)

    def refresh_token(self, session_id: UUID, generation: int) -> str:
        """Return a session's refresh token of this number, from 1."""
        message = f"{session_id.hex}.{generation}"
        return f"{message}.{_mac(self.keys[0], _REFRESHING, message.encode())}"

    def read_refresh_token(self, token: str) -> RefreshClaims:
        """Return what a refresh token of ours says.

        Raises:
            InvalidRefreshToken: it is none.
        """
        found = _REFRESH_TOKEN.fullmatch(token)
        if found is None:
            raise InvalidRefreshToken
        session_id, generation, mac = found.groups()
        if not self.recognises(mac, _REFRESHING, f"{session_id}.{generation}".encode()):
            raise InvalidRefreshToken
        return RefreshClaims(session_id=UUID(session_id), generation=int(generation))

    def session_token(self, session_id: UUID) -> str:
        """Return what stands for a session itself, such as in a browser's cookie."""
        return f"{session_id.hex}.{_mac(self.keys[0], _SESSION, session_id.bytes)}"

    def read_session_token(self, token: str) -> UUID:
        """Return the session that a token of ours stands for.

        Raises:
            InvalidAccessToken: it is none.
        """
        found = _SESSION_TOKEN.fullmatch(token)
        if found is None:
            raise InvalidAccessToken
        session_id, mac = UUID(found[1]), found[2]
        if not self.recognises(mac, _SESSION, session_id.bytes):
            raise InvalidAccessToken
        return session_id


_REFRESHING, _SESSION = "refresh-token", "session-token"


def _mac(key: bytes, purpose: str, message: bytes) -> str:
    mac = hmac.new(key, f"{purpose}:".encode() + message, hashlib.sha256)
    return urlsafe_b64encode(mac.digest()).removesuffix(b"=").decode()
