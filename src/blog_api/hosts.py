"""Under which names the blog answers; by default under any."""

from collections.abc import Iterable

from starlette.types import Scope

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
        return name in self._names or name.endswith(self._beneath)


def _without_port(host: bytes) -> bytes:
    if host.startswith(b"["):
        return host.partition(b"]")[0] + b"]"
    return host.partition(b":")[0]
