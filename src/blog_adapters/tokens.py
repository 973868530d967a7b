"""Access tokens as JSON Web Tokens (RFC 7519, RFC 9068), signed with one secret of several."""

import hashlib
import math
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import jwt

from blog_core.domain.access import CLOCK_LEEWAY, AccessClaims
from blog_core.domain.users import UserId
from blog_core.errors import InvalidAccessToken

# Bytes of secret that each algorithm asks for (RFC 7518, 3.2).
_SECRET_MIN = {"HS256": 32, "HS384": 48, "HS512": 64}

_TOKEN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}")
_TOKEN_MAX = 2048  # characters; ours have about 350, and longer ones are not worth decoding
_USER_ID = re.compile(r"[1-9][0-9]{0,18}")
_USER_ID_MAX = 2**63 - 1
_SESSION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class JwtAccessTokens:
    """Issues and reads tokens that say who (`sub`), in which session (`sid`), and until when.

    Args:
        secrets: the first signs, every one is accepted; the token names its own (`kid`). Each has
            at least 32 bytes for HS256, 48 for HS384, 64 for HS512.
        algorithm: one of these three. Of a token it is not asked, but required.
        issuer: who issues tokens (`iss`); those of others are refused.
        audience: whom they are for (`aud`); those for others are refused.

    Raises:
        ValueError: there is no secret, the algorithm is another, or a secret too short for it.
    """

    def __init__(
        self,
        *,
        secrets: Sequence[bytes],
        algorithm: str = "HS256",
        issuer: str = "blog",
        audience: str = "blog",
    ) -> None:
        if algorithm not in _SECRET_MIN:
            raise ValueError(f"The token algorithm must be one of {', '.join(_SECRET_MIN)}")
        shortest = min(map(len, secrets), default=0)
        if shortest < _SECRET_MIN[algorithm]:
            raise ValueError(
                f"The secret for {algorithm} must have at least {_SECRET_MIN[algorithm]} bytes"
            )
        self._algorithm = algorithm
        self._issuer = issuer
        self._audience = audience
        keys = [self._key(secret) for secret in secrets]
        self._signer = keys[0]
        # By the header that each writes: whatever else stands in a header, it is none of ours,
        # and no algorithm, type or key that a token names is ever looked up.
        self._keys = {self._signed({}, key).partition(".")[0]: key for key in keys}

    def issue(self, claims: AccessClaims, *, now: datetime, expires_at: datetime) -> str:
        """Return a token for these claims. Fractions of a second are given, never taken."""
        payload = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "iat": math.floor(now.timestamp()),
            "exp": math.ceil(expires_at.timestamp()),
        }
        return self._signed(payload, self._signer)

    def read(self, token: str, *, now: datetime) -> AccessClaims:
        """Return the claims of a genuine token, with 30 s of leeway between hosts' clocks.

        Raises:
            InvalidAccessToken: it is anything else.
        """
        if len(token) > _TOKEN_MAX or not _TOKEN.fullmatch(token):
            raise InvalidAccessToken
        key = self._keys.get(token.partition(".")[0])
        if key is None:
            raise InvalidAccessToken
        try:
            payload = jwt.decode(
                token,
                key,
                algorithms=[self._algorithm],
                issuer=self._issuer,
                audience=self._audience,
                options={
                    "require": ["iss", "aud", "sub", "sid", "iat", "exp"],
                    "strict_aud": True,
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

    def _signed(self, payload: dict[str, object], key: jwt.PyJWK) -> str:
        return jwt.encode(payload, key, self._algorithm, {"typ": "at+jwt", "kid": key.key_id})

    def _key(self, secret: bytes) -> jwt.PyJWK:
        # Made once: given as bytes, the key is examined for each token anew.
        encoded = urlsafe_b64encode(secret).decode()
        return jwt.PyJWK({"kty": "oct", "k": encoded, "kid": _name_of(secret)}, self._algorithm)


def _name_of(secret: bytes) -> str:
    """Return a name for a secret that every process gives it, and that does not give it away."""
    return hashlib.sha256(b"name of the key:" + secret).hexdigest()[:16]


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
