"""Bad input on every route: never a fault of ours, never another status than over the fakes."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from blog_adapters.container import in_memory_container
from blog_api.testing.people import PASSWORD, Blog, Member, OpenBlog
from blog_api.testing.recorder import document
from blog_core.testing import builders

pytestmark = pytest.mark.anyio

KIBIBYTE, MEBIBYTE = 1024, 1024 * 1024

Case = Mapping[str, Any]
Cases = Mapping[str, Case]


@dataclass(frozen=True, kw_only=True)
class Route:
    """A route that reads input, a JSON body that it takes, and how large one may be, in bytes."""

    line: str
    body: Mapping[str, str] | None = None
    limit: int = 64 * KIBIBYTE

    def __str__(self) -> str:
        return self.line


POST = {"title": "A title", "content": "Some words."}
ACCOUNT = {"username": "new", "email": "new@example.com", "password": PASSWORD}
RESET = {"token": "x" * 43, "new_password": PASSWORD}
PASSWORDS = {"current_password": PASSWORD, "new_password": PASSWORD}

ROUTES = [
    Route(line="GET /api/posts"),
    Route(line="POST /api/posts", body=POST, limit=3 * MEBIBYTE),
    Route(line="POST /api/preview", body={"content": "Some words."}, limit=3 * MEBIBYTE),
    Route(line="GET /api/posts/{post_id}"),
    Route(line="PUT /api/posts/{post_id}", body=POST, limit=3 * MEBIBYTE),
    Route(line="PATCH /api/posts/{post_id}", body=POST, limit=3 * MEBIBYTE),
    Route(line="DELETE /api/posts/{post_id}"),
    Route(line="POST /api/users", body=ACCOUNT),
    Route(line="POST /api/users/token", limit=16 * KIBIBYTE),
    Route(line="POST /api/session", limit=16 * KIBIBYTE),
    Route(line="DELETE /api/session"),
    Route(line="POST /api/users/logout"),
    Route(line="POST /api/users/forgot-password", body={"email": "corey@example.com"}),
    Route(line="POST /api/users/reset-password", body=RESET),
    Route(line="POST /api/users/token/refresh", body={"refresh_token": "x"}),
    Route(line="GET /api/users/me"),
    Route(line="GET /api/users/me/sessions"),
    Route(line="DELETE /api/users/me/sessions/{session_id}"),
    Route(line="PATCH /api/users/me/password", body=PASSWORDS),
    Route(line="GET /api/users/{user_id}"),
    Route(line="PATCH /api/users/{user_id}", body={"username": "new", "email": "new@example.com"}),
    Route(line="DELETE /api/users/{user_id}"),
    Route(line="GET /api/users/{user_id}/posts"),
    Route(line="PATCH /api/users/{user_id}/picture", limit=6 * MEBIBYTE),
    Route(line="DELETE /api/users/{user_id}/picture"),
]
every_route = pytest.mark.parametrize("route", ROUTES, ids=str)
with_an_id = pytest.mark.parametrize("route", [r for r in ROUTES if "{" in r.line], ids=str)
with_json = pytest.mark.parametrize("route", [r for r in ROUTES if r.body], ids=str)
with_a_query = pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.line.startswith("GET") and r.line.endswith("posts")], ids=str
)
with_a_limit = pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.line.startswith(("POST", "PUT", "PATCH"))], ids=str
)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A blog with an account that has a post; the answers are the account's."""

    member: Member
    places: Mapping[str, object]

    async def status(self, route: Route, *, place: str | None = None, **case: Any) -> int:  # noqa: ANN401 - httpx's own keywords
        method, template = route.line.split()
        places = self.places if place is None else dict.fromkeys(self.places, place)
        query = case.pop("query", "")
        response = await self.member.request(method, template.format(**places) + query, **case)
        return response.status_code


async def staged(blog: Blog) -> Stage:
    member = await blog.sign_up("corey")
    (session,) = (await member.get("/api/users/me/sessions")).json()["sessions"]
    post = await member.publish()
    places = {"post_id": post["id"], "user_id": member.id, "session_id": session["id"]}
    return Stage(member=member, places=places)


@pytest.fixture
async def stages(blog: Blog, blog_http: OpenBlog) -> AsyncIterator[tuple[Stage, Stage]]:
    """The same on real parts and on fakes."""
    async with blog_http(in_memory_container()) as fake:
        yield await staged(blog), await staged(fake)


async def reactions(stages: tuple[Stage, Stage], route: Route, cases: Cases) -> dict[str, int]:
    """Return the status that each case gets, on real parts as on fakes."""
    real, fake = [
        {name: await stage.status(route, **case) for name, case in cases.items()}
        for stage in stages
    ]
    assert real == fake
    return real


def as_json(body: object) -> Case:
    return raw(json.dumps(body).encode())


def raw(content: bytes, media_type: str = "application/json") -> Case:
    return {"content": content, "headers": {"Content-Type": media_type}}


def test_every_route_is_here() -> None:
    described = {
        f"{method.upper()} {path}"
        for path, methods in document()["paths"].items()
        for method in methods
    }

    without_input = {"GET /livez", "GET /readyz"}
    assert {route.line for route in ROUTES} == described - without_input


# Ids

NOBODYS = 2**62

IDS = [
    "0", "-1", "2147483648", str(NOBODYS), "9223372036854775807", "9223372036854775808",
    str(10**30), "9" * 5000, f"{NOBODYS}.0", f"+{NOBODYS}", f" {NOBODYS}", f"0{NOBODYS}",
    "4_611_686_018_427_387_904", "1e3", "0x1", "\uff11", "x", "null", "NaN", "%00", "1%00",
    "%ED%A0%80", "%FF", "..%2f1", "'", "1;--", "{}", "00000000-0000-0000-0000-000000000000",
]  # fmt: skip


@with_an_id
async def test_an_id_that_nothing_has(stages: tuple[Stage, Stage], route: Route) -> None:
    body = as_json(route.body) if route.body else {}
    if "picture" in route.line and "PATCH" in route.line:
        body = {"files": {"file": builders.png()}}

    found = await reactions(stages, route, {id_: {"place": id_, **body} for id_ in IDS})

    assert set(found.values()) <= {403, 404, 405, 422}


# JSON

BODIES: Cases = {
    "nothing": raw(b""),
    "half": raw(b'{"title": "A'),
    "two": raw(b"{}{}"),
    "null": raw(b"null"),
    "a list": raw(b"[]"),
    "a number": raw(b"1"),
    "a text": raw(b'"x"'),
    "an empty object": raw(b"{}"),
    "not a number": raw(b'{"title": NaN, "username": NaN, "email": NaN, "token": NaN}'),
    "infinity": raw(b'{"x": Infinity}'),
    "minus infinity": raw(b'{"x": -Infinity}'),
    "a number too large": raw(b'{"title": 1e999, "username": 1e999, "email": 1e999}'),
    "a number too long": raw(b'{"x": ' + b"1" * 5000 + b"}"),
    "nested": raw(b"[" * 60_000),
    "nested objects": raw(b'{"x":' * 10_000 + b"1" + b"}" * 10_000),
    "no UTF-8": raw(b'{"x": "\xff"}'),
    "UTF-16": raw('{"x": "y"}'.encode("utf-16")),
    "a byte order mark": raw(b"\xef\xbb\xbf{}"),
    "a NUL": raw(b'{"x": "\x00"}'),
    "only a NUL": raw(b"\x00"),
    "a lone surrogate": raw(b'{"\\ud800": "\\udfff"}'),
    "a comment": raw(b"{} // x"),
    "a form": {"data": {"title": "x", "username": "x", "email": "x", "token": "x"}},
    "a file": {"files": {"file": b"x"}},
}

MEDIA_TYPES = [
    "", "x", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
    "application/vnd.api+json", "application/json; charset=utf-16", "application/json;;;",
    "application/json, text/html",
]  # fmt: skip

VALUES: Mapping[str, object] = {
    "null": None,
    "true": True,
    "a number": 1,
    "a number of 31 digits": 10**30,
    "a fraction": 1.5,
    "a list": ["x"],
    "an object": {"x": "y"},
    "nothing": "",
    "a NUL": "words\x00words",
    "a lone surrogate": "words \ud800 words",
    "a bell": "words\awords",
    "white space": " \n\t \n\t ",
    "right to left": "\u202ewords words",
    "nothing to see": "\u200b" * 8,
    "a word that is not one": "=?utf-8?q?words?=@example.com",
    "two addresses": "a@example.com, b@example.com",
    "a line too many": "a@example.com\r\nBcc: b@example.com",
    "SQL": "'; DROP TABLE users; --",
    "a format": "%s%n{0}",
    "too long": "x" * 60_000,
}


@with_json
async def test_a_body_that_is_not_what_it_should_be(
    stages: tuple[Stage, Stage], route: Route
) -> None:
    found = await reactions(stages, route, BODIES)

    objects = {"an empty object", "a byte order mark", "a lone surrogate"}
    assert {status for name, status in found.items() if name not in objects} <= {400, 422}
    assert {found[name] for name in objects} <= {200, 422}  # 200 where every field may be absent


@with_json
async def test_a_body_of_another_media_type(stages: tuple[Stage, Stage], route: Route) -> None:
    content = json.dumps(route.body).encode()

    found = await reactions(stages, route, {kind: raw(content, kind) for kind in MEDIA_TYPES})

    assert max(found.values()) < 500


@with_json
async def test_a_field_that_is_not_what_it_should_be(
    stages: tuple[Stage, Stage], route: Route
) -> None:
    assert route.body is not None
    cases = {
        f"{field} is {name}": as_json({**route.body, field: value})
        for field in route.body
        for name, value in VALUES.items()
    }

    found = await reactions(stages, route, cases)

    assert max(found.values()) < 500


# Forms

FORMS: Cases = {
    "nothing": raw(b"", "application/x-www-form-urlencoded"),
    "JSON": as_json({"username": "corey@example.com", "password": PASSWORD}),
    "no password": {"data": {"username": "corey@example.com"}},
    "no address": {"data": {"password": PASSWORD}},
    "two of each": {"data": {"username": ["a", "b"], "password": ["c", "d"]}},
    "another grant": {"data": {"username": "x", "password": "y", "grant_type": "magic"}},
    "a NUL": {"data": {"username": "corey@example.com\0", "password": f"{PASSWORD}\0"}},
    "a NUL in the password": {"data": {"username": "corey@example.com", "password": "\0"}},
    "no UTF-8": raw(b"username=%FF&password=%FE", "application/x-www-form-urlencoded"),
    "surrogates": raw(
        b"username=corey%40example.com&password=%ED%A0%80", "application/x-www-form-urlencoded"
    ),
    "raw bytes": raw(b"username=\xff\xfe&password=\x00\x01", "application/x-www-form-urlencoded"),
    "a long address": {"data": {"username": "x" * 8000, "password": "y"}},
    "a long password": {"data": {"username": "corey@example.com", "password": "y" * 16_000}},
    "many fields": raw(b"&".join([b"x=y"] * 3000), "application/x-www-form-urlencoded"),
    "files": {"files": {"username": b"corey@example.com", "password": b"x"}},
    "a file without a boundary": raw(b"--x", "multipart/form-data"),
    "a file that breaks off": raw(b"--x\r\nContent-", "multipart/form-data; boundary=x"),
}

FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
MULTIPART = "multipart/form-data; boundary=x"
UPLOADS: Cases = {
    "nothing": {},
    "JSON": as_json({"file": "x"}),
    "a form": {"data": {"file": "x"}},
    "no boundary": raw(FILE, "multipart/form-data"),
    "another boundary": raw(FILE, "multipart/form-data; boundary=y"),
    "a long boundary": raw(FILE, f"multipart/form-data; boundary={'x' * 5000}"),
    "no end": raw(FILE + b"x", MULTIPART),
    "no content": raw(FILE + b"\r\n--x--\r\n", MULTIPART),
    "no name": raw(b"--x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--x--\r\n", MULTIPART),
    "no headers": raw(b"--x\r\n\r\nx\r\n--x--\r\n", MULTIPART),
    "a header of bytes": raw(b"--x\r\n\xff\x00: \xff\r\n\r\nx\r\n--x--\r\n", MULTIPART),
    "a name of bytes": {"files": {"file": ("\0\ud7ff\uffff.png", b"x")}},
    "another field": {"files": {"picture": builders.png()}},
    "a text": {"files": {"file": (None, "x")}},
    "a text file": {"files": {"file": b"x"}},
    "an empty file": {"files": {"file": b""}},
    "a truncated picture": {"files": {"file": builders.png()[:40]}},
    "a bomb": {"files": {"file": builders.png(13_000, 13_000, complete=False)}},
    "too many files": {"files": [("x", b"y")] * 1500},
    "too large": {"files": {"file": b"x" * (5 * MEBIBYTE + 1)}},
}


async def test_a_login_form_that_is_none(stages: tuple[Stage, Stage]) -> None:
    route = Route(line="POST /api/users/token")

    found = await reactions(stages, route, FORMS)

    assert set(found.values()) <= {400, 401, 422}


# The framework leaves the file of a form that breaks off to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_an_upload_that_is_none(stages: tuple[Stage, Stage]) -> None:
    route = Route(line="PATCH /api/users/{user_id}/picture")

    found = await reactions(stages, route, UPLOADS)

    assert set(found.values()) <= {400, 422}


# Queries

NUMBERS = [
    "", "-1", "2147483648", "9223372036854775808", str(10**30), "9" * 5000, "1.5", "1e3", "0x10",
    "1_0", "%2B1", "%201", "%EF%BC%91", "x", "NaN", "Infinity", "null", "%00", "%FF", "%ED%A0%80",
]  # fmt: skip
CURSORS = [
    "",
    "x",
    "%00",
    "%FF",
    "%ED%A0%80",
    "=" * 40,
    "A" * 40,
    "_" * 40,
    "A" * 10_000,
    "1&skip=0",
]


@with_a_query
async def test_a_query_that_makes_no_sense(stages: tuple[Stage, Stage], route: Route) -> None:
    queries = [f"?{name}={number}" for name in ("skip", "limit") for number in NUMBERS]
    queries += [f"?cursor={cursor}" for cursor in CURSORS]
    queries += ["?skip=0&skip=-1", "?limit=1&limit=0", "?" + "x=y&" * 2000, "?%FF=%00", "?skip"]

    found = await reactions(stages, route, {query: {"query": query} for query in queries})

    assert set(found.values()) <= {200, 400, 422}
    assert found["?skip=-1"] == found["?limit=-1"] == 422


# Headers

TAGS = [
    b"", b"*", b"x", b'"', b'""', b'W/""', b"\xff", b"\x00", b'"0"', b'"99999999999999999999-1"',
    b'"1-1', b",,,,", b'"' + b"9" * 5000 + b'"', b'"x", ' * 1000, b"null",
]  # fmt: skip
HEADERS = [
    *((name, value) for name in (b"If-Match", b"If-None-Match") for value in TAGS),
    *(
        (b"Authorization", b"Bearer" + value)
        for value in (b"", b" ", b" \xff", b" \x00", b" a.b.c")
    ),
    (b"Authorization", b"Bearer " + b"x" * 50_000),
    (b"X-Request-ID", b"\xff\x00"),
    (b"X-Request-ID", b"x" * 10_000),
    (b"User-Agent", b"\xff\x00" * 1000),
    (b"Content-Length", b"-1"),
    (b"Content-Length", b"9" * 5000),
    (b"Content-Length", b"\xb2"),
    (b"Host", b"\xff"),
    (b"Cookie", b"\xff=\x00"),
    (b"Range", b"bytes=0-"),
    (b"Expect", b"100-continue"),
]


@every_route
async def test_a_header_that_makes_no_sense(stages: tuple[Stage, Stage], route: Route) -> None:
    cases = {f"{name!r}: {value[:30]!r}": {"headers": {name: value}} for name, value in HEADERS}

    found = await reactions(stages, route, cases)

    assert max(found.values()) < 500


# Limits


@dataclass(frozen=True)
class Chunks:
    """A body that does not say how long it is."""

    size: int

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, self.size, MEBIBYTE):
            yield b" " * min(MEBIBYTE, self.size - start)


@with_a_limit
async def test_a_body_past_the_limit_is_413(stages: tuple[Stage, Stage], route: Route) -> None:
    cases = {"announced": raw(b" " * (route.limit + 1))}

    assert await reactions(stages, route, cases) == {"announced": 413}


@with_json
async def test_a_body_past_the_limit_that_does_not_say_so_is_413(
    stages: tuple[Stage, Stage], route: Route
) -> None:
    headers = {"Content-Type": "application/json"}
    cases = {"silent": {"content": Chunks(route.limit + 1), "headers": headers}}

    assert await reactions(stages, route, cases) == {"silent": 413}


@with_json
async def test_a_body_within_the_limit_is_not_413(
    stages: tuple[Stage, Stage], route: Route
) -> None:
    content = json.dumps(route.body).encode()

    found = await reactions(stages, route, {"full": raw(content.ljust(route.limit))})

    assert found["full"] in {200, 201, 202, 400, 401}  # a token that is none is 400 or 401
