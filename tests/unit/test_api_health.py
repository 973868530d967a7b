"""Health, start and shutdown, and the files that are served."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers
from httpx import AsyncClient

from blog_adapters.container import Container
from blog_adapters.memory import MemoryImageStorage
from blog_api.app import create_app
from blog_api.testing.people import OpenBlog
from blog_core.errors import DatabaseUnavailable
from blog_core.testing import builders

pytestmark = pytest.mark.anyio


async def well() -> None:
    """A part that is ready."""


async def ill() -> None:
    """A part that is not."""
    raise DatabaseUnavailable


async def test_a_process_that_answers_is_alive(client: AsyncClient) -> None:
    response = await client.get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_it_is_alive_whatever_is_down(client: AsyncClient, container: Container) -> None:
    container.checks.override(providers.Object({"database": ill}))

    assert (await client.get("/livez")).status_code == 200


async def test_it_is_ready_when_every_part_is(client: AsyncClient, container: Container) -> None:
    container.checks.override(providers.Object({"database": well, "storage": well}))

    response = await client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": {"database": "ok", "storage": "ok"}}


async def test_it_is_not_ready_when_a_part_is_not(
    client: AsyncClient, container: Container
) -> None:
    container.checks.override(providers.Object({"database": ill, "storage": well}))

    response = await client.get("/readyz")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.json() == {
        "status": "unavailable",
        "checks": {"database": "database_unavailable", "storage": "ok"},
    }


class ToldStorage(MemoryImageStorage):
    """A storage that tells when something was deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted = asyncio.Event()

    async def delete(self, image_file: str) -> None:
        await super().delete(image_file)
        self.deleted.set()


@pytest.fixture
async def storage(container: Container) -> ToldStorage:
    """A storage, and in the outbox an order to delete something from it."""
    storage = ToldStorage()
    container.storage.override(providers.Object(storage))
    async with container.unit_of_work()() as uow:
        await uow.outbox.add(builders.entry())
        await uow.commit()
    return storage


async def test_the_app_delivers_the_outbox_while_it_runs(
    container: Container, storage: ToldStorage
) -> None:
    app = create_app(container)

    async with app.router.lifespan_context(app):
        await asyncio.wait_for(storage.deleted.wait(), 10)

    assert storage.deleted.is_set()


async def test_the_relay_can_be_left_to_another_process(
    container: Container, storage: ToldStorage
) -> None:
    app = create_app(container, relay=False)

    async with app.router.lifespan_context(app):
        names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]  # these are coroutines

    assert "run_relay" not in names
    assert not storage.deleted.is_set()


@pytest.mark.parametrize("relay", [True, False])
async def test_shutdown_closes_what_the_container_started(
    container: Container, relay: bool
) -> None:
    closed: list[str] = []
    container.exits().callback(closed.append, "closed")
    app = create_app(container, relay=relay)

    async with app.router.lifespan_context(app):
        assert not closed

    assert closed == ["closed"]


async def test_the_app_starts_and_stops_when_its_server_says_so(container: Container) -> None:
    orders = iter(["lifespan.startup", "lifespan.shutdown"])
    answers: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": next(orders)}

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message["type"])

    await create_app(container)({"type": "lifespan", "state": {}}, receive, send)

    assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_creating_an_app_builds_no_part(container: Container) -> None:
    def built() -> None:
        raise AssertionError

    for name in ("database", "post_queries", "storage", "passwords", "tokens", "mailer"):
        container.providers[name].override(providers.Callable(built))

    create_app(container)


@pytest.fixture
async def pictures(
    blog_http: OpenBlog, container: Container, tmp_path: Path
) -> AsyncIterator[AsyncClient]:
    """A client of an app that serves pictures from a folder with one in it."""
    container.media_folder.override(providers.Object(tmp_path / "pictures"))
    folder = tmp_path / "pictures" / "profile_pics"
    folder.mkdir(parents=True)
    (folder / "me.jpg").write_bytes(builders.JPEG)
    (tmp_path / "secret_key").write_text("secret")
    async with blog_http(container) as blog:
        yield await blog.visitor()


async def test_a_folder_of_pictures_is_served(pictures: AsyncClient) -> None:
    response = await pictures.get("/media/profile_pics/me.jpg")

    assert (response.status_code, response.content) == (200, builders.JPEG)
    assert response.headers["Content-Type"] == "image/jpeg"


async def test_a_picture_may_be_kept_for_ever(pictures: AsyncClient) -> None:
    headers = (await pictures.get("/media/profile_pics/me.jpg")).headers

    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["nothing.jpg", "../secret_key", "%2e%2e/secret_key", "..%2fsecret_key", "", "%00"]
)
async def test_nothing_else_is_served(pictures: AsyncClient, path: str) -> None:
    assert (await pictures.get(f"/media/{path}")).status_code == 404


async def test_a_missing_picture_is_not_kept(pictures: AsyncClient) -> None:
    response = await pictures.get("/media/nothing.jpg")

    assert response.headers["Cache-Control"] == "no-store"


async def test_without_a_folder_nothing_is_served(client: AsyncClient) -> None:
    assert (await client.get("/media/profile_pics/me.jpg")).status_code == 404
