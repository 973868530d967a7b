"""What a route may answer, for the OpenAPI document."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import TypeAdapter

from blog_api.cookies import ForeignOrigin
from blog_api.problems import (
    BAD_BODY,
    RETRY_AFTER_SECONDS,
    TOO_LARGE,
    UNKNOWN_HOST,
    field_problems,
    problem,
    status_of,
)
from blog_api.schemas import FieldProblem, Problem, ValidationProblem
from blog_core.domain.limits import DEFAULT_LIMITS
from blog_core.errors import (
    BlogError,
    DatabaseUnavailable,
    InvalidAccessToken,
    KeyReused,
    NotAuthenticated,
    RequestInFlight,
    SessionEnded,
)

NEEDS_TOKEN = (NotAuthenticated(), InvalidAccessToken(), SessionEnded())
"""The errors of every route that needs an access token."""

TAKES_KEY = (RequestInFlight(), KeyReused())
"""The errors of every route that takes an idempotency key."""

TOO_OFTEN = DEFAULT_LIMITS.login.exceeded(timedelta(seconds=42))
"""What is answered to whoever tries something too often."""

NEEDS_TOKEN_TO_WRITE = (*NEEDS_TOKEN, ForeignOrigin(), TOO_OFTEN)
"""The errors of every route that needs an access token and changes something."""

_REFERENCE = "#/components/schemas/{model}"

Answers = dict[int | str, dict[str, Any]]


def _header(description: str, *, required: bool = True, **schema: object) -> dict[str, Any]:
    header = {"description": description, "schema": {"type": "string", **schema}}
    return header | {"required": True} if required else header


ETAG = {
    "ETag": _header(
        "The version, for If-Match and If-None-Match.", pattern='^"[!#-~]+"$', examples=['"1-1-1"']
    )
}
LINK = {"Link": _header("`next` and `prev`, as far as they exist (RFC 8288).", required=False)}
SET_COOKIE = {"Set-Cookie": _header("The session; for browsers alone, no script sees it.")}
NO_STORE = {"Cache-Control": _header("Not to be kept.", const="no-store")}

RETRY_AFTER = {
    "Retry-After": _header("When to try again, in seconds.", const=str(RETRY_AFTER_SECONDS))
}

_EXTRA_HEADERS = {
    429: {
        "Retry-After": _header("When to try again, in seconds.", pattern="^[1-9][0-9]*$"),
        "RateLimit-Policy": _header(
            "The limit, how often it allows this, and within how many seconds.",
            examples=['"login";q=10;w=300'],
        ),
        "RateLimit": _header(
            "The limit, what is left of it, and in how many seconds it begins anew.",
            examples=['"login";r=0;t=42'],
        ),
    },
    401: {"WWW-Authenticate": _header("How to authenticate.", const="Bearer")},
    409: RETRY_AFTER,
    503: RETRY_AFTER,
}
_REQUEST_ID = {"X-Request-ID": _header("Names this exchange in the logs.")}


def answers(
    *errors: BlogError,
    success: int = 200,
    headers: Mapping[str, Any] = ETAG,
    revalidates: bool = False,
    body: Literal["json", "form"] | None = None,
    fields: bool = True,
) -> Answers:
    """Return the `responses` of a route.

    Args:
        errors: samples of what its use case raises; an unavailable database is understood.
        success: the status when all goes well.
        headers: what comes with that.
        revalidates: it may answer 304.
        body: it reads such a body, which may be too large or not what it says it is.
        fields: it has parameters or a body to check.
    """
    found: Answers = {success: {"headers": dict(headers)}}
    if revalidates:
        found[304] = {"description": "What you have is current.", "headers": dict(headers)}
    problems = [
        problem(
            status=status_of(error),
            code=error.code,
            detail=str(error),
            errors=field_problems(error),
        )
        for error in (*errors, DatabaseUnavailable())
    ]
    problems.append(problem(status=400, code="unknown_host", detail=UNKNOWN_HOST))
    if body:
        problems.append(problem(status=400, code="invalid_body", detail=BAD_BODY))
    if fields or body:
        problems.append(_BAD_FIELD)
    if body == "json":
        problems.append(_NOT_JSON)
    found |= _by_status(problems) | INTERNAL_ERROR
    return found | BODY_TOO_LARGE if body else found


_BAD_FIELD = problem(
    status=422,
    code="validation_error",
    detail="body.email: Field required",
    errors=[FieldProblem(pointer="/body/email", code="missing", detail="Field required")],
)

_NOT_JSON = problem(
    status=422,
    code="invalid_json",
    detail="body: Not valid JSON",
    errors=[FieldProblem(pointer="/body", code="invalid_json", detail="Not valid JSON")],
)


def _by_status(problems: Iterable[Problem]) -> Answers:
    found: Answers = {}
    for each in sorted(problems, key=lambda each: each.status):
        answer = found.setdefault(
            each.status,
            {
                "description": each.title,
                "headers": _EXTRA_HEADERS.get(each.status, {}),
                "content": {"application/problem+json": {"examples": {}} | _schema_of(each)},
            },
        )
        if each.title not in answer["description"]:
            answer["description"] += f", or {each.title.lower()}"
        content = answer["content"]["application/problem+json"]
        content["examples"][each.code] = {
            "summary": each.detail,
            "value": asdict(each) | {"instance": "5f0c6d1f0c9b4a5f8f2f6f1f5a0c7d3e"},
        }
        content["schema"]["properties"] = {"code": {"enum": sorted(content["examples"])}}
    return found


def _schema_of(problem: Problem) -> dict[str, Any]:
    """Refer to its schema, which the document has once: models for each would slow the start."""
    return {"schema": {"allOf": [{"$ref": _REFERENCE.format(model=type(problem).__name__)}]}}


INTERNAL_ERROR = _by_status(
    [problem(status=500, code="internal_error", detail="Internal Server Error")]
)
"""What any route may answer."""

BODY_TOO_LARGE = _by_status([problem(status=413, code="body_too_large", detail=TOO_LARGE)])
"""What a route may answer whose method comes with a body, whether or not it reads one."""


class DescribedAPI(FastAPI):
    """A FastAPI whose document also tells what its error handlers and its edge add."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document = super().openapi()
        for path in document["paths"].values():
            for operation in path.values():
                # What the framework adds to routes whose parameters cannot be wrong.
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]
                for answer in operation["responses"].values():
                    answer["headers"] = answer.get("headers", {}) | _REQUEST_ID
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        _, problems = TypeAdapter.json_schemas(
            [(kind, "serialization", TypeAdapter(kind)) for kind in (Problem, ValidationProblem)],
            ref_template=_REFERENCE,
        )
        document["components"]["schemas"] = dict(sorted((schemas | problems["$defs"]).items()))
        return document
