"""Accounts and pictures on real parts."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers
from httpx import Response
from PIL import Image

from blog_adapters.sql import RollbackDatabase
from blog_adapters.testing.containers import real_container
from blog_adapters.testing.s3 import S3Server
from blog_api.testing.people import PASSWORD, Blog, Member, OpenBlog
from blog_core.testing import builders
from journeys import clock_of

pytestmark = pytest.mark.anyio

DEFAULT_PICTURE = "/static/profile_pics/default.jpg"
PUBLIC_BUCKET = "https://test-bucket.s3.us-east-1.amazonaws.com/profile_pics/"


async def registered(visitor: Member, username: str, email: str, password: str) -> Response:
    body = {"username": username, "email": email, "password": password}
    return await visitor.post("/api/users", json=body)


async def uploaded(member: Member, upload: bytes) -> dict[str, Any]:
    response = await member.patch(member.picture, files={"file": upload})
    assert response.status_code == 200, response.text
    user: dict[str, Any] = response.json()
    return user


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 30), **more: Any) -> bytes:  # noqa: ANN401 - Pillow's own keywords
    output = BytesIO()
    Image.new(mode, size, 128).save(output, kind, **more)
    return output.getvalue()


# Accounts


async def test_a_new_account_is_told_to_its_owner(visitor: Member) -> None:
    response = await registered(visitor, "Corey", "Corey@Example.com", PASSWORD)

    user = response.json()
    assert response.status_code == 201
    assert user == {
        "id": user["id"],
        "username": "Corey",
        "email": "corey@example.com",
        "image_file": None,
        "image_path": DEFAULT_PICTURE,
    }


@pytest.mark.parametrize(
    ("username", "email", "password"),
    [
        ("x", "x@example.com", "8 chars."),
        ("x" * 50, f"{'x' * 64}@{'x' * 43}.example.com", "x" * 128),
        ("Corey M. Schafer", "c.o+blog@sub.example.com", "\U0001f600" * 128),
        ("\u0639\u0645\u0631", "corey@ex\u00e4mple.com", " \t spaces \t "),
    ],
)
async def test_what_is_within_the_bounds_is_an_account_that_logs_in(
    blog: Blog, visitor: Member, username: str, email: str, password: str
) -> None:
    response = await registered(visitor, username, email, password)

    assert (response.status_code, response.json()["username"]) == (201, username)
    assert await (await blog.log_in(email, password)).status() == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "x" * 51),
        ("username", " corey"),
        ("username", "co\u200brey"),
        ("username", "co\u202erey"),
        ("email", "corey"),
        ("email", "corey@"),
        ("email", "Corey <corey@example.com>"),
        ("email", f"{'x' * 64}@{'x' * 44}.example.com"),
        ("password", "7 chars"),
        ("password", "x" * 129),
    ],
)
async def test_what_is_not_within_them_is_422_and_named(
    visitor: Member, field: str, value: str
) -> None:
    account = {"username": "corey", "email": "corey@example.com", "password": PASSWORD}

    response = await visitor.post("/api/users", json=account | {field: value})

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/body/{field}"]


async def test_to_anybody_an_account_shows_no_address(visitor: Member, corey: Member) -> None:
    response = await visitor.get(corey.path)

    assert (response.status_code, response.json()) == (
        200,
        {
            "id": corey.id,
            "username": "corey",
            "image_file": None,
            "image_path": DEFAULT_PICTURE,
        },
    )


async def test_to_its_owner_an_account_shows_its_address(corey: Member) -> None:
    user = (await corey.get("/api/users/me")).json()

    assert (user["id"], user["email"]) == (corey.id, "corey@example.com")


@pytest.mark.parametrize(
    ("body", "username", "email"),
    [
        ({}, "corey", "corey@example.com"),
        ({"username": None, "email": None}, "corey", "corey@example.com"),
        ({"username": "COREY"}, "COREY", "corey@example.com"),
        ({"username": "schafer"}, "schafer", "corey@example.com"),
        ({"email": "New@Example.com"}, "corey", "new@example.com"),
        ({"email": "COREY@example.com"}, "corey", "corey@example.com"),
        ({"id": 1, "image_file": "x.jpg", "password": "x"}, "corey", "corey@example.com"),
    ],
)
async def test_updating_changes_what_is_sent(
    visitor: Member, corey: Member, body: dict[str, Any], username: str, email: str
) -> None:
    response = await corey.patch(corey.path, json=body)

    user = response.json()
    assert (response.status_code, user["username"], user["email"]) == (200, username, email)
    assert (await visitor.get(corey.path)).json()["username"] == username


async def test_a_new_name_shows_beside_the_posts(corey: Member, post: dict[str, Any]) -> None:
    await corey.patch(corey.path, json={"username": "schafer"})

    shown = (await corey.get(f"/api/posts/{post['id']}")).json()
    assert shown["author"]["username"] == "schafer"


async def test_a_name_given_up_may_be_taken(visitor: Member, corey: Member) -> None:
    await corey.patch(corey.path, json={"username": "schafer"})

    response = await registered(visitor, "corey", "new@example.com", PASSWORD)

    assert response.status_code == 201


async def test_a_deleted_account_is_gone_with_its_posts(
    visitor: Member, corey: Member, post: dict[str, Any]
) -> None:
    response = await corey.delete(corey.path)

    assert (response.status_code, response.content) == (204, b"")
    paths = (corey.path, f"{corey.path}/posts", f"/api/posts/{post['id']}")
    assert [(await visitor.get(path)).status_code for path in paths] == [404, 404, 404]


async def test_name_and_address_of_a_deleted_account_are_free(
    visitor: Member, corey: Member
) -> None:
    await corey.delete(corey.path)

    response = await registered(visitor, "corey", "corey@example.com", PASSWORD)

    assert response.status_code == 201


# Pictures


async def test_a_picture_is_public_where_the_account_says(
    visitor: Member, corey: Member, blog_bucket: S3Server
) -> None:
    user = await uploaded(corey, builders.png())

    assert blog_bucket.stored() == [f"profile_pics/{user['image_file']}"]
    assert user["image_path"] == f"{PUBLIC_BUCKET}{user['image_file']}"
    assert (await visitor.get(corey.path)).json()["image_path"] == user["image_path"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
async def test_a_picture_is_stored_as_a_square_jpeg(
    corey: Member, blog_bucket: S3Server, kind: str
) -> None:
    await uploaded(corey, picture(kind, size=(80, 20)))

    (key,) = blog_bucket.stored()
    with Image.open(BytesIO(blog_bucket.read(key))) as stored:
        assert (stored.format, stored.size) == ("JPEG", (300, 300))


async def test_what_a_camera_wrote_beside_the_picture_is_not_stored(
    corey: Member, blog_bucket: S3Server
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "canary"  # the camera's maker

    await uploaded(corey, picture("JPEG", exif=exif, comment=b"canary"))

    (key,) = blog_bucket.stored()
    assert b"canary" not in blog_bucket.read(key)


@pytest.mark.parametrize(
    ("upload", "status"),
    [
        pytest.param(builders.png(5000, 5000), 200, id="25 megapixels"),
        pytest.param(builders.png(13_000, 13_000, complete=False), 400, id="169 megapixels"),
        pytest.param(builders.png(2**31 - 1, 2**31 - 1, complete=False), 400, id="more still"),
        pytest.param(builders.png(complete=False), 400, id="nothing to draw"),
        pytest.param(picture("PNG")[:60], 400, id="truncated PNG"),
        pytest.param(picture("JPEG")[:-200], 400, id="truncated JPEG"),
        pytest.param(picture("PNG", "I;16"), 200, id="16 bits"),
        pytest.param(picture("PNG", "LA"), 200, id="grey, transparent"),
        pytest.param(picture("PNG", "P"), 200, id="palette"),
        pytest.param(picture("JPEG", "CMYK"), 200, id="for a printer"),
        pytest.param(
            picture("GIF", save_all=True, append_images=[Image.new("RGB", (40, 30))] * 3),
            200,
            id="animated GIF",
        ),
        pytest.param(
            picture("WEBP", save_all=True, append_images=[Image.new("RGB", (40, 30))] * 3),
            200,
            id="animated WebP",
        ),
        pytest.param(picture("TIFF", "F"), 400, id="floating TIFF"),
        pytest.param(picture("BMP"), 400, id="BMP"),
        pytest.param(picture("PPM"), 400, id="PPM"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400, id="SVG"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", 400, id="PostScript"),
        pytest.param(b"some text", 400, id="text"),
        pytest.param(b"", 400, id="nothing"),
    ],
)
@pytest.mark.usefixtures("blog_bucket")
async def test_of_hostile_files_only_pictures_are_taken(
    corey: Member, upload: bytes, status: int
) -> None:
    response = await corey.patch(corey.picture, files={"file": upload})

    assert response.status_code == status


async def test_a_refused_file_leaves_the_picture(corey: Member, blog_bucket: S3Server) -> None:
    user = await uploaded(corey, builders.png())
    keys = blog_bucket.stored()

    await corey.patch(corey.picture, files={"file": b"some text"})

    assert (await corey.get("/api/users/me")).json() == user
    assert blog_bucket.stored() == keys


async def test_another_picture_takes_the_place_of_the_first(
    blog: Blog, corey: Member, blog_bucket: S3Server
) -> None:
    await uploaded(corey, builders.png())

    user = await uploaded(corey, builders.JPEG)
    await blog.deliver()

    assert blog_bucket.stored() == [f"profile_pics/{user['image_file']}"]


async def test_a_picture_in_use_is_not_taken_for_an_abandoned_one(
    blog: Blog, corey: Member, blog_bucket: S3Server
) -> None:
    await uploaded(corey, builders.png())

    clock_of(blog).ahead += timedelta(hours=2)
    await blog.deliver()

    assert len(blog_bucket.stored()) == 1


async def test_a_deleted_picture_gives_way_to_the_neutral_one(
    blog: Blog, corey: Member, blog_bucket: S3Server
) -> None:
    await uploaded(corey, builders.png())

    response = await corey.delete(corey.picture)
    await blog.deliver()

    user = response.json()
    assert (response.status_code, user["image_file"]) == (200, None)
    assert user["image_path"] == DEFAULT_PICTURE
    assert blog_bucket.stored() == []


async def test_a_deleted_account_leaves_no_picture(
    blog: Blog, corey: Member, blog_bucket: S3Server
) -> None:
    await uploaded(corey, builders.png())

    await corey.delete(corey.path)
    await blog.deliver()

    assert blog_bucket.stored() == []


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_picture_changed_meanwhile_is_412(
    corey: Member, blog_bucket: S3Server, method: str
) -> None:
    tag = (await corey.get("/api/users/me")).headers["ETag"]
    user = await uploaded(corey, builders.png())
    files = {"file": builders.JPEG} if method == "PATCH" else None

    response = await corey.request(method, corey.picture, files=files, headers={"If-Match": tag})

    assert response.status_code == 412
    assert (await corey.get("/api/users/me")).json() == user
    assert f"profile_pics/{user['image_file']}" in blog_bucket.stored()


async def test_a_developers_settings_do_not_leak_into_the_tests(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    blog_http: OpenBlog,
    blog_database: RollbackDatabase,
    blog_bucket: S3Server,
) -> None:
    settings = {"S3_ENDPOINT_URL": "http://127.0.0.1:9", "S3_BUCKET_NAME": "not-for-tests"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_text("".join(f"{name}={settings[name]}\n" for name in settings))
    monkeypatch.chdir(tmp_path)
    container = real_container(s3_endpoint_url=blog_bucket.url)
    container.database.override(providers.Object(blog_database))

    async with blog_http(container) as blog:
        await uploaded(await blog.sign_up("corey"), builders.png())

    assert len(blog_bucket.stored()) == 1
