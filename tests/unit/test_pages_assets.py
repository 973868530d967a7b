"""Static files, named by what is in them."""

import gzip
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from blog_api.pages.assets import Assets
from blog_api.testing.people import Member

pytestmark = pytest.mark.anyio

STYLE = "body { background: url(../icons/dot.svg) }"
SCRIPT = 'import { send } from "./api.js";\nsend("./not a file");'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in {
        "css/main.css": STYLE,
        "icons/dot.svg": "<svg/>",
        "js/main.js": SCRIPT,
        "js/api.js": "export const send = fetch;",
        "profile_pics/default.jpg": "a picture",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


async def get(assets: Assets, path: str, method: str = "GET", **headers: str) -> Response:
    app = FastAPI()
    app.mount("/static", assets)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://blog.test") as client:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.request(method, f"/static/{path}", headers=sent)


def test_a_name_says_what_is_in_the_file(folder: Path) -> None:
    before = Assets(folder).name("js/api.js")
    (folder / "js/api.js").write_text("export const send = 1;")

    after = Assets(folder).name("js/api.js")

    assert re.fullmatch(r"js/api\.[0-9a-f]{16}\.js", before)
    assert before != after


def test_a_file_that_names_another_changes_with_it(folder: Path) -> None:
    before = Assets(folder).name("js/main.js")
    (folder / "js/api.js").write_text("export const send = 1;")

    assert Assets(folder).name("js/main.js") != before


def test_there_is_no_name_for_what_there_is_not(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Assets(folder).name("js/nothing.js")


async def test_references_lead_to_the_names(folder: Path) -> None:
    assets = Assets(folder)

    style = (await get(assets, assets.name("css/main.css"))).text
    script = (await get(assets, assets.name("js/main.js"))).text

    assert style == f"body {{ background: url(../{assets.name('icons/dot.svg')}) }}"
    assert f'from "./{assets.name("js/api.js").removeprefix("js/")}"' in script
    assert '"./not a file"' in script


async def test_a_named_file_is_kept_for_a_year(folder: Path) -> None:
    assets = Assets(folder)

    response = await get(assets, assets.name("css/main.css"))

    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"


async def test_the_default_picture_keeps_its_name_and_may_change(folder: Path) -> None:
    response = await get(Assets(folder), "profile_pics/default.jpg")

    assert (response.status_code, response.text) == (200, "a picture")
    assert "Cache-Control" not in response.headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("br, gzip;q=0.5", "gzip"),
        ("*", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("br, gzip; q=0.0", None),
        ("", None),
    ],
)
async def test_text_is_compressed_for_whoever_can_read_that(
    folder: Path, accepted: str, coding: str | None
) -> None:
    assets = Assets(folder)

    response = await get(assets, assets.name("icons/dot.svg"), accept_encoding=accepted)

    assert response.headers.get("Content-Encoding") == coding
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.text == "<svg/>"


async def test_a_picture_is_not_compressed_again(folder: Path) -> None:
    response = await get(Assets(folder), "profile_pics/default.jpg", accept_encoding="gzip")

    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
async def test_a_file_that_is_at_hand_is_not_sent_again(folder: Path, accepted: str) -> None:
    assets = Assets(folder)
    name = assets.name("css/main.css")
    tag = (await get(assets, name, accept_encoding=accepted)).headers["ETag"]

    response = await get(assets, name, accept_encoding=accepted, if_none_match=tag)

    assert (response.status_code, response.content) == (304, b"")


async def test_two_encodings_are_two_representations(folder: Path) -> None:
    assets = Assets(folder)
    name = assets.name("css/main.css")

    tags = [(await get(assets, name, accept_encoding=c)).headers["ETag"] for c in ("gzip", "")]

    assert len(set(tags)) == 2


def test_compressing_is_the_same_every_time(folder: Path) -> None:
    one, other = (Assets(folder)._assets for _ in range(2))

    assert one == other
    assert all(
        gzip.decompress(asset.compressed) == asset.body
        for asset in one.values()
        if asset.compressed is not None
    )


@pytest.mark.parametrize(
    "path", ["css/main.css", "js/api.js", "css", "", "..%2fassets.py", "../assets.py", "%00"]
)
async def test_there_is_nothing_else(client: Member, path: str) -> None:
    response = await client.get(f"/static/{path}")

    assert (response.status_code, response.headers["Content-Type"]) == (
        404,
        "text/html; charset=utf-8",
    )


async def test_a_file_changes_nothing(client: Member) -> None:
    response = await client.delete("/static/profile_pics/default.jpg")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
