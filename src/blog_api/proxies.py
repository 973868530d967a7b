"""Who is calling, when they call through proxies."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from blog_adapters.notations import Network

_SCHEMES = {b"http": "http", b"https": "https"}


class TrustedProxies:
    """Takes the word of the proxies that are listed for who is calling and how; of nobody else.

    Each proxy adds the address it was called from at the right end of `X-Forwarded-For`. So the
    header is walked from there, past the proxies that are listed; the first address that is none of
    theirs is the caller's. What stands to the left of it anybody may have written.
    `X-Forwarded-Proto` says whether the caller came by HTTPS.
    """

    def __init__(self, app: ASGIApp, *, proxies: Sequence[Network]) -> None:
        self._app = app
        self._proxies = tuple(proxies)
        self._is_listed = lru_cache(maxsize=1024)(self._find)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, in the name of who sent it."""
        if scope["type"] == "http" and scope["client"] and self._is_listed(scope["client"][0]):
            hops, scheme = _forwarded(scope)
            scope["client"] = (self._caller(scope["client"][0], hops), 0)
            scope["scheme"] = _SCHEMES.get(scheme, scope["scheme"])
        await self._app(scope, receive, send)

    def _caller(self, peer: str, hops: list[str]) -> str:
        """Return who is calling, as far as those who are listed know."""
        caller = peer
        for hop in reversed(hops):
            address = _address(hop)
            if address is None:
                break
            caller = str(address)
            if not self._is_listed(caller):
                break
        return caller

    def _find(self, caller: str) -> bool:
        address = _address(caller)
        return address is not None and any(address in network for network in self._proxies)


def _forwarded(scope: Scope) -> tuple[list[str], bytes]:
    """Return the addresses in `X-Forwarded-For`, however many such headers, and the scheme."""
    hops: list[str] = []
    scheme = b""
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            hops += value.decode("latin-1").split(",")
        elif name == b"x-forwarded-proto":
            scheme = value.strip().lower()
    return hops, scheme


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address, IPv4 in IPv6 as IPv4; None when it is none."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
