"""The cookie that a browser keeps its session in, and who may send it (RFC 6265, RFC 9110).

It comes along with whatever the browser sends, so with what another site makes it send, too.
`SameSite=Lax` keeps most of that back; for what changes something the browser has to say besides
that a page of ours has asked.
"""

from collections.abc import Iterator, Mapping

from fastapi import Request, Response

from blog_core.domain.access import SessionToken
from blog_core.errors import BlogError

SAFE_METHODS = {"GET", "HEAD"}
"""The methods that change nothing."""


class ForeignOrigin(BlogError):
    """A page of somebody else's wants to change something with the session of a visitor of ours."""

    code = "foreign_origin"
    message = "Not from a page of this blog"


class SessionCookie:
    """How the cookie is named and kept.

    Args:
        https: the blog is reached by https alone. Then the name promises that no other host and no
            unsafe connection has set the cookie.
    """

    def __init__(self, *, https: bool) -> None:
        self.name = "__Host-session" if https else "session"
        self._https = https

    def read(self, request: Request) -> str | None:
        """Return the session token that came with a request, if one did.

        Raises:
            ForeignOrigin: it would change something, and no page of ours has sent it.
        """
        tokens = list(_cookies(request, self.name))
        if len(tokens) != 1:  # of two, one was put there by somebody else
            return None
        require_own_page(request, said=True)
        return tokens[0]

    def give(self, response: Response, token: SessionToken) -> None:
        """Let the browser keep a session; no script sees it."""
        self._set(response, token.value, int(token.lasts.total_seconds()))

    def take(self, response: Response) -> None:
        """Let the browser forget the session."""
        self._set(response, "", 0)

    def _set(self, response: Response, value: str, seconds: int) -> None:
        response.set_cookie(
            self.name, value, seconds, secure=self._https, httponly=True, samesite="lax"
        )


def _cookies(request: Request, name: str) -> Iterator[str]:
    """Yield the values under a name, compared byte by byte.

    The framework's reader takes more off a name than a browser does, and so would take another
    name for one that begins with `__Host-`.
    """
    for header, value in request.scope["headers"]:
        if header == b"cookie":
            for pair in value.split(b";"):
                found, _, token = pair.strip(b" \t").partition(b"=")
                if found == name.encode():
                    yield token.decode("latin-1")


def require_own_page(request: Request, *, said: bool = False) -> None:
    """Raise ForeignOrigin when another site's page wants to change something.

    Args:
        request: what was sent.
        said: the browser has to say where it comes from; else who says nothing is no browser.
    """
    if request.method not in SAFE_METHODS and not _is_own(request.headers, said=said):
        raise ForeignOrigin


def _is_own(headers: Mapping[str, str], *, said: bool) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site == "same-origin"
    if origin is not None:
        host = headers.get("host")
        return origin in {f"http://{host}", f"https://{host}"}
    return not said
