"""JSON as RFC 8259 has it, for every route of the API."""

import json

from fastapi import Request


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
