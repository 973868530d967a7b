"""Bad input: whatever comes, the answer is a 4xx that repeats none of it."""

import json
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote

import pytest
from httpx import AsyncClient, Response

pytestmark = pytest.mark.anyio

CANARY = "c4n4ry"

Logs = list[MutableMapping[str, Any]]

NEW_PASSWORD = "another password"

JSON_ROUTES: dict[str, dict[str, str]] = {
    "POST /api/users": {
        "username": "grace",
        "email": "grace@example.com",
        "password": NEW_PASSWORD,
    },
    "PATCH /api/users/1": {"username": "grace", "email": "grace@example.com"},
    "PATCH /api/users/me/password": {"current_password": "x", "new_password": NEW_PASSWORD},
    "POST /api/users/forgot-password": {"email": "grace@example.com"},
    "POST /api/users/reset-password": {"token": "x", "new_password": NEW_PASSWORD},
    "POST /api/posts": {"title": "x", "content": "x"},
    "PUT /api/posts/2": {"title": "x", "content": "x"},
    "PATCH /api/posts/2": {"title": "x", "content": "x"},
}
"""The routes that read JSON, with a body that each would take."""

OTHER_ROUTES = [
    "GET /api/posts",
    "GET /api/posts/2",
    "DELETE /api/posts/2",
    "POST /api/users/token",
    "POST /api/session",
    "DELETE /api/session",
    "POST /api/users/logout",
    "GET /api/users/me",
    "GET /api/users/me/sessions",
    "DELETE /api/users/me/sessions/1",
    "GET /api/users/1",
    "GET /api/users/1/posts",
    "DELETE /api/users/1",
    "PATCH /api/users/1/picture",
    "DELETE /api/users/1/picture",
    "GET /livez",
    "GET /readyz",
]

ALL_ROUTES = [*JSON_ROUTES, *OTHER_ROUTES]

# Values as they are written in JSON, so that they can be what no Python value is.
BAD_VALUES = [
    f'"{CANARY}\\u0000"',
    f'"{CANARY}\\ud800"',
    f'"\\udfff{CANARY}"',
    f'"{CANARY}\\u0007"',
    f'"{CANARY}\\u001b[31m"',
    f'"{CANARY}' + "x" * 60_000 + '"',
    f'["{CANARY}"]',
    f'{{"{CANARY}": "{CANARY}"}}',
    "[" * 500 + "]" * 500,
    '""',
    "0",
    "-0",
    "1.5",
    "1e999",
    "9" * 300,
    "true",
    "false",
    "[]",
    "{}",
]

NOT_JSON = [
    "{",
    f'{{"{CANARY}"',
    f"{{'{CANARY}': 1}}",
    f'{{"{CANARY}": 1}} trailing',
    f'{{"{CANARY}": NaN}}',
    f'{{"{CANARY}": Infinity}}',
    f'{{"{CANARY}": -Infinity}}',
    f'{{"{CANARY}": {"9" * 5000}}}',
    f'{{"{CANARY}": 01}}',
    f'{{"{CANARY}": "\n"}}',
    CANARY,
    "\x00",
]

NOT_OBJECTS = [
    "null",
    "[]",
    f'["{CANARY}"]',
    f'"{CANARY}"',
    "1",
    "true",
    "{}",
    "[" * 500 + "]" * 500,
]


def split(route: str) -> tuple[str, str]:
    method, path = route.split()
    return method, path


async def send_json(client: AsyncClient, route: str, body: str | bytes) -> Response:
    return await client.request(
        *split(route), content=body, headers={"Content-Type": "application/json"}
    )


def leaks(response: Response, logs: Logs) -> bool:
    """Whether the canary shows in the answer or in what was logged meanwhile."""
    return CANARY in f"{response.text} {response.headers} {logs}"


@pytest.fixture(autouse=True)
def quiet(post: dict[str, Any], logs: Logs) -> None:  # noqa: ARG001 - post 2 exists
    """Forget what was logged while corey logged in."""
    logs.clear()


# Bodies


@pytest.mark.parametrize("bad", BAD_VALUES, ids=lambda bad: bad[:24])
@pytest.mark.parametrize("route", JSON_ROUTES)
async def test_a_bad_value_in_any_field_is_422_and_not_repeated(
    corey: AsyncClient, logs: Logs, route: str, bad: str
) -> None:
    for field in JSON_ROUTES[route]:
        if (bad, field) in TAKEN:
            continue
        others = JSON_ROUTES[route] | {field: "\0"}
        body = json.dumps(others).replace('"\\u0000"', bad)

        response = await send_json(corey, route, body)

        assert response.status_code == 422
        assert f"/body/{field}" in {error["pointer"] for error in response.json()["errors"]}
        assert not leaks(response, logs)


# These fields are compared with what is stored, and may be anything that is text.
TAKEN = {
    (bad, field)
    for field in ("current_password", "token", "content")
    for bad in BAD_VALUES
    if bad.startswith('"')
    and "\\ud" not in bad
    and "\\u0000" not in bad
    and not (field == "content" and (bad == '""' or "\\u" in bad))
}


@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: body[:24])
@pytest.mark.parametrize("route", JSON_ROUTES)
async def test_what_is_no_json_is_422_and_not_repeated(
    client: AsyncClient, logs: Logs, route: str, body: str
) -> None:
    response = await send_json(client, route, body)

    assert (response.status_code, response.json()["code"]) == (422, "invalid_json")
    assert not leaks(response, logs)


@pytest.mark.parametrize("body", [b'{"title": "\xff"}', b"\xff\xfe{", b"\xed\xa0\x80", b"\x80"])
@pytest.mark.parametrize("route", JSON_ROUTES)
async def test_what_is_no_utf_8_is_422(client: AsyncClient, route: str, body: bytes) -> None:
    assert (await send_json(client, route, body)).status_code == 422


@pytest.mark.parametrize("body", NOT_OBJECTS, ids=lambda body: body[:24])
@pytest.mark.parametrize("route", JSON_ROUTES)
async def test_what_is_no_object_is_422_and_not_repeated(
    corey: AsyncClient, logs: Logs, route: str, body: str
) -> None:
    response = await send_json(corey, route, body)

    nothing_to_change = body == "{}" and route in {"PATCH /api/users/1", "PATCH /api/posts/2"}
    assert response.status_code == (200 if nothing_to_change else 422)
    assert not leaks(response, logs)


@pytest.mark.parametrize("body", ["[" * 30_000, '{"a":' * 10_000])
@pytest.mark.parametrize("route", JSON_ROUTES)
async def test_deep_nesting_is_400(client: AsyncClient, route: str, body: str) -> None:
    response = await send_json(client, route, body)

    assert (response.status_code, response.json()["detail"]) == (
        400,
        "There was an error parsing the body",
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application"},
        {"Content-Type": CANARY},
    ],
    ids=str,
)
@pytest.mark.parametrize("route", JSON_ROUTES)
async def test_json_under_another_name_is_422_and_not_repeated(
    corey: AsyncClient, logs: Logs, route: str, headers: dict[str, str]
) -> None:
    body = json.dumps(JSON_ROUTES[route] | {CANARY: CANARY})

    response = await corey.request(*split(route), content=body, headers=headers)

    assert response.status_code == 422
    assert not leaks(response, logs)


@pytest.mark.parametrize("route", JSON_ROUTES)
async def test_no_body_at_all_is_422(corey: AsyncClient, route: str) -> None:
    assert (await corey.request(*split(route))).status_code == 422


async def test_of_equal_keys_the_last_wins(corey: AsyncClient) -> None:
    response = await send_json(corey, "PATCH /api/posts/2", '{"title": "first", "title": "last"}')

    assert response.json()["title"] == "last"


async def test_unknown_keys_may_hold_anything_that_is_json(corey: AsyncClient) -> None:
    body = '{"title": "x", "more": [[{"a": 1e999}], null, "\\ud800"]}'

    assert (await send_json(corey, "PATCH /api/posts/2", body)).status_code == 200


async def test_a_secret_beside_a_missing_field_is_not_repeated(
    client: AsyncClient, logs: Logs
) -> None:
    response = await client.post("/api/users", json={"password": CANARY * 2})

    assert response.status_code == 422
    assert not leaks(response, logs)


# Forms


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"&&&===",
        b"username=%00&password=%ff%fe",
        b"username=\xff&password=\x00",
        b"username=c4n4ry&password=" + b"c4n4ry" * 2000,
        b"username=c4n4ry&username=c4n4ry&password=c4n4ry",
        b"username[]=c4n4ry",
        b"a=&" * 2000,
        b"c4n4ry",
    ],
    ids=lambda body: str(body[:24]),
)
async def test_a_bad_login_form_is_refused_and_not_repeated(
    client: AsyncClient, logs: Logs, body: bytes
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    response = await client.post("/api/users/token", content=body, headers=headers)

    assert response.status_code in {400, 401, 422}
    assert not leaks(response, logs)


@pytest.mark.parametrize("charset", ["unicode_escape", "undefined", "rot13", "utf-7", "c4n4ry"])
@pytest.mark.parametrize("path", ["/api/users/token", "/api/session", "/api/users/1/picture"])
async def test_a_form_in_a_strange_charset_is_refused_and_not_repeated(
    corey: AsyncClient, logs: Logs, path: str, charset: str
) -> None:
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n\\ud800c4n4ry\r\n'
        for name in ("username", "password")
    )
    headers = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}

    method = "PATCH" if path.endswith("picture") else "POST"
    response = await corey.request(method, path, content=f"{parts}--x--\r\n", headers=headers)

    assert response.status_code in {400, 401, 422}
    assert not leaks(response, logs)


@pytest.mark.parametrize(
    "part",
    [
        'Content-Disposition: form-data; name="file"; filename="c4n4ry\\";.jpg"\r\n',
        'Content-Disposition: form-data; filename="c4n4ry"\r\n',
        "Content-Disposition: c4n4ry\r\n",
        "c4n4ry\r\n",
        "",
        "X-C4n4ry: x\r\n" * 500,
        'Content-Disposition: form-data; name="file"; filename="../../c4n4ry\x00"\r\n',
        "Content-Disposition: form-data; name*=utf-8''file; filename*=c4n4ry''%ff\r\n",
    ],
    ids=lambda part: part[:60],
)
async def test_a_bad_part_of_an_upload_is_refused_and_not_repeated(
    corey: AsyncClient, logs: Logs, part: str
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    body = f"--x\r\n{part}\r\nc4n4ry\r\n--x--\r\n"

    response = await corey.patch("/api/users/1/picture", content=body, headers=headers)

    assert response.status_code in {400, 422}
    assert not leaks(response, logs)


# Paths, queries and headers

BAD_WORDS = [
    CANARY,
    "\x00",
    "\x00" + CANARY,
    "\n" + CANARY,
    "\u202e" + CANARY,
    "\N{PILE OF POO}",
    "0x10",
    "1e3",
    "9" * 5000,
    "-" + "9" * 5000,
    "--1",
    "' OR 1=1 --" + CANARY,
    "{{7*7}}" + CANARY,
    "%s%n" + CANARY,
    "..%2f" + CANARY,
    "<script>" + CANARY,
    CANARY * 1000,
]


@pytest.mark.parametrize(
    "route",
    [
        "GET /api/posts/{}",
        "PUT /api/posts/{}",
        "PATCH /api/posts/{}",
        "DELETE /api/posts/{}",
        "GET /api/users/{}",
        "GET /api/users/{}/posts",
        "PATCH /api/users/{}",
        "DELETE /api/users/{}",
        "PATCH /api/users/{}/picture",
        "DELETE /api/users/{}/picture",
        "DELETE /api/users/me/sessions/{}",
        "GET /{}",
        "GET /static/{}",
    ],
)
async def test_a_bad_path_is_refused_and_not_repeated(
    corey: AsyncClient, logs: Logs, route: str
) -> None:
    method, path = split(route)
    for word in BAD_WORDS:
        response = await corey.request(
            method, path.format(quote(word, safe="")), json={"title": "x", "content": "x"}
        )

        assert 400 <= response.status_code < 500
        assert not leaks(response, logs)


@pytest.mark.parametrize("name", ["skip", "limit", "cursor"])
@pytest.mark.parametrize("path", ["/api/posts", "/api/users/1/posts"])
async def test_a_bad_query_is_refused_and_not_repeated(
    client: AsyncClient, logs: Logs, path: str, name: str
) -> None:
    for word in ["", *BAD_WORDS]:
        response = await client.get(path, params={name: word})

        assert response.status_code in {400, 422}
        assert not leaks(response, logs)


@pytest.mark.parametrize(
    "query", ["%", "%ff=%ff", "skip", "&&&", "skip=1&skip=x", "limit[]=1", "c4n4ry" * 2000]
)
async def test_a_strange_query_is_answered_and_not_repeated(
    client: AsyncClient, logs: Logs, query: str
) -> None:
    response = await client.get(f"/api/posts?{query}")

    assert response.status_code in {200, 422}
    assert not leaks(response, logs)


BAD_HEADERS = {
    "word": b"c4n4ry",
    "empty": b"",
    "not-text": b"\xff\xfe",
    "backslashes": b'"' + b"\\" * 100,
    "weak-tags": b'W/"' * 1000,
    "many-tags": b'"1",' * 1000,
    "huge-tag": b'"' + b"9" * 5000 + b'"',
    "any-tags": b"*,*",
    "long": b"c4n4ry" * 1000,
}


@pytest.mark.parametrize("value", BAD_HEADERS.values(), ids=BAD_HEADERS)
@pytest.mark.parametrize("route", ALL_ROUTES)
async def test_bad_headers_break_nothing_and_are_not_repeated(
    corey: AsyncClient, logs: Logs, route: str, value: bytes
) -> None:
    names = (b"If-Match", b"If-None-Match", b"Content-Type", b"User-Agent", b"Accept", b"Cookie")

    response = await corey.request(*split(route), headers=dict.fromkeys(names, value))

    assert response.status_code < 500
    assert not leaks(response, logs)


@pytest.mark.parametrize("route", ALL_ROUTES)
async def test_a_bad_authorization_breaks_nothing_and_is_not_repeated(
    client: AsyncClient, logs: Logs, route: str
) -> None:
    for value in BAD_HEADERS.values():
        response = await client.request(*split(route), headers={b"Authorization": value})

        assert response.status_code < 500
        assert not leaks(response, logs)


@pytest.mark.parametrize("token", [f"{CANARY}.{CANARY}.{CANARY}", CANARY, f"{CANARY} {CANARY}"])
@pytest.mark.parametrize("route", ALL_ROUTES)
async def test_a_token_is_not_repeated(
    client: AsyncClient, logs: Logs, route: str, token: str
) -> None:
    response = await client.request(*split(route), headers={"Authorization": f"Bearer {token}"})

    assert response.status_code < 500
    assert not leaks(response, logs)
