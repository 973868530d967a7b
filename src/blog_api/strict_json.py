"""JSON as RFC 8259 has it, for every route of the API."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


class StrictRequest(Request):
    """A request whose `json` refuses NaN, infinities and numbers too long to read."""

    async def json(self) -> object:
        """Return the body. Raises JSONDecodeError; of equal keys the last wins."""
        try:
            text = (await self.body()).decode("utf-8-sig")  # given bytes, json guesses UTF-16 too
            return json.loads(text, parse_constant=_refuse)
        except json.JSONDecodeError:
            raise
        except ValueError as error:  # not UTF-8, NaN, or an integer of thousands of digits
            raise json.JSONDecodeError("not JSON", "", 0) from error


def _refuse(constant: str) -> None:
    raise ValueError(constant)


class StrictRoute(APIRoute):
    """A route that reads its body as a `StrictRequest` does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler over a strict request."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly
