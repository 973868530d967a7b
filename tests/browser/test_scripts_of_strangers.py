"""Hundreds of texts that would run a script, in every place that shows one; none of them does."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from dependency_injector import providers
from playwright.sync_api import Browser, Dialog, Page

from blog_adapters.container import Container, close, prepare
from blog_adapters.memory import MemoryPasswords
from blog_adapters.settings import Settings
from blog_core.domain.access import Actor
from blog_core.errors import InvalidText, UsernameTaken
from blog_core.testing import builders
from browser import steps
from browser.browsing import PATIENCE, new_blog
from browser.people import registered, somebody
from payloads import CONTENTS, NAMES, TITLES
from processes import Served

TOGETHER = 48
"""How many contents stand in one post."""

FOUND = """() => [...document.querySelectorAll("*")].flatMap((element) => [
    ...[...element.attributes].filter(({name}) => name.startsWith("on")).map(({name}) => name),
    ...["href", "src", "action", "formAction", "data"].map((name) => element[name])
        .filter((address) => /^(javascript|vbscript|data):/i.test(address)),
    ...(element.matches("main :is(script, style, iframe, object, embed, form form, svg script)")
        ? [element.tagName] : []),
])"""
"""Whatever in a page could still run when it is touched."""


@pytest.fixture(scope="module")
def attacked() -> Iterator[Served]:
    """A blog that has the texts as names, titles and contents."""
    with new_blog(POSTS_PER_PAGE="100") as served:
        # Playwright has the event loop of this thread.
        with ThreadPoolExecutor(1) as apart:
            apart.submit(asyncio.run, attack(served)).result()
        yield served


async def attack(served: Served) -> None:
    """Let everybody be named after a text and publish one, and one more publish them together."""
    blog = Container(settings=Settings(data_dir=served.folder / "var", rate_limits="off"))
    blog.passwords.override(providers.Object(MemoryPasswords()))
    try:
        await prepare(blog)
        actors = [actor for name in NAMES if (actor := await named(blog, name))]
        assert len(actors) > len(NAMES) / 2
        for number, content in enumerate(CONTENTS):
            title = TITLES[number % len(TITLES)]
            author = actors[number % len(actors)]
            await blog.posts().publish(actor=author, title=title, content=content)
        for contents in batches(CONTENTS):
            content = "\n\n".join(contents)
            await blog.posts().publish(actor=actors[0], title="Together", content=content)
    finally:
        await close(blog)


async def named(blog: Container, name: str) -> Actor | None:
    """Return somebody of that name; None where that is none, or another's but for its case."""
    email = f"{somebody().username}@example.com"
    with suppress(InvalidText, UsernameTaken):
        user = await blog.users().register(username=name, email=email, password="correct horse")
        return Actor(user=user, session=builders.session(user.id))
    return None


def batches(contents: Sequence[str]) -> list[Sequence[str]]:
    return [contents[start : start + TOGETHER] for start in range(0, len(contents), TOGETHER)]


@contextmanager
def watched(
    chromium: Browser, blog: Served, *, bypass_csp: bool
) -> Iterator[tuple[Page, list[str]]]:
    """Open a page, and a list that fills with what scripts of strangers say."""
    said: list[str] = []
    with chromium.new_context(base_url=blog.url, bypass_csp=bypass_csp) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()

        def hear(dialog: Dialog) -> None:
            said.append(f"{page.url}: {dialog.message}")
            dialog.dismiss()

        context.on("dialog", hear)
        yield page, said


def test_a_script_that_runs_is_noticed(chromium: Browser, attacked: Served) -> None:
    with watched(chromium, attacked, bypass_csp=True) as (page, said):
        page.goto("/")
        page.evaluate("document.body.innerHTML = '<img src=/nothing onerror=alert(1)>'")
        page.wait_for_function("document.images[0].complete")

    assert len(said) == 1


def test_the_policy_alone_holds_what_would_come_into_a_page(
    chromium: Browser, attacked: Served
) -> None:
    with watched(chromium, attacked, bypass_csp=False) as (page, said):
        page.goto("/")
        for payload in CONTENTS:
            page.evaluate(
                "payload => document.body.insertAdjacentHTML('beforeend', payload)", payload
            )
        page.wait_for_load_state("networkidle")

    assert said == []


@pytest.mark.parametrize("bypass_csp", [False, True])
def test_no_list_runs_anything(chromium: Browser, attacked: Served, bypass_csp: bool) -> None:
    seen = 0
    with watched(chromium, attacked, bypass_csp=bypass_csp) as (page, said):
        where: str | None = "/"
        while where:
            page.goto(where)
            seen += page.locator("main article h2 a").count()
            assert page.evaluate(FOUND) == []
            more = page.locator("a[rel=next]")
            where = more.get_attribute("href") if more.count() else None

    assert seen == len(CONTENTS) + len(batches(CONTENTS))
    assert said == []


@pytest.mark.parametrize("bypass_csp", [False, True])
def test_no_post_runs_anything(chromium: Browser, attacked: Served, bypass_csp: bool) -> None:
    with watched(chromium, attacked, bypass_csp=bypass_csp) as (page, said):
        page.goto("/")
        for path in together(page):
            page.goto(path)
            assert page.evaluate(FOUND) == []

    assert said == []


def together(page: Page) -> list[str]:
    """Return where the posts are that hold many contents; they are the newest."""
    links = page.get_by_role("link", name="Together", exact=True).all()
    assert len(links) == len(batches(CONTENTS))
    return [str(link.get_attribute("href")) for link in links]


def test_no_preview_runs_anything(chromium: Browser, attacked: Served) -> None:
    with (
        registered(attacked, somebody()) as ada,
        watched(chromium, attacked, bypass_csp=True) as (page, said),
    ):
        steps.enter(page, ada.account)
        page.goto("/write")
        page.get_by_role("button", name="Preview").click()
        preview = page.get_by_role("region", name="Preview")
        for number, contents in enumerate(batches(CONTENTS)):
            marked = "\n\n".join([f"Number {number}.", *contents])
            steps.fill_in_post(page, TITLES[number], marked)
            preview.get_by_text(f"Number {number}.").wait_for()
            assert page.evaluate(FOUND) == []

    assert said == []


def test_nobodys_own_name_runs_anything(chromium: Browser, attacked: Served) -> None:
    with (
        registered(attacked, somebody()) as ada,
        watched(chromium, attacked, bypass_csp=True) as (page, said),
    ):
        steps.enter(page, ada.account)
        for name in [
            '"><img src=x onerror=alert(2)>',
            "'-alert(2)-'",
            "</title><svg onload=alert(2)>",
        ]:
            ada.client.patch(f"/api/users/{ada.id}", json={"username": name}).raise_for_status()
            for path in ("/account", f"/users/{ada.id}/posts", "/write"):
                page.goto(path)
                assert page.evaluate(FOUND) == []

    assert said == []
