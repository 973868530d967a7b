"""The limit: a bare ASGI callable, a pool of connections, SQL by hand, orjson.

It does what the answers need and nothing else: no validation beyond `int()`, no request id, no log,
no header but the two that the body needs.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
import jwt
import orjson

from benchmarks.http.apps.contract import cursor, image_path

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_VIEW = "p.id, p.title, p.content, p.user_id, p.date_posted, u.username, u.image_file"
_LIST = f"""
    SELECT {_VIEW}, (SELECT sum(posts)::bigint FROM tallies) AS total
    FROM posts p JOIN users u ON u.id = p.user_id
    ORDER BY p.date_posted DESC, p.id DESC
"""  # noqa: S608 - constants
_ONE = f"SELECT {_VIEW} FROM posts p JOIN users u ON u.id = p.user_id WHERE p.id = $1"  # noqa: S608
_USER = "SELECT id AS user_id, username, image_file FROM users WHERE id = $1"
_SESSION = """
    SELECT s.user_id, u.username, u.image_file, s.expires_at
    FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1
"""
_INSERT = """
    INSERT INTO posts (title, content, user_id, date_posted, version)
    VALUES ($1, $2, $3, $4, 1) RETURNING id
"""
_SECRET = os.environ["SECRET_KEY"]
_SIZE = int(os.environ["POOL_SIZE"])
_RESETS = os.environ["POOL_RESETS"] == "yes"

pool: asyncpg.Pool


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Serve one request."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    status = 200
    answer: dict[str, Any] | None
    match scope["path"].split("/"):
        case ["", "api", "posts"] if scope["method"] == "POST":
            status, answer = 201, await _create(scope, receive)
        case ["", "api", "posts"]:
            answer = await _page(scope["query_string"])
        case ["", "api", "posts", post_id]:
            answer = _post(await pool.fetchrow(_ONE, int(post_id)))
        case ["", "api", "users", user_id]:
            answer = _author(await pool.fetchrow(_USER, int(user_id)))
        case _:
            status, answer = 404, None
    body = orjson.dumps(answer, option=orjson.OPT_UTC_Z)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    global pool
    await receive()
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"],
        min_size=_SIZE,
        max_size=_SIZE,
        reset=None if _RESETS else _leave_as_it_is,
    ) as pool:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """Save the round trip in which the pool resets a connection that comes back."""


async def _page(query: bytes) -> dict[str, Any]:
    asked = dict(parse_qsl(query.decode()))
    skip, limit = int(asked.get("skip", 0)), int(asked.get("limit", 10))
    # Numbers and not parameters, without which PostgreSQL would plan each page anew.
    rows = await pool.fetch(f"{_LIST} LIMIT {limit} OFFSET {skip}")
    total = rows[0]["total"]
    has_more = skip + len(rows) < total
    first, last = rows[0], rows[-1]
    return {
        "posts": [_post(row) for row in rows],
        "total": total,
        "skip": skip,
        "limit": limit,
        "has_more": has_more,
        "next_cursor": cursor(last["date_posted"], last["id"], forward=True) if has_more else None,
        "prev_cursor": cursor(first["date_posted"], first["id"], forward=False) if skip else None,
    }


async def _create(scope: Message, receive: Receive) -> dict[str, Any]:
    token = dict(scope["headers"])[b"authorization"].removeprefix(b"Bearer ")
    claims = jwt.decode(token, _SECRET, ["HS256"])
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    draft, now = orjson.loads(body), datetime.now(UTC)
    async with pool.acquire() as connection:
        author = await connection.fetchrow(_SESSION, claims["sid"])
        if author["user_id"] != int(claims["sub"]) or author["expires_at"] < now:
            raise PermissionError
        async with connection.transaction():
            values = (draft["title"], draft["content"], author["user_id"], now)
            post_id = await connection.fetchval(_INSERT, *values)
    return {
        "id": post_id,
        "title": draft["title"],
        "content": draft["content"],
        "user_id": author["user_id"],
        "date_posted": now,
        "author": _author(author),
    }


def _post(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": row["id"],
        "title": row["title"],
        "content": row["content"],
        "user_id": row["user_id"],
        "date_posted": row["date_posted"],
        "author": _author(row),
    }


def _author(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": row["user_id"],
        "username": row["username"],
        "image_file": row["image_file"],
        "image_path": image_path(row["image_file"]),
    }
