"""Routes that know beforehand what every request has to be asked.

FastAPI finds out for each request anew what each dependency and parameter of its route is; that
takes as long as answering. Here it is found out once. What a route declares, and what FastAPI
makes of it in the document, stays the same.
"""

import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import iscoroutinefunction
from typing import Any

from fastapi import Request, Response, params
from fastapi._compat import ModelField, field_annotation_is_sequence, get_missing_field_error
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from blog_api.problems import BAD_BODY
from blog_api.strict_json import StrictRequest

Errors = list[dict[str, Any]]

_NOTHING = object()
_SOURCES: Mapping[str, Callable[[Request], Any]] = {
    "path": lambda request: request.path_params,
    "query": lambda request: request.query_params,
    "header": lambda request: request.headers,
}


class PlannedRoute(APIRoute):
    """A route that reads JSON strictly, and whose dependencies and parameters are planned.

    Forms, dependencies that are no coroutine functions and overridden dependencies are left to
    FastAPI, with the same answers.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for this path."""
        answer = self._planned
        overridden = scope["app"].dependency_overrides
        if answer is None or overridden or scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        response = await answer(StrictRequest(scope, receive))
        await response(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's way to answer, over a strict request."""
        answer = super().get_route_handler()

        async def answer_strictly(request: Request) -> Response:
            return await answer(StrictRequest(request.scope, request.receive))

        return answer_strictly

    @cached_property
    def _planned(self) -> Callable[[Request], Awaitable[Response]] | None:
        if not _is_plain(self.dependant):
            return None
        plan = _Plan.of(self.dependant)
        written = TypeAdapter(self.response_model).dump_json
        status, has_answer = self.status_code or 200, self.response_field is not None
        body = _Parameter.of(self.dependant.body_params[0], "body") if self.body_field else None

        async def answer(request: Request) -> Response:
            sent = None if body is None else await _sent(request)
            told = Response()
            told.raw_headers = []
            errors: Errors = []
            arguments = await plan.arguments(request, told, {}, errors)
            if body is not None:
                arguments[body.name] = body.valid(sent, errors)
            if errors:
                raise RequestValidationError(errors)
            result = await self.endpoint(**arguments)
            if isinstance(result, Response):
                result.raw_headers += told.raw_headers
                return result
            response = Response(
                written(result) if has_answer else None,
                status_code=status,
                media_type="application/json" if has_answer else None,
            )
            response.raw_headers += told.raw_headers
            return response

        return answer


@dataclass(frozen=True, slots=True)
class _Parameter:
    """Where a value is found, and what makes it valid."""

    field: ModelField
    place: tuple[str, ...]
    repeats: bool
    default: object

    @classmethod
    def of(cls, field: ModelField, source: str) -> "_Parameter":
        return cls(
            field=field,
            place=(source,) if source == "body" else (source, field.alias),
            repeats=field_annotation_is_sequence(field.field_info.annotation),
            default=_NOTHING if field.field_info.is_required() else field.default,
        )

    @property
    def name(self) -> str:
        return self.field.name

    def found(self, request: Request) -> object:
        source, alias = self.place
        values = _SOURCES[source](request)
        if self.repeats:
            return values.getlist(alias) or _NOTHING
        return values.get(alias, _NOTHING)

    def valid(self, given: object, errors: Errors) -> object:
        if given is not _NOTHING:
            value, wrong = self.field.validate(given, loc=self.place)
            errors += wrong
            return value
        if self.default is _NOTHING:
            errors.append(get_missing_field_error(loc=self.place))
        return self.default


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a function needs to be called."""

    call: Callable[..., Awaitable[object]]
    needs: tuple[tuple[str | None, "_Plan"], ...]
    parameters: tuple[_Parameter, ...]
    request_name: str | None
    response_name: str | None

    @classmethod
    def of(cls, dependant: Dependant) -> "_Plan":
        assert dependant.call is not None  # noqa: S101 - for the type checker
        return cls(
            call=dependant.call,
            needs=tuple((need.name, cls.of(need)) for need in dependant.dependencies),
            parameters=(
                *(_Parameter.of(field, "path") for field in dependant.path_params),
                *(_Parameter.of(field, "query") for field in dependant.query_params),
                *(_Parameter.of(field, "header") for field in dependant.header_params),
            ),
            request_name=dependant.request_param_name or dependant.http_connection_param_name,
            response_name=dependant.response_param_name,
        )

    async def arguments(
        self,
        request: Request,
        response: Response,
        solved: dict[Callable[..., Awaitable[object]], object],
        errors: Errors,
    ) -> dict[str, Any]:
        """Return what to call the function with; whatever is wrong is added to the errors.

        Args:
            request: the request.
            response: takes the headers that functions set.
            solved: what was called already; each function is called once.
            errors: what was wrong so far.
        """
        arguments: dict[str, Any] = {}
        for name, need in self.needs:
            if need.call not in solved:
                before = len(errors)
                needed = await need.arguments(request, response, solved, errors)
                if len(errors) > before:
                    continue
                solved[need.call] = await need.call(**needed)
            if name is not None:
                arguments[name] = solved[need.call]
        for parameter in self.parameters:
            arguments[parameter.name] = parameter.valid(parameter.found(request), errors)
        if self.request_name is not None:
            arguments[self.request_name] = request
        if self.response_name is not None:
            arguments[self.response_name] = response
        return arguments


def _is_plain(dependant: Dependant, *, nested: bool = False) -> bool:
    """Whether a plan has a place for everything that a function needs."""
    call, bodies = dependant.call, dependant.body_params
    own = getattr(call, "__call__", None)  # noqa: B004 - asked for itself: is it a coroutine function
    return (
        (iscoroutinefunction(call) or iscoroutinefunction(own))
        and not dependant.cookie_params
        and len(bodies) <= (0 if nested else 1)
        and not any(isinstance(body.field_info, params.Form) for body in bodies)
        and all(_is_plain(need, nested=True) for need in dependant.dependencies)
    )


async def _sent(request: Request) -> object:
    """Return the body as FastAPI understands it: JSON where it says so, else bytes."""
    try:
        sent = await request.body()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if sent and kind.startswith("application/") and kind.endswith(("/json", "+json")):
            return await request.json()
    except json.JSONDecodeError as error:
        problem = {
            "type": "json_invalid",
            "loc": ("body", error.pos),
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": error.msg},
        }
        raise RequestValidationError([problem]) from error
    except HTTPException:
        raise
    except Exception as error:  # the caller has gone, or it nests deeper than Python can
        raise HTTPException(400, BAD_BODY) from error
    return sent or _NOTHING
