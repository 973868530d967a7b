"""The outermost layer: request ids, hosts, origins, body limits, one log line, no error unanswered.

Pure ASGI: it costs a few microseconds, where a `BaseHTTPMiddleware` costs a task.
"""

import re
from random import getrandbits
from time import perf_counter
from traceback import format_exception

import structlog
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from blog_api.headers import SecurityHeaders
from blog_api.hosts import Hosts
from blog_api.origins import Origins
from blog_api.problems import body_too_large, internal_error, unknown_host

_KIBIBYTE, _MEBIBYTE = 1024, 1024 * 1024

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

_METHODS_WITH_BODY = {"POST", "PUT", "PATCH"}


class BodyLimits:
    """How many bytes of a body are read, by path.

    Args:
        max_upload_bytes: the largest picture; its form may be a MiB larger.
    """

    def __init__(self, *, max_upload_bytes: int) -> None:
        self._table = (
            (re.compile(r"/api/(posts(/.*)?|preview)"), 3 * _MEBIBYTE),
            (re.compile(r"/api/users/[^/]+/picture"), max_upload_bytes + _MEBIBYTE),
            (re.compile(r"/api/(users/token|session)"), 16 * _KIBIBYTE),
        )

    def of(self, path: str) -> int:
        """Return the limit of a path, in bytes."""
        return next(
            (limit for pattern, limit in self._table if pattern.fullmatch(path)), 64 * _KIBIBYTE
        )


class Edge:
    """What every request passes first and every answer last.

    Args:
        app: what answers.
        limits: how much of a body is read.
        hosts: which names are ours.
        origins: whose pages may use the API.
        security: what browsers are told.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: BodyLimits,
        hosts: Hosts,
        origins: Origins,
        security: SecurityHeaders,
    ) -> None:
        self._app = app
        self._limits = limits
        self._hosts = hosts
        self._origins = origins
        self._security = security
        self._log = structlog.get_logger("blog.api")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # What `Request.state` shows; to build a request for this costs more than all else here.
        state = scope.setdefault("state", {})
        state["request_id"] = request_id = _request_id(scope)
        # Kept, because a mount takes its own part off the path.
        state["path"] = path = scope["path"].removeprefix(scope.get("root_path", ""))
        started, status = perf_counter(), None
        marks = (
            *self._security.of(path),
            *self._origins.headers(scope),
            (b"x-request-id", request_id.encode()),
        )

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *marks]
            await send(message)

        bound = bind_contextvars(request_id=request_id)
        try:
            await self._serve(scope, receive, send_marked)
        except Exception as error:
            # Rendered here: some of structlog's renderers show local variables, and with them
            # passwords.
            trace = "".join(format_exception(error))
            self._log.error("unexpected error", request_id=request_id, exception=trace)
            if status is not None:
                raise  # too late for another answer: the server has to cut this one off
            await internal_error(Request(scope))(scope, receive, send_marked)
        finally:
            self._log.info(
                "request",
                request_id=request_id,
                method=scope["method"],
                route=getattr(scope.get("route"), "path", None),
                status=status,
                duration_ms=round((perf_counter() - started) * 1000, 2),
                user_id=state.get("user_id"),
            )
            reset_contextvars(**bound)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._hosts.know(scope, scope["state"]["path"]):
            await unknown_host(Request(scope))(scope, receive, send)
            return
        if scope["method"] not in _METHODS_WITH_BODY:
            preflight = self._origins.preflight(scope)
            await (preflight or self._app)(scope, receive, send)
            return
        request = Request(scope)
        limit = self._limits.of(request.state.path)
        announced = announced_bytes(request)
        if announced is not None and announced > limit:
            await body_too_large(request)(scope, receive, send)
        else:
            await self._app(scope, _counting(receive, limit), send)


def announced_bytes(request: Request) -> int | None:
    """Return how long the body is said to be; None when that is not said."""
    announced = request.headers.get("content-length", "")
    return int(announced[:20]) if announced.isdecimal() else None


def _request_id(scope: Scope) -> str:
    """Return the caller's request id when it is a plain word, else a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    if _REQUEST_ID.fullmatch(given):
        return given.decode()
    return f"{getrandbits(128):032x}"  # new, but no secret: uuid4 would ask the kernel for those


def _counting(receive: Receive, limit: int) -> Receive:
    """Return a `receive` for a body that was not announced, or not truly: it ends at the limit."""
    left = limit

    async def receive_counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return receive_counted
