"""From errors to answers: problem details (RFC 9457) for the API, a page for everything else."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from json import dumps
from math import ceil
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from blog_api.cookies import ForeignOrigin
from blog_api.schemas import FieldProblem, Problem, ValidationProblem
from blog_core.errors import (
    BlogError,
    EmailTaken,
    Forbidden,
    InvalidCursor,
    InvalidImage,
    InvalidResetToken,
    InvalidText,
    KeyReused,
    NoPicture,
    NotAuthenticated,
    NotFound,
    RequestInFlight,
    StaleVersion,
    TooManyRequests,
    Unavailable,
    UsernameTaken,
    WrongPassword,
)

_log = structlog.get_logger("blog.api")

STATUSES: Mapping[type[BlogError], int] = {
    NotFound: 404,
    UsernameTaken: 400,
    EmailTaken: 400,
    WrongPassword: 400,
    InvalidResetToken: 400,
    InvalidCursor: 400,
    InvalidImage: 400,
    NoPicture: 400,
    InvalidText: 422,
    StaleVersion: 412,
    RequestInFlight: 409,
    KeyReused: 422,
    NotAuthenticated: 401,
    Forbidden: 403,
    ForeignOrigin: 403,
    TooManyRequests: 429,
    Unavailable: 503,
}
"""The status of a domain error and of those derived from it; any other is a fault of ours."""

RETRY_AFTER_SECONDS = 2
"""When to try again what was unavailable, or is being done."""

BAD_BODY = "There was an error parsing the body"
TOO_LARGE = "The request body is too large"
UNKNOWN_HOST = "Nothing is served under this host name"

_HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    409: {"Retry-After": str(RETRY_AFTER_SECONDS)},
    503: {"Retry-After": str(RETRY_AFTER_SECONDS)},
}
_PAGE_DETAILS: Mapping[int, str] = {
    422: "Invalid request. Please check your input and try again.",
    500: "An error occurred. Please check your request and try again.",
}


def status_of(error: BlogError) -> int:
    """Return the status that this error is answered with."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def problem(
    *,
    status: int,
    code: str,
    detail: str,
    instance: str = "",
    errors: Sequence[FieldProblem] = (),
) -> Problem:
    """Return the problem details of an error; its title is its code in words."""
    fields: dict[str, Any] = {
        "type": f"urn:blog:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "instance": instance,
    }
    return ValidationProblem(**fields, errors=list(errors)) if errors else Problem(**fields)


def answer(
    request: Request,
    *,
    status: int,
    code: str,
    detail: str,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an error as the caller wants it: the API's in JSON, a page's in HTML."""
    headers = {"Cache-Control": "no-store", **_HEADERS.get(status, {}), **(headers or {})}
    if not request.state.path.startswith(("/api", "/livez", "/readyz")):
        page = request.app.state.pages.error(request, status, _PAGE_DETAILS.get(status, detail))
        return Response(page, status, headers, media_type="text/html")
    body = problem(
        status=status, code=code, detail=detail, instance=request.state.request_id, errors=errors
    )
    return Response(dumps(asdict(body)), status, headers, media_type="application/problem+json")


def internal_error(request: Request) -> Response:
    """Return the answer to what nobody foresaw."""
    return answer(request, status=500, code="internal_error", detail="Internal Server Error")


def unknown_host(request: Request) -> Response:
    """Return the answer to a request that is meant for another host."""
    return answer(request, status=400, code="unknown_host", detail=UNKNOWN_HOST)


def body_too_large(request: Request) -> Response:
    """Return the answer to a body over its limit."""
    return answer(request, status=413, code="body_too_large", detail=TOO_LARGE)


async def _on_blog_error(request: Request, error: BlogError) -> Response:
    status = status_of(error)
    if status == 500:
        raise error
    if status == 503:  # the caller is told to try again, the operator why
        _log.warning("unavailable", code=error.code, cause=repr(error.__cause__)[:300])
    # A broken text rule is the same to the caller as what the schema refuses.
    code = "validation_error" if isinstance(error, InvalidText) else error.code
    return answer(
        request,
        status=status,
        code=code,
        detail=str(error),
        errors=field_problems(error),
        headers=_quota(error) if isinstance(error, TooManyRequests) else None,
    )


def field_problems(error: BlogError) -> list[FieldProblem]:
    """Return what the error says of one part of the request, if it does."""
    match error:
        case InvalidText():
            pointer, code = f"/body/{error.field}", error.reason
        case KeyReused():
            pointer, code = "/header/Idempotency-Key", error.code
        case _:
            return []
    return [FieldProblem(pointer=pointer, code=code, detail=str(error))]


def _quota(error: TooManyRequests) -> Mapping[str, str]:
    """Return when to try again and which limit it was (draft-ietf-httpapi-ratelimit-headers)."""
    seconds, window = ceil(error.retry_after.total_seconds()), int(error.per.total_seconds())
    return {
        "Retry-After": str(seconds),
        "RateLimit-Policy": f'"{error.limit}";q={error.amount};w={window}',
        "RateLimit": f'"{error.limit}";r=0;t={seconds}',
    }


async def _on_http_exception(request: Request, error: HTTPException) -> Response:
    status, headers = error.status_code, error.headers
    match status:
        case 304:
            return Response(status_code=status, headers=headers)
        case 413:
            return body_too_large(request)
        case 400:  # the parsers' own details quote what they choke on
            return answer(request, status=status, code="invalid_body", detail=BAD_BODY)
        case 405:
            headers = {"Allow": _methods_allowed(request)}
    code = HTTPStatus(status).phrase.lower().replace(" ", "_")
    return answer(request, status=status, code=code, detail=error.detail, headers=headers)


def _methods_allowed(request: Request) -> str:
    """Return what every route of this path takes; the framework asks only the first (RFC 9110)."""
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.methods and route.path_regex.match(request.state.path):
            methods |= route.methods
    return ", ".join(sorted(methods or {"GET", "HEAD"}))  # no route: a file


async def _on_invalid_request(request: Request, error: RequestValidationError) -> Response:
    errors = [_field_problem(found) for found in error.errors()]
    return answer(
        request,
        status=422,
        code="invalid_json" if errors[0].code == "invalid_json" else "validation_error",
        detail="; ".join(
            f"{found.pointer[1:].replace('/', '.')}: {found.detail}" for found in errors
        ),
        errors=errors,
    )


def _field_problem(found: Mapping[str, Any]) -> FieldProblem:
    """Return pydantic's account of a bad field, without the input it quotes."""
    if found["type"] == "json_invalid":
        return FieldProblem(pointer="/body", code="invalid_json", detail="Not valid JSON")
    pointer = "".join(f"/{part}" for part in found["loc"])
    cause = found.get("ctx", {}).get("error")
    if isinstance(cause, InvalidText):
        return FieldProblem(pointer=pointer, code=cause.reason, detail=str(cause))
    return FieldProblem(pointer=pointer, code=found["type"], detail=found["msg"])


def handle_errors(app: FastAPI) -> None:
    """Make the app answer every expected error; `Edge` answers the unexpected ones."""
    # Starlette types a handler's error as Exception, and calls it with the class it is kept under.
    app.add_exception_handler(BlogError, _on_blog_error)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _on_http_exception)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _on_invalid_request)  # type: ignore[arg-type]
