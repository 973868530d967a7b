"""Which other origins' pages may use the API from a browser (CORS); by default none."""

from collections.abc import Iterable

from starlette.responses import Response
from starlette.types import Scope

Headers = tuple[tuple[bytes, bytes], ...]

_METHODS = b"GET, POST, PUT, PATCH, DELETE"
_SENT = b"Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key"
_SHOWN = (
    b"ETag, Link, Retry-After, X-Request-ID, "
    b"RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
)
_REMEMBERED_SECONDS = b"600"


class Origins:
    """The origins that are let in; credentials are not: the cookie is for our own pages.

    Args:
        allowed: such as `https://blog.example.com`, compared letter by letter.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        # A cache on the way must not answer one origin with what another was told.
        self._strangers: Headers = ((b"vary", b"Origin"),)
        self._allowed: dict[bytes, Headers] = {
            origin.encode(): (
                *self._strangers,
                (b"access-control-allow-origin", origin.encode()),
                (b"access-control-expose-headers", _SHOWN),
            )
            for origin in allowed
        }

    def headers(self, scope: Scope) -> Headers:
        """Return what every answer to this request is given besides."""
        if not self._allowed:
            return ()
        return self._allowed.get(_header(scope, b"origin"), self._strangers)

    def preflight(self, scope: Scope) -> Response | None:
        """Return the answer to a browser that asks beforehand; None for all other requests.

        Strangers get none: to them it is an OPTIONS like any other, which no route knows.
        """
        if (
            scope["method"] != "OPTIONS"
            or _header(scope, b"origin") not in self._allowed
            or not _header(scope, b"access-control-request-method")
        ):
            return None
        response = Response(status_code=204)
        response.raw_headers += [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _SENT),
            (b"access-control-max-age", _REMEMBERED_SECONDS),
        ]
        return response


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")
