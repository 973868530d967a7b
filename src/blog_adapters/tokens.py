"""Access tokens as JSON Web Tokens (RFC 7519), signed with one secret."""

import math
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

import jwt

from blog_core.domain.access import CLOCK_LEEWAY, AccessClaims
from blog_core.domain.users import UserId
from blog_core.errors import InvalidAccessToken

# Bytes of secret that each algorithm asks for (RFC 7518, 3.2).
_SECRET_MIN = {"HS256": 32, "HS384": 48, "HS512": 64}

_TOKEN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}")
_TOKEN_MAX = 1024  # characters; ours have about 250, and longer ones are not worth decoding
_USER_ID = re.compile(r"[1-9][0-9]{0,18}")
_USER_ID_MAX = 2**63 - 1
_SESSION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class JwtAccessTokens:
    """Issues and reads tokens that say who (`sub`), in which session (`sid`), and until when.

    Args:
        secret: at least 32 bytes for HS256, 48 for HS384, 64 for HS512.
        algorithm: one of these three. Of a token it is not asked, but required.

    Raises:
        ValueError: the algorithm is another, or the secret too short for it.
    """

    def __init__(self, *, secret: bytes | str, algorithm: str = "HS256") -> None:
        secret = secret.encode() if isinstance(secret, str) else secret
        self._algorithm = algorithm
        if algorithm not in _SECRET_MIN:
            raise ValueError(f"The token algorithm must be one of {', '.join(_SECRET_MIN)}")
        if len(secret) < _SECRET_MIN[algorithm]:
            raise ValueError(
                f"The secret for {algorithm} must have at least {_SECRET_MIN[algorithm]} bytes"
            )
        # Made once: given as bytes, the key is examined for each token anew.
        encoded = urlsafe_b64encode(secret).decode()
        self._key = jwt.PyJWK({"kty": "oct", "k": encoded}, algorithm)

    def issue(self, claims: AccessClaims, *, now: datetime, expires_at: datetime) -> str:
        """Return a token for these claims. Fractions of a second are given, never taken."""
        payload = {
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "iat": math.floor(now.timestamp()),
            "exp": math.ceil(expires_at.timestamp()),
        }
        return jwt.encode(payload, self._key, self._algorithm)

    def read(self, token: str, *, now: datetime) -> AccessClaims:
        """Return the claims of a genuine token, with 30 s of leeway between hosts' clocks.

        Raises:
            InvalidAccessToken: it is anything else.
        """
        if len(token) > _TOKEN_MAX or not _TOKEN.fullmatch(token):
            raise InvalidAccessToken
        try:
            payload = jwt.decode(
                token,
                self._key,
                algorithms=[self._algorithm],
                options={
                    "require": ["sub", "sid", "iat", "exp"],
                    # PyJWT would ask the clock; we are told the time, and compare below.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            issued_at, expires_at = _moment(payload["iat"]), _moment(payload["exp"])
            if not issued_at - CLOCK_LEEWAY <= now <= expires_at + CLOCK_LEEWAY:
                raise InvalidAccessToken
            return AccessClaims(
                user_id=_user_id(payload["sub"]), session_id=_session_id(payload["sid"])
            )
        except (jwt.PyJWTError, ValueError, OverflowError, OSError) as error:
            raise InvalidAccessToken from error


def _moment(seconds: object) -> datetime:
    if type(seconds) is not int:  # a bool is an int too, and a float may be no number
        raise InvalidAccessToken
    return datetime.fromtimestamp(seconds, UTC)


def _user_id(subject: object) -> UserId:
    if not (isinstance(subject, str) and _USER_ID.fullmatch(subject)):
        raise InvalidAccessToken
    user_id = int(subject)
    if user_id > _USER_ID_MAX:
        raise InvalidAccessToken
    return UserId(user_id)


def _session_id(text: object) -> UUID:
    if not (isinstance(text, str) and _SESSION_ID.fullmatch(text)):
        raise InvalidAccessToken
    return UUID(text)
