"""What stands behind a cache in its tests: an app that counts what it is asked."""

import asyncio
from collections.abc import Hashable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Origin:
    """Answers with the number of the question; `open` lets answers out."""

    def __init__(self) -> None:
        self.asked: list[Headers] = []
        self.status = 200
        self.headers = {"Link": "<?x>", "ETag": '"1"'}
        self.body = b""
        self.error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question."""
        self.asked.append(Headers(scope=scope))
        body = self.body or f"answer {len(self.asked)}".encode()
        scope["route"] = f"the route of {scope['path']}"
        await self.open.wait()
        if self.error is not None:
            raise self.error
        response = Response(body, self.status, self.headers, media_type="text/plain")
        await response(scope, receive, send)


class Version:
    """The version of what the origin knows, as a test would have it."""

    def __init__(self) -> None:
        self.now: Hashable | None = 1

    def __call__(self) -> Hashable | None:
        """Return it."""
        return self.now
