"""The sitemap on PostgreSQL: every post once, while others write, and at no reader's mercy."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.types import Message, Scope

from blog_adapters.container import Container
from blog_adapters.sql import PooledDatabase, SqlPostQueries
from blog_adapters.testing.databases import ThrowAwayDatabases, connected
from blog_api.pages.sitemap import BATCH
from blog_api.testing.people import Blog, OpenBlog
from syndication import require_sitemap

pytestmark = pytest.mark.anyio

POSTS = 3_500
SPARSE = (
    """INSERT INTO users (username, username_key, email, email_key, password_hash, version)
       VALUES ('u', 'u', 'e', 'e', 'hash', 1)""",
    """INSERT INTO posts (title, content, user_id, date_posted, version)
       SELECT 'A title', 'x', 1, timestamptz '2025-01-01 00:00Z' - n * interval '1 minute', 1
       FROM generate_series(1, 3500) n""",
    "DELETE FROM posts WHERE id % 7 = 0",
    "ANALYZE posts",
)
KEPT = [number for number in range(1, POSTS + 1) if number % 7]
HERE = "http://localhost:8000"


@pytest.fixture
async def database(blog_databases: ThrowAwayDatabases) -> AsyncIterator[PooledDatabase]:
    """Thousands of posts, of which some were deleted, behind a single connection."""
    async with blog_databases.migrated() as url:
        async with connected(url) as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            for statement in SPARSE:
                await connection.execute(text(statement))
        database = PooledDatabase(url, size=1, patience=0.5)
        yield database
        await database.close()


@pytest.fixture
async def blog(
    blog_http: OpenBlog,
    make_container: Callable[[PooledDatabase], Container],
    database: PooledDatabase,
) -> AsyncIterator[Blog]:
    async with blog_http(make_container(database)) as blog:
        yield blog


async def read_slowly(
    app: FastAPI, path: str, meanwhile: Callable[[int], Awaitable[object]]
) -> list[bytes]:
    """Return the pieces of an answer; something else is done before each is taken."""
    pieces: list[bytes] = []
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "client": None,
        "headers": [(b"host", b"blog.test")],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if piece := message.get("body"):
            await meanwhile(len(pieces))
            pieces.append(piece)

    await app(scope, receive, send)
    return pieces


async def test_a_walk_by_ids_meets_every_post_once(database: PooledDatabase) -> None:
    queries = SqlPostQueries(database)
    met = batch = await queries.ids(after=0, limit=BATCH)
    while batch:
        batch = await queries.ids(after=batch[-1], limit=BATCH)
        met = met + batch

    assert met == KEPT


async def test_a_file_names_every_post_once(blog: Blog) -> None:
    response = await (await blog.visitor()).get("/sitemap-1.xml")

    named = require_sitemap(response.content)
    assert named == [f"{HERE}/", *(f"{HERE}/posts/{number}" for number in KEPT)]


@pytest.mark.parametrize("number", [2, 2**62, 2**63 - 1])
async def test_beyond_the_last_post_there_is_no_file(blog: Blog, number: int) -> None:
    response = await (await blog.visitor()).get(f"/sitemap-{number}.xml")

    assert response.status_code == 404


async def test_a_file_is_sent_in_pieces_as_it_is_read(blog: Blog) -> None:
    async def nothing(_: int) -> None:
        pass

    pieces = await read_slowly(blog.app, "/sitemap-1.xml", nothing)

    longest = len(f"<url><loc>{HERE}/posts/{POSTS}</loc></url>\n")
    assert len(pieces) > POSTS / BATCH
    assert max(map(len, pieces)) <= BATCH * longest


async def test_a_slow_reader_holds_no_connection(blog: Blog) -> None:
    reader = await blog.visitor()
    statuses: list[int] = []

    async def somebody_else_reads(_: int) -> None:
        statuses.append((await reader.get("/api/posts/1")).status_code)

    await read_slowly(blog.app, "/sitemap-1.xml", somebody_else_reads)

    assert len(statuses) > POSTS / BATCH
    assert set(statuses) == {200}


async def test_posts_that_stay_are_named_once_while_others_come_and_go(blog: Blog) -> None:
    corey = await blog.sign_up("corey")
    added = [await corey.publish() for _ in range(5)]

    async def change(step: int) -> None:
        if step < len(added):
            await corey.delete(f"/api/posts/{added[step]['id']}")
            await corey.publish()

    pieces = await read_slowly(blog.app, "/sitemap-1.xml", change)

    named = require_sitemap(b"".join(pieces))
    assert named[1 : len(KEPT) + 1] == [f"{HERE}/posts/{number}" for number in KEPT]
    newest = max(post["id"] for post in added)
    assert {int(url.rpartition("/")[2]) for url in named[len(KEPT) + 1 :]} <= set(
        range(POSTS + 1, newest + len(added) + 1)
    )
