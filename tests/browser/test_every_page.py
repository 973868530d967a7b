"""Every page is valid, fits into its window and can be used by everybody; its picture is kept."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from blog_core.testing import builders
from browser import steps
from browser.browsing import Browse
from browser.people import Author, registered, somebody
from browser.places import ARTICLE, PLACES
from browser.watching import Watch
from processes import Served, run

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".browser"
AXE = KEPT / "node_modules/axe-core/axe.min.js"
VALIDATE = KEPT / "node_modules/.bin/html-validate"
THEMES = ["light", "dark"]
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def resident(served: Served) -> Iterator[Author]:
    """Somebody with a picture, who visits all pages."""
    with registered(served, somebody("barbara")) as author:
        path = f"/api/users/{author.id}/picture"
        author.client.patch(path, files={"file": builders.png(300, 300)}).raise_for_status()
        yield author


@pytest.fixture(scope="module")
def known(chromium: Browser, served: Served, resident: Author) -> dict[str, Any]:
    """What their browser keeps once they are logged in."""
    with chromium.new_context(base_url=served.url) as context:
        steps.enter(context.new_page(), resident.account)
        return dict(context.storage_state())


@pytest.fixture
def post(resident: Author) -> Iterator[int]:
    """What they have written, all of it."""
    post_id = resident.publish("A second look at everything at once", ARTICLE)
    yield post_id
    resident.client.delete(f"/api/posts/{post_id}").raise_for_status()


@pytest.fixture
def visit(
    browse: Browse, resident: Author, post: int, known: dict[str, Any], watch: Watch
) -> Visit:
    """Come to a page; it takes the options of Playwright's contexts."""

    def visited(name: str, *, script: Path | None = None, **options: Any) -> Page:  # noqa: ANN401
        place = PLACES[name]
        watch.expect(*place.provokes)
        page = browse(storage_state=known if place.known else None, **options)
        if script is not None:
            page.add_init_script(path=script)
        page.goto(place.path_of(resident, post))
        page.wait_for_load_state("networkidle")
        if place.arrange is not None:
            place.arrange(page, resident, post)
        return page

    return visited


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PLACES)
def test_a_page_fits_into_its_window(visit: Visit, name: str, theme: str, size: str) -> None:
    page = visit(name, color_scheme=theme, viewport=SIZES[size])

    page.screenshot(path=KEPT / f"screenshots/{name}-{theme}-{size}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") == SIZES[size]["width"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PLACES)
def test_everybody_can_use_a_page(visit: Visit, name: str, theme: str) -> None:
    page = visit(name, script=AXE, color_scheme=theme)

    found = page.evaluate("axe.run()")

    assert found["passes"]
    assert [
        (violation["id"], node["target"], node["failureSummary"])
        for violation in found["violations"]
        for node in violation["nodes"]
    ] == []


def test_the_html_of_every_page_is_valid(
    chromium: Browser, served: Served, resident: Author, post: int, known: dict[str, Any]
) -> None:
    folder = KEPT / "html"
    folder.mkdir(exist_ok=True)
    for name, place in PLACES.items():
        state = known if place.known else None
        with chromium.new_context(base_url=served.url, storage_state=state) as context:
            answer = context.request.get(place.path_of(resident, post))
            (folder / f"{name}.html").write_bytes(answer.body())

    config = Path(__file__).with_name("htmlvalidate.json")
    done = run([str(VALIDATE), "--config", str(config), str(folder)], cwd=KEPT, env={})

    assert done.returncode == 0, done.stdout + done.stderr
