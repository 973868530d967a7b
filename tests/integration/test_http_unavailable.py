"""What the blog answers while a part of it is away or busy, and afterwards."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from dependency_injector import providers
from httpx import Response

from blog_adapters.container import Container
from blog_adapters.sql import PooledDatabase
from blog_adapters.sql.urls import engine_url
from blog_adapters.testing.containers import real_container
from blog_adapters.testing.databases import ThrowAwayDatabases
from blog_adapters.testing.s3 import S3Server, without_aws_settings
from blog_adapters.workers import Workers
from blog_api.testing.people import PASSWORD, Blog, Member, OpenBlog
from blog_core.testing import builders
from journeys import clock_of, reset_token_in
from lines import HOST, Line, at_database, at_port, line_to
from servers import MailServer

pytestmark = pytest.mark.anyio

Arguments = Mapping[str, Any]

EMAIL = "corey@example.com"
PNG: Arguments = {"files": {"file": builders.png()}}
LOGIN: Arguments = {"data": {"username": EMAIL, "password": PASSWORD}}
ACCOUNT: Arguments = {"json": {"username": "ada", "email": "ada@example.com", "password": PASSWORD}}
NEW_PASSWORD: Arguments = {
    "json": {"current_password": PASSWORD, "new_password": "another password"}
}
POST: Arguments = {"json": {"title": "A title", "content": "Some words."}}
RESET: Arguments = {"json": {"token": "x" * 43, "new_password": PASSWORD}}


@dataclass(frozen=True, kw_only=True)
class Lines:
    """What leads from the blog to its parts."""

    database: Line
    database_url: str
    storage: Line
    mail: Line


@pytest.fixture
async def lines(
    blog_databases: ThrowAwayDatabases, blog_s3: S3Server, mail_server: MailServer
) -> AsyncIterator[Lines]:
    """Lines to a database, a storage and a mail server."""
    async with AsyncExitStack() as stack:
        url = engine_url(await stack.enter_async_context(blog_databases.migrated()))
        database = await stack.enter_async_context(line_to(at_database(url)))
        through = url.set(host=HOST, port=database.port, query={})
        yield Lines(
            database=database,
            database_url=through.render_as_string(hide_password=False),
            storage=await stack.enter_async_context(line_to(at_port(blog_s3.port))),
            mail=await stack.enter_async_context(line_to(at_port(mail_server.port))),
        )


@pytest.fixture
def container(lines: Lines) -> Container:
    """Parts that reach the world through the lines."""
    container = real_container(
        database_url=lines.database_url,
        s3_endpoint_url=f"http://{HOST}:{lines.storage.port}",
        mail_server=HOST,
        mail_port=lines.mail.port,
        mail_use_tls=False,
    )
    with without_aws_settings():
        container.storage()
    return container


@pytest.fixture
async def blog(blog_http: OpenBlog, container: Container) -> AsyncIterator[Blog]:
    """A blog whose every part is its own."""
    async with blog_http(container) as blog:
        yield blog


def said(response: Response) -> tuple[int, str, str | None]:
    return response.status_code, response.json()["code"], response.headers.get("Retry-After")


# The database

REQUESTS: list[tuple[str, str, Arguments]] = [
    ("GET", "/api/posts", {}),
    ("GET", "/api/posts/1", {}),
    ("GET", "/api/users/1", {}),
    ("GET", "/api/users/1/posts", {}),
    ("GET", "/api/users/me", {}),
    ("GET", "/api/users/me/sessions", {}),
    ("POST", "/api/users", ACCOUNT),
    ("POST", "/api/users/token", LOGIN),
    ("POST", "/api/users/logout", {}),
    ("POST", "/api/users/forgot-password", {"json": {"email": EMAIL}}),
    ("POST", "/api/users/reset-password", RESET),
    ("PATCH", "/api/users/me/password", NEW_PASSWORD),
    ("PATCH", "/api/users/1", {"json": {"username": "schafer"}}),
    ("PATCH", "/api/users/1/picture", PNG),
    ("DELETE", "/api/users/1/picture", {}),
    ("DELETE", "/api/users/1", {}),
    ("POST", "/api/posts", POST),
    ("PUT", "/api/posts/1", POST),
    ("PATCH", "/api/posts/1", POST),
    ("DELETE", "/api/posts/1", {}),
]


async def test_while_the_database_is_away_every_request_is_503(lines: Lines, corey: Member) -> None:
    await lines.database.cut()

    answers = {
        f"{method} {path}": said(await corey.request(method, path, **arguments))
        for method, path, arguments in REQUESTS
    }

    assert answers == dict.fromkeys(answers, (503, "database_unavailable", "2"))


async def test_a_database_that_was_never_there_is_503(lines: Lines, visitor: Member) -> None:
    await lines.database.cut()

    assert said(await visitor.get("/api/posts")) == (503, "database_unavailable", "2")


async def test_without_a_database_the_process_still_lives(lines: Lines, visitor: Member) -> None:
    await lines.database.cut()

    assert (await visitor.get("/livez")).status_code == 200


async def test_without_a_database_the_process_is_not_ready(lines: Lines, visitor: Member) -> None:
    await lines.database.cut()

    response = await visitor.get("/readyz")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.json() == {
        "status": "unavailable",
        "checks": {"database": "database_unavailable"},
    }


async def test_with_everything_there_the_process_is_ready(visitor: Member) -> None:
    response = await visitor.get("/readyz")

    assert (response.status_code, response.json()) == (
        200,
        {"status": "ok", "checks": {"database": "ok"}},
    )


async def test_when_the_database_is_back_so_is_the_blog(lines: Lines, corey: Member) -> None:
    statuses = []

    for _ in range(3):
        await lines.database.cut()
        statuses.append((await corey.post("/api/posts", **POST)).status_code)
        await lines.database.mend()
        statuses.append((await corey.post("/api/posts", **POST)).status_code)

    assert statuses == [503, 201] * 3
    assert (await corey.get("/api/posts")).json()["total"] == 3


async def test_a_database_that_went_and_came_between_two_requests_is_not_noticed(
    lines: Lines, corey: Member
) -> None:
    await lines.database.cut()
    await lines.database.mend()

    response = await corey.post("/api/posts", **POST)

    assert response.status_code == 201


async def test_a_pool_without_a_free_connection_is_503(
    container: Container, lines: Lines, blog_http: OpenBlog
) -> None:
    database = PooledDatabase(lines.database_url, size=1, patience=0.05)
    container.database.override(providers.Object(database))
    async with blog_http(container) as blog:
        visitor = await blog.visitor()

        async with database.writing():
            meanwhile = await visitor.get("/api/posts")
        afterwards = await visitor.get("/api/posts")
    await database.close()

    assert said(meanwhile) == (503, "database_unavailable", "2")
    assert afterwards.status_code == 200


# The storage


async def test_without_a_storage_an_upload_is_503(lines: Lines, corey: Member) -> None:
    await lines.storage.cut()

    response = await corey.patch(corey.picture, **PNG)

    assert said(response) == (503, "storage_unavailable", "2")
    assert response.json()["detail"] == "Failed to upload image. Please try again."


async def test_an_upload_that_failed_changes_nothing(
    lines: Lines, corey: Member, blog_bucket: S3Server
) -> None:
    user = (await corey.patch(corey.picture, **PNG)).json()
    keys = blog_bucket.stored()
    await lines.storage.cut()

    await corey.patch(corey.picture, **PNG)

    assert (await corey.get("/api/users/me")).json() == user
    assert blog_bucket.stored() == keys


async def test_an_upload_that_failed_leaves_nothing_in_the_storage(
    blog: Blog, lines: Lines, corey: Member, blog_bucket: S3Server
) -> None:
    user = (await corey.patch(corey.picture, **PNG)).json()
    await lines.storage.cut()
    await corey.patch(corey.picture, **PNG)
    await lines.storage.mend()

    clock_of(blog).ahead += timedelta(hours=2)
    await blog.deliver()

    assert blog_bucket.stored() == [f"profile_pics/{user['image_file']}"]


async def test_without_a_storage_a_picture_is_deleted_and_its_file_once_it_is_back(
    blog: Blog, lines: Lines, corey: Member, blog_bucket: S3Server
) -> None:
    await corey.patch(corey.picture, **PNG)
    await lines.storage.cut()

    response = await corey.delete(corey.picture)
    await blog.deliver()

    assert (response.status_code, response.json()["image_file"]) == (200, None)
    assert len(blog_bucket.stored()) == 1
    await lines.storage.mend()
    clock_of(blog).ahead += timedelta(minutes=1)
    await blog.deliver()
    assert blog_bucket.stored() == []


async def test_without_a_bucket_an_upload_is_503(corey: Member) -> None:
    response = await corey.patch(corey.picture, **PNG)

    assert said(response) == (503, "storage_unavailable", "2")


# The mail server


async def test_without_a_mail_server_the_mail_waits_until_it_is_back(
    blog: Blog, lines: Lines, corey: Member, mail_server: MailServer
) -> None:
    await lines.mail.cut()

    response = await corey.post("/api/users/forgot-password", json={"email": EMAIL})
    await blog.deliver()

    assert (response.status_code, mail_server.messages) == (202, [])
    await lines.mail.mend()
    clock_of(blog).ahead += timedelta(minutes=1)
    await blog.deliver()
    (message,) = mail_server.messages
    body = {"token": reset_token_in(message), "new_password": "another password"}
    assert (await corey.post("/api/users/reset-password", json=body)).status_code == 200


# The threads


@asynccontextmanager
async def occupied(workers: Workers) -> AsyncIterator[None]:
    """Leave no place for another job meanwhile."""
    over = Event()
    places = workers._places._value
    jobs = [asyncio.create_task(workers.run(over.wait, 30)) for _ in range(places)]
    await asyncio.sleep(0)  # each takes its place
    yield
    over.set()
    await asyncio.gather(*jobs)


@pytest.mark.parametrize(
    ("method", "path", "arguments"),
    [
        ("POST", "/api/users", ACCOUNT),
        ("POST", "/api/users/token", LOGIN),
        ("PATCH", "/api/users/me/password", NEW_PASSWORD),
    ],
)
async def test_with_no_place_left_to_hash_a_password_is_503(
    blog: Blog, corey: Member, method: str, path: str, arguments: Arguments
) -> None:
    async with occupied(blog.container.password_workers()):
        meanwhile = await corey.request(method, path, **arguments)
        reading = await corey.get("/api/posts")
    afterwards = await corey.request(method, path, **arguments)

    assert said(meanwhile) == (503, "busy", "2")
    assert reading.status_code == 200
    assert afterwards.is_success


@pytest.mark.parametrize("kind", ["image_workers", "storage_workers"])
async def test_with_no_place_left_for_a_picture_is_503(
    blog: Blog, corey: Member, blog_bucket: S3Server, kind: str
) -> None:
    async with occupied(getattr(blog.container, kind)()):
        meanwhile = await corey.patch(corey.picture, **PNG)
        user = (await corey.get("/api/users/me")).json()
    afterwards = await corey.patch(corey.picture, **PNG)

    assert said(meanwhile) == (503, "busy", "2")
    assert user["image_file"] is None
    assert afterwards.is_success
    assert len(blog_bucket.stored()) == 1
