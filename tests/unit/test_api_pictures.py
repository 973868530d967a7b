"""Profile pictures over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers
from httpx import AsyncClient

from blog_adapters.container import Container
from blog_adapters.memory import MemoryImageStorage
from blog_api.testing.people import OpenBlog
from blog_core.errors import Busy, StorageUnavailable
from blog_core.testing import builders

pytestmark = pytest.mark.anyio

PICTURE = "/api/users/1/picture"
PNG = {"file": ("me.png", builders.png(), "image/png")}
LIMIT = 5 * 1024 * 1024


def stored(container: Container) -> dict[str, bytes]:
    storage = container.storage()
    assert isinstance(storage, MemoryImageStorage)
    return storage.pictures


async def test_an_upload_answers_the_account_with_its_picture(corey: AsyncClient) -> None:
    response = await corey.patch(PICTURE, files=PNG)

    user = response.json()
    assert (response.status_code, user["email"]) == (200, "corey@example.com")
    assert user["image_file"].endswith(".jpg")
    assert user["image_path"] == f"/media/profile_pics/{user['image_file']}"


async def test_an_upload_stores_one_picture(corey: AsyncClient, container: Container) -> None:
    user = (await corey.patch(PICTURE, files=PNG)).json()

    assert list(stored(container)) == [user["image_file"]]


async def test_the_picture_shows_beside_posts(corey: AsyncClient, post: dict[str, Any]) -> None:
    user = (await corey.patch(PICTURE, files=PNG)).json()

    shown = (await corey.get(f"/api/posts/{post['id']}")).json()
    assert shown["author"]["image_path"] == user["image_path"]


async def test_neither_file_name_nor_media_type_is_looked_at(corey: AsyncClient) -> None:
    upload = {"file": ("../../evil.html", builders.GIF, "text/html")}

    assert (await corey.patch(PICTURE, files=upload)).status_code == 200


async def test_without_a_token_is_401(client: AsyncClient) -> None:
    assert (await client.patch(PICTURE, files=PNG)).status_code == 401


class Reader:
    """An upload that counts how often a part of it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.asked += 1
            yield b"--x\r\n" * 1000


MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    "token",
    [{}, {"Authorization": "Basic x"}, {"Authorization": "Bearer x"}],
    ids=["missing", "of another kind", "forged"],
)
async def test_without_a_good_token_the_body_is_not_read(
    client: AsyncClient, token: dict[str, str]
) -> None:
    upload = Reader()

    response = await client.patch(PICTURE, content=upload, headers=MULTIPART | token)

    assert (response.status_code, upload.asked) == (401, 0)


async def test_in_a_session_that_has_ended_the_body_is_not_read(corey: AsyncClient) -> None:
    await corey.post("/api/users/logout")
    upload = Reader()

    response = await corey.patch(PICTURE, content=upload, headers=MULTIPART)

    assert (response.status_code, upload.asked) == (401, 0)


async def test_after_its_time_a_token_lets_no_body_be_read(
    corey: AsyncClient, container: Container
) -> None:
    later = datetime.now(UTC) + container.settings().access_lifetime + timedelta(minutes=1)
    container.clock.override(providers.Object(lambda: later))
    container.access.reset()
    upload = Reader()

    response = await corey.patch(PICTURE, content=upload, headers=MULTIPART)

    assert (response.status_code, upload.asked) == (401, 0)


@pytest.mark.parametrize("announced", [{}, {"Content-Length": str(LIMIT)}])
async def test_for_another_account_no_large_body_is_read(
    ada: AsyncClient, announced: dict[str, str]
) -> None:
    upload = Reader()

    response = await ada.patch(PICTURE, content=upload, headers=MULTIPART | announced)

    assert (response.status_code, upload.asked) == (403, 0)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"files": {"picture": builders.png()}},
        {"files": {"file": (None, "text")}},
        {"data": {"file": "text"}},
        {"json": {"file": "text"}},
    ],
)
async def test_without_a_file_is_422(corey: AsyncClient, form: dict[str, Any]) -> None:
    response = await corey.patch(PICTURE, **form)

    assert (response.status_code, response.json()["detail"]) == (422, "body.file: Field required")


async def test_of_a_form_that_can_hold_no_file_nothing_is_read(corey: AsyncClient) -> None:
    upload = Reader()
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    response = await corey.patch(PICTURE, content=upload, headers=form)

    assert (response.status_code, upload.asked) == (422, 0)


async def test_without_a_file_is_422_even_for_another_users_id(ada: AsyncClient) -> None:
    assert (await ada.patch(PICTURE, files={"picture": b"x"})).status_code == 422


async def test_another_users_id_is_403_before_the_file_is_looked_at(ada: AsyncClient) -> None:
    upload = {"file": b"x" * (LIMIT + 1)}

    assert (await ada.patch(PICTURE, files=upload)).status_code == 403


async def test_exactly_the_limit_is_not_too_large(corey: AsyncClient) -> None:
    response = await corey.patch(PICTURE, files={"file": builders.png().ljust(LIMIT, b"\0")})

    assert response.status_code == 200


async def test_a_byte_over_the_limit_is_400_before_the_format_is_looked_at(
    corey: AsyncClient,
) -> None:
    response = await corey.patch(PICTURE, files={"file": b"x" * (LIMIT + 1)})

    detail = "File too large. Maximum size is 5MB"
    assert (response.status_code, response.json()["detail"]) == (400, detail)


@pytest.mark.parametrize("upload", [b"", b"no picture", builders.png()[:40]])
async def test_what_is_no_picture_is_400(corey: AsyncClient, upload: bytes) -> None:
    response = await corey.patch(PICTURE, files={"file": upload})

    detail = "Invalid image file. Please upload a valid image (JPEG, PNG, GIF, WebP)."
    assert (response.status_code, response.json()["detail"]) == (400, detail)


async def test_a_form_that_breaks_off_is_400(corey: AsyncClient) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}

    response = await corey.patch(PICTURE, content=b"not a boundary", headers=headers)

    assert (response.status_code, response.json()["code"]) == (400, "invalid_body")


@pytest.mark.parametrize("error", [StorageUnavailable(), Busy()])
async def test_a_storage_that_is_down_is_503_and_changes_nothing(
    corey: AsyncClient, container: Container, error: Exception
) -> None:
    class Down(MemoryImageStorage):
        async def put(self, image_file: str, data: bytes) -> None:  # noqa: ARG002 - it is down
            raise error

    container.users.reset()
    container.storage.override(providers.Object(Down()))

    response = await corey.patch(PICTURE, files=PNG)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert (await corey.get("/api/users/me")).json()["image_file"] is None


async def test_deleting_the_picture_shows_the_neutral_one(corey: AsyncClient) -> None:
    await corey.patch(PICTURE, files=PNG)

    user = (await corey.delete(PICTURE)).json()

    assert user["image_file"] is None
    assert user["image_path"] == "/static/profile_pics/default.jpg"


async def test_deleting_a_picture_that_is_not_there_is_400(corey: AsyncClient) -> None:
    response = await corey.delete(PICTURE)

    detail = "No profile picture to delete"
    assert (response.status_code, response.json()["detail"]) == (400, detail)


async def test_the_neutral_picture_is_served(client: AsyncClient) -> None:
    response = await client.get("/static/profile_pics/default.jpg")

    assert (response.status_code, response.headers["Content-Type"]) == (200, "image/jpeg")


async def test_a_stale_version_is_told_before_a_bad_picture(corey: AsyncClient) -> None:
    junk = {"file": ("me.png", b"junk", "image/png")}

    response = await corey.patch(PICTURE, files=junk, headers={"If-Match": '"99"'})

    assert response.status_code == 412


@pytest.mark.parametrize("path", ["/media/profile_pics/x.jpg", "/media/", "/media/..%2fsecret_key"])
async def test_before_the_first_upload_no_picture_is_found(
    blog_http: OpenBlog, container: Container, tmp_path: Path, path: str
) -> None:
    container.media_folder.override(providers.Object(tmp_path / "pictures"))
    async with blog_http(container) as blog:
        response = await (await blog.visitor()).get(path)

    assert response.status_code == 404
