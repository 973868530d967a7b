"""Chromium before a blog that is really served; what goes wrong in any page fails the test."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from browser import steps
from browser.browsing import CHROMIUM, FLAGS, PATIENCE, Browse, new_blog
from browser.people import Author, registered, somebody
from browser.watching import Watch
from processes import Served, run_blog


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """A blog with the authors and posts of `blog demo`, and what the tests before have added."""
    with new_blog() as served:
        filled = run_blog(served.folder, "demo")
        assert filled.returncode == 0, filled.stderr
        yield served


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def watch(served: Served) -> Iterator[Watch]:
    """What goes wrong in the pages of this test; anything unexpected fails it at its end."""
    watch = Watch(served.url)
    yield watch
    assert watch.verdict() == []


@pytest.fixture
def browse(chromium: Browser, served: Served, watch: Watch) -> Iterator[Browse]:
    """Open pages, each in a profile of its own that ends with the test."""
    contexts: list[BrowserContext] = []

    def opened(**options: Any) -> Page:  # noqa: ANN401 - Playwright's own keywords
        context = chromium.new_context(base_url=served.url, **options)
        context.set_default_timeout(PATIENCE)
        watch.over(context)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(browse: Browse) -> Page:
    """A page of somebody who was never here."""
    return browse()


@pytest.fixture
def ada(served: Served) -> Iterator[Author]:
    """Somebody new who writes by the API."""
    with registered(served, somebody()) as author:
        yield author


@pytest.fixture
def adas_page(browse: Browse, ada: Author) -> Page:
    """A page on which she is logged in."""
    page = browse()
    steps.enter(page, ada.account)
    return page
