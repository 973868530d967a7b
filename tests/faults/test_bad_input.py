"""Hundreds of inputs that nobody should send, in every place of every route of a real server."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from corpus import CANARY, CORPUS
from faults.conftest import Scorecard
from faults.load import browser, log_in, people
from faults.world import World
from operations import DOCUMENT, ROUTES, SENT

pytestmark = pytest.mark.anyio

HASHES = {"users_register", "users_login", "session_open", "users_change_password"}
"""What takes a core for a while whenever an input is good enough."""


LIMIT = 16 * 1024
"""What any body may have, in bytes; a longer one may be cut off, as one behind a broken head is."""


@dataclass(frozen=True)
class Place:
    """A parameter of a route, a header it reads, or a field of its body."""

    operation: str
    kind: str
    name: str

    def request(self, value: object) -> dict[str, Any]:
        """Return what asks with this value in this place, as httpx's keywords."""
        method, path = ROUTES[self.operation]
        text = value if isinstance(value, str) else json.dumps(value)
        raw = text.encode("utf-8", "surrogatepass")
        here = {self.name: quote(raw, safe="")} if self.kind == "path" else {}
        asked: dict[str, Any] = {
            "method": method,
            "url": path.format(**{"user_id": 1, "post_id": 1, "session_id": 1} | here),
        }
        match self.kind:
            case "query":
                asked["url"] += f"?{self.name}={quote(raw, safe='')}"
            case "header":
                asked["headers"] = {self.name.encode(): raw}
            case "json":
                body = SENT.get(self.operation, {}).get("json", {}) | {self.name: value}
                asked["content"] = json.dumps(body).encode()
                asked["headers"] = {"Content-Type": "application/json"}
            case "form":
                fields = SENT[self.operation]["data"] | {self.name: raw}
                asked["content"] = "&".join(f"{k}={quote(v)}" for k, v in fields.items()).encode()
                asked["headers"] = {"Content-Type": "application/x-www-form-urlencoded"}
            case "file":
                asked["files"] = {self.name: raw}
        if self.kind in {"path", "header"}:
            asked = {**SENT.get(self.operation, {}), **asked}
        return asked


def places() -> Iterator[Place]:
    """Yield every place that the API's own document names."""
    kinds = {"application/json": "json", "multipart/form-data": "file"}
    for operation in (each for path in DOCUMENT["paths"].values() for each in path.values()):
        for parameter in operation.get("parameters", []):
            yield Place(operation["operationId"], parameter["in"], parameter["name"])
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            for field in _schema(content["schema"])["properties"]:
                yield Place(operation["operationId"], kinds.get(media, "form"), field)


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][name] if name else schema
    return found


class Prober:
    """Somebody who is logged in and sends anything anywhere."""

    def __init__(self, client: httpx.AsyncClient, url: str, emails: Iterator[str]) -> None:
        self.statuses: Counter[int] = Counter()
        self.unsendable = 0
        self.cut_off: list[tuple[Place, int]] = []
        self.repeated: set[Place] = set()
        self._client = client
        self._url = url
        self._emails = emails

    async def probe(self, place: Place, values: list[object]) -> None:
        """Send all of them to one place, as one account, or another when it is gone."""
        token = ""
        for value in values:
            token = token or (await log_in(self._client, self._url, next(self._emails))).token
            status = await self._send(place, value, token)
            if status == 401 and place.operation not in {
                "users_login",
                "session_open",
                "users_refresh",
            }:
                token = ""

    async def _send(self, place: Place, value: object, token: str) -> int:
        asked = place.request(value)
        headers = {b"Authorization": f"Bearer {token}".encode()} | asked.pop("headers", {})
        url = self._url + asked.pop("url")
        try:
            answer = await self._client.request(url=url, headers=headers, **asked)
        except (httpx.LocalProtocolError, httpx.InvalidURL):  # no client can send it
            self.unsendable += 1
            return 0
        except httpx.TransportError:  # the answer came, and the end, while it was still sending
            self.cut_off.append((place, len(str(value))))
            return 0
        self.statuses[answer.status_code] += 1
        if answer.is_error and CANARY in answer.text:
            self.repeated.add(place)
        return answer.status_code


async def test_bad_input_is_an_error_of_whoever_sends_it_and_is_not_repeated(
    world: World, scorecard: Scorecard, many: bool
) -> None:
    blog = await world.serve(RATE_LIMITS="off")
    found = list(places())
    emails = iter(await people(world.database, "prober", 2_000))
    slots = asyncio.Semaphore(8)

    async with browser() as client:
        prober = Prober(client, blog.url, emails)

        async def probe(place: Place) -> None:
            step = 1 if many else 20 if place.operation in HASHES else 4
            async with slots:
                await prober.probe(place, CORPUS[::step])

        await asyncio.gather(*map(probe, found))

    answered = prober.statuses
    scorecard.add(
        f"{len(CORPUS)} bad inputs{'' if many else ', or a part,'} in every place of every route",
        target="at least 500 inputs, no 5xx, nothing repeated in an error or a log line",
        result=f"{len(found)} places, {answered.total()} answers: "
        + ", ".join(f"{count} x {status}" for status, count in sorted(answered.items()))
        + f"; {len(prober.repeated)} repeated",
    )
    assert len(CORPUS) >= 500
    assert {place.operation for place in found} >= set(SENT)
    assert {status for status in answered if status >= 500} == set()
    assert prober.repeated == set()
    assert all(length > LIMIT or place.kind == "header" for place, length in prober.cut_off)
    assert CANARY not in blog.log
