"""Under which names the blog answers; by default under any."""

import re
from collections.abc import Iterable

from starlette.types import Scope

_LABELS = re.compile(rb"[a-z0-9_-]+(\.[a-z0-9_-]+)*")

_PROBES = {"/livez", "/readyz"}
"""What asks for these knows the process by its address."""


class Hosts:
    """The host names that requests may be meant for.

    Args:
        allowed: names without a port; `*.example.com` stands for all beneath it, `*` for any.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        names = {name.encode() for name in allowed}
        self._any = b"*" in names
        self._beneath = tuple(name[1:] for name in names if name.startswith(b"*."))
        self._names = names

    def know(self, scope: Scope, path: str) -> bool:
        """Whether a request for this path names one of them, in exactly one Host header."""
        if self._any or path in _PROBES:
            return True
        given = [value for name, value in scope["headers"] if name == b"host"]
        if len(given) != 1:
            return False
        name = _without_port(given[0].lower())
        return name in self._names or self._is_beneath(name)

    def _is_beneath(self, name: bytes) -> bool:
        """Whether it is a name at all, and ends as one of the allowed do (RFC 9110, 4.2.4)."""
        return name.endswith(self._beneath) and _LABELS.fullmatch(name) is not None


def _without_port(host: bytes) -> bytes:
    if host.startswith(b"["):
        return host.partition(b"]")[0] + b"]"
    return host.partition(b":")[0]
