"""A cache of what anybody may read: posts, lists of them, profiles; as JSON and as pages.

An answer is kept with the version that the data had before the app was asked, and served while
that version is current: it may be newer than its version, and never older. While the version is
not known the cache stands aside. It belongs inside of `Edge`, whose marks are each request's own.
"""

import re
from asyncio import Future, get_running_loop, shield
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blog_api.conditional import is_at_hand

_PATHS = re.compile(
    r"/|(?:/api)?/posts(?:/[0-9]+)?|(?:/api)?/users/[0-9]+/posts|/api/users/[0-9]+"
    r"|(?:/users/[0-9]+)?/feed\.(?:atom|rss|json)|/sitemap\.xml"
)

_IF_NONE_MATCH = b"if-none-match"
_PERSONAL = {b"authorization", b"cookie"}
_OF_THE_BODY = {b"content-length", b"content-type"}

_OVERHEAD = 1024
"""About what an answer takes beside its body, in bytes."""

_LARGE = 8
"""An answer that takes more than one such part of the cache is not kept."""

Key = tuple[str, bytes]
"""Path and query, as they came: whoever orders parameters otherwise asks for another answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200 for everybody, and the route that the log line names."""

    headers: list[tuple[bytes, bytes]]
    body: bytes
    route: object

    async def give(self, scope: Scope, send: Send, if_none_match: list[str]) -> None:
        """Send it, or 304 to whoever has it at hand."""
        scope["route"] = self.route
        status, headers, body = 200, self.headers, self.body
        if if_none_match and is_at_hand(dict(headers)[b"etag"].decode(), if_none_match):
            status, body = 304, b""
            headers = [header for header in headers if header[0] not in _OF_THE_BODY]
        await send({"type": "http.response.start", "status": status, "headers": [*headers]})
        await send({"type": "http.response.body", "body": body})


class ResponseCache:
    """Answers anonymous reads from memory while what it has is as good as new.

    Args:
        app: what is asked for all else.
        version: returns the version of the data now; None while it is not known.
        max_bytes: how much to keep; what nobody has asked for the longest goes first.
    """

    def __init__(
        self, app: ASGIApp, *, version: Callable[[], Hashable | None], max_bytes: int
    ) -> None:
        self._app = app
        self._version = version
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, Answer] = OrderedDict()
        self._kept_version: Hashable = None
        self._kept_bytes = 0
        self._coming: dict[tuple[Hashable, Key], Future[Answer | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        asked = _asked(scope)
        version = None if asked is None else self._version()
        if asked is None or version is None:
            await self._app(scope, receive, send)
            return
        key, if_none_match = asked
        answer = self._find(version, key)
        if answer is None and (coming := self._coming.get((version, key))):
            # A waiter may be cancelled, and must not cancel what others wait for.
            answer = await shield(coming)
            if answer is None:
                await self._app(scope, receive, send)
                return
        if answer is None:
            if if_none_match:  # the app is asked for an answer that anybody can use
                scope["headers"] = [each for each in scope["headers"] if each[0] != _IF_NONE_MATCH]
            answer = await self._fetch(version, key, scope, receive, send)
        if answer is not None:
            await answer.give(scope, send, if_none_match)

    async def _fetch(
        self, version: Hashable, key: Key, scope: Scope, receive: Receive, send: Send
    ) -> Answer | None:
        """Ask the app for an answer, keep it, and hand it to all who wait for the same."""
        coming = self._coming[version, key] = get_running_loop().create_future()
        answer = None
        try:
            answer = await self._ask(scope, receive, send)
            # If the data changed meanwhile, nobody will ask for this version again.
            if answer is not None and self._version() == version:
                self._keep(version, key, answer)
        finally:
            del self._coming[version, key]
            coming.set_result(answer)
        return answer

    async def _ask(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        """Return the app's answer; None when it was not for everybody, and has been sent."""
        headers: list[tuple[bytes, bytes]] | None = None
        body = b""

        async def hold(message: Message) -> None:
            nonlocal headers, body
            if message["type"] == "http.response.start" and _is_for_all(message):
                headers = list(message["headers"])
            elif headers is None:
                await send(message)
            else:
                body += message.get("body", b"")

        await self._app(scope, receive, hold)
        return None if headers is None else Answer(headers, body, scope.get("route"))

    def _find(self, version: Hashable, key: Key) -> Answer | None:
        if version != self._kept_version:
            self._kept.clear()
            self._kept_version, self._kept_bytes = version, 0
        answer = self._kept.get(key)
        if answer is not None:
            self._kept.move_to_end(key)
        return answer

    def _keep(self, version: Hashable, key: Key, answer: Answer) -> None:
        size = _size(key, answer)
        if size > self._max_bytes // _LARGE or self._find(version, key) is not None:
            return
        self._kept[key] = answer
        self._kept_bytes += size
        while self._kept_bytes > self._max_bytes:
            self._kept_bytes -= _size(*self._kept.popitem(last=False))


def _asked(scope: Scope) -> tuple[Key, list[str]] | None:
    """Return what an anonymous reader asks for, and the tags at hand; None for all others."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    if not _PATHS.fullmatch(path):
        return None
    tags: list[str] = []
    for name, value in scope["headers"]:
        if name in _PERSONAL:
            return None
        if name == _IF_NONE_MATCH:
            tags.append(value.decode("latin-1"))
    return (path, scope["query_string"]), tags


def _is_for_all(start: Message) -> bool:
    headers = dict(start["headers"])
    public = headers.get(b"cache-control", b"public").startswith(b"public")
    return start["status"] == 200 and b"etag" in headers and public and b"set-cookie" not in headers


def _size(key: Key, answer: Answer) -> int:
    return len(answer.body) + sum(map(len, key)) + _OVERHEAD
