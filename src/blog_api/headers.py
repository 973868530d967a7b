"""What browsers are told about every answer: what it may load, who may show it.

Everything is made once, at the start; a request costs two look-ups.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from blog_api.pages.docs import DOCS_POLICIES

Headers = tuple[tuple[bytes, bytes], ...]

_NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_PICTURE = f"{_NOTHING}; sandbox"
_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: https:{images}; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_FEEDS = re.compile(r"(?:/users/[^/]+)?/feed\.[a-z]+|/sitemap[^/]*\.xml|/robots\.txt")
_YEAR = 365 * 24 * 60 * 60

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_OF_DOCUMENTS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SecurityHeaders:
    """The headers of every answer, by path.

    Args:
        https: the blog is reached by https alone, and browsers shall remember that for a year.
        pictures: a URL of the place that pictures come from; None when it is ours.
    """

    def __init__(self, *, https: bool, pictures: str | None = None) -> None:
        kept = {"Strict-Transport-Security": f"max-age={_YEAR}"} if https else {}
        self._data = _made(_NOTHING, kept)
        # The frontend may have an origin of its own, and shows them.
        self._files = _made(_PICTURE, kept, shared_with="cross-origin")
        place = urlsplit(pictures or "")
        origin = f" {place.scheme}://{place.netloc}" if place.scheme == "http" else ""
        self._page = _made(_PAGE.format(images=origin), kept | _OF_DOCUMENTS)
        self._by_path = {
            path: _made(policy, kept | _OF_DOCUMENTS) for path, policy in DOCS_POLICIES.items()
        } | dict.fromkeys(("/livez", "/readyz", "/openapi.json"), self._data)

    def of(self, path: str) -> Headers:
        """Return the headers of whatever is answered at a path, errors too."""
        if path.startswith("/api"):
            return self._data
        if path.startswith(("/media/", "/static/profile_pics/")):
            return self._files
        if _FEEDS.fullmatch(path):
            return self._data
        return self._by_path.get(path, self._page)


def _made(policy: str, more: Mapping[str, str], *, shared_with: str = "same-origin") -> Headers:
    headers = {
        **_ALWAYS,
        "Content-Security-Policy": policy,
        "Cross-Origin-Resource-Policy": shared_with,
        **more,
    }
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
