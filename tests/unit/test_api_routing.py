"""Planned routes: what FastAPI's own routes answer, and nothing else."""

from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Form, Header, HTTPException, Request, Response
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel, Field

from blog_api.routing import PlannedRoute

pytestmark = pytest.mark.anyio


@dataclass
class Told:
    """An answer."""

    words: list[str]


class Words(BaseModel):
    """A body."""

    first: Annotated[str, Field(max_length=5)]
    more: list[int] = []


async def caller(request: Request, x_name: Annotated[str | None, Header()] = None) -> str:
    """A dependency that asks for more than it is given, counts its calls and may refuse."""
    if x_name == "nobody":
        raise HTTPException(401)
    request.state.calls = getattr(request.state, "calls", 0) + 1
    return f"{x_name} {request.state.calls}"


async def page(
    name: Annotated[str, Depends(caller)],
    response: Response,
    skip: Annotated[int, Field(ge=0)] = 0,
    limit: Annotated[int | None, Field(le=9)] = None,
) -> str:
    """A dependency with one of its own, with parameters and a header to set."""
    response.headers["X-Page"] = f"{skip}-{limit}"
    return f"{name} {skip} {limit}"


class Guard:
    """A dependency that is an object."""

    async def __call__(self, request: Request) -> str:
        return request.method


def in_a_thread() -> str:
    """A dependency that is no coroutine function."""
    return "thread"


def routes(kind: type[APIRoute]) -> FastAPI:
    """Return an app whose routes are of this kind."""
    router = APIRouter(route_class=kind)

    @router.get("/read/{number}")
    async def read(
        number: int,
        name: Annotated[str, Depends(caller)],
        here: Annotated[str, Depends(page)],
        method: Annotated[str, Depends(Guard())],
        tags: Annotated[list[str] | None, Header(alias="If-None-Match")] = None,
    ) -> Told:
        return Told([str(number), name, here, method, *(tags or [])])

    @router.post("/write", status_code=201)
    async def write(name: Annotated[str, Depends(caller)], body: Words) -> Told:
        return Told([name, body.first, *map(str, body.more)])

    @router.delete("/write", status_code=204)
    async def delete(name: Annotated[str, Depends(caller)]) -> None: ...

    @router.post("/form")
    async def form(first: Annotated[str, Form()]) -> Told:
        return Told([first])

    @router.get("/thread")
    async def thread(word: Annotated[str, Depends(in_a_thread)]) -> Told:
        return Told([word])

    app = FastAPI()
    app.include_router(router)
    return app


async def ask(app: FastAPI, asked: dict[str, Any]) -> httpx.Response:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://blog.test") as client:
        return await client.request(**{"method": "GET", **asked})


JSON = {"Content-Type": "application/json"}
ASKED: dict[str, dict[str, Any]] = {
    "everything": {
        "url": "/read/7?skip=2&limit=3",
        "headers": [("X-Name", "ada"), ("If-None-Match", "a"), ("If-None-Match", "b")],
    },
    "only what is required": {"url": "/read/7"},
    "a path that is no number": {"url": "/read/seven"},
    "many things wrong": {"url": "/read/seven?skip=-1&limit=10"},
    "the last of two values": {"url": "/read/7?skip=1&skip=2"},
    "an empty value": {"url": "/read/7?limit="},
    "refused, and wrong as well": {"url": "/read/x?skip=-1", "headers": {"X-Name": "nobody"}},
    "a body": {"url": "/write", "method": "POST", "json": {"first": "a", "more": [1], "x": 2}},
    "a wrong body": {"url": "/write", "method": "POST", "json": {"first": "abcdef", "more": 1}},
    "no body": {"url": "/write", "method": "POST"},
    "null": {"url": "/write", "method": "POST", "content": b"null", "headers": JSON},
    "text": {"url": "/write", "method": "POST", "content": b'{"first": "a"}'},
    "other JSON": {
        "url": "/write",
        "method": "POST",
        "content": b'{"first": "a"}',
        "headers": {"Content-Type": "application/problem+JSON; charset=utf-8"},
    },
    "half of JSON": {"url": "/write", "method": "POST", "content": b'{"first', "headers": JSON},
    "JSON too deep": {"url": "/write", "method": "POST", "content": b"[" * 10**6, "headers": JSON},
    "nothing to answer": {"url": "/write", "method": "DELETE"},
    "a form": {"url": "/form", "method": "POST", "data": {"first": "a"}},
    "a dependency that is no coroutine function": {"url": "/thread"},
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
async def test_the_answer_is_fastapis(asked: dict[str, Any]) -> None:
    planned = await ask(routes(PlannedRoute), asked)
    usual = await ask(routes(APIRoute), asked)

    assert (planned.status_code, planned.content) == (usual.status_code, usual.content)
    assert planned.headers.get("X-Page") == usual.headers.get("X-Page")


async def test_a_dependency_of_two_is_called_once() -> None:
    told = await ask(routes(PlannedRoute), {"url": "/read/7", "headers": {"X-Name": "ada"}})

    assert told.json()["words"][1:3] == ["ada 1", "ada 1 0 None"]


async def test_an_overridden_dependency_is_not_called() -> None:
    app = routes(PlannedRoute)
    app.dependency_overrides[caller] = lambda: "somebody"

    told = await ask(app, {"url": "/read/7"})

    assert told.json()["words"][1] == "somebody"


async def test_the_document_is_the_same() -> None:
    assert routes(PlannedRoute).openapi() == routes(APIRoute).openapi()
