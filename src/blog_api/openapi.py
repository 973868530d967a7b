"""What a route may answer, for the OpenAPI document."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from blog_api.problems import BAD_BODY, RETRY_AFTER_SECONDS, TOO_LARGE, problem, status_of
from blog_api.schemas import FieldProblem, Problem, ValidationProblem
from blog_core.errors import (
    BlogError,
    DatabaseUnavailable,
    InvalidAccessToken,
    NotAuthenticated,
    SessionEnded,
)

NEEDS_TOKEN = (NotAuthenticated(), InvalidAccessToken(), SessionEnded())
"""The errors of every route that needs an access token."""

Answers = dict[int | str, dict[str, Any]]


def _header(description: str, **schema: object) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", **schema}}


ETAG = {"ETag": _header("The version, for If-Match and If-None-Match.", examples=['"1-1"'])}
LINK = {"Link": _header("`next` and `prev`, as far as they exist (RFC 8288).")}
NO_STORE = {"Cache-Control": _header("Not to be kept.", const="no-store")}

_EXTRA_HEADERS = {
    401: {"WWW-Authenticate": _header("How to authenticate.", const="Bearer")},
    503: {
        "Retry-After": _header("When to try again, in seconds.", const=str(RETRY_AFTER_SECONDS))
    },
}
_REQUEST_ID = {"X-Request-ID": _header("Names this exchange in the logs.")}


def answers(
    *errors: BlogError,
    success: int = 200,
    headers: Mapping[str, Any] = ETAG,
    revalidates: bool = False,
    body: bool = False,
    fields: bool = True,
) -> Answers:
    """Return the `responses` of a route.

    Args:
        errors: samples of what its use case raises; an unavailable database is understood.
        success: the status when all goes well.
        headers: what comes with that.
        revalidates: it may answer 304.
        body: it reads a body, which may be too large or no JSON.
        fields: it has parameters or a body to check.
    """
    found: Answers = {success: {"headers": dict(headers)}}
    if revalidates:
        found[304] = {"description": "What you have is current.", "headers": dict(headers)}
    problems = [
        problem(status=status_of(error), code=error.code, detail=str(error))
        for error in (*errors, DatabaseUnavailable())
    ]
    problems.append(problem(status=500, code="internal_error", detail="Internal Server Error"))
    if body:
        problems.append(problem(status=400, code="invalid_body", detail=BAD_BODY))
        problems.append(problem(status=413, code="body_too_large", detail=TOO_LARGE))
    if fields or body:
        problems.append(_BAD_FIELD)
    return found | _by_status(problems)


_BAD_FIELD = problem(
    status=422,
    code="validation_error",
    detail="body.email: Field required",
    errors=[FieldProblem(pointer="/body/email", code="missing", detail="Field required")],
)


def _by_status(problems: Iterable[Problem]) -> Answers:
    found: Answers = {}
    for each in sorted(problems, key=lambda each: each.status):
        answer = found.setdefault(
            each.status,
            {
                "model": type(each),
                "description": HTTPStatus(each.status).phrase,
                "headers": _EXTRA_HEADERS.get(each.status, {}),
                "content": {"application/json": {"examples": {}}},
            },
        )
        sample = asdict(each) | {"instance": "5f0c6d1f0c9b4a5f8f2f6f1f5a0c7d3e"}
        answer["content"]["application/json"]["examples"][each.code] = {
            "summary": each.detail,
            "value": sample,
        }
    return found


class DescribedAPI(FastAPI):
    """A FastAPI whose document says what its error handlers and its edge add."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document = super().openapi()
        for operation in _operations(document):
            for status, answer in operation["responses"].items():
                answer["headers"] = {**answer.get("headers", {}), **_REQUEST_ID}
                content = answer.get("content", {})
                if _is_problem(content):
                    content["application/problem+json"] = content.pop("application/json")
        return document
