"""Light and dark, chosen or as the system has it."""

import re

import pytest
from playwright.sync_api import Page, expect

from browser import steps
from browser.browsing import Browse

COLOURS = """() => [...document.querySelectorAll("body, body *")].map((element) => {
    const {color, backgroundColor, borderTopColor} = getComputedStyle(element);
    return [element.tagName, color, backgroundColor, borderTopColor];
})"""
BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"


def is_dark(page: Page) -> bool:
    colour = re.findall(r"\d+", str(page.evaluate(BACKGROUND)))
    return sum(map(int, colour[:3])) < 3 * 128


@pytest.mark.parametrize(("theme", "system"), [("dark", "light"), ("light", "dark")])
def test_a_chosen_theme_is_kept_whatever_the_system_has(
    browse: Browse, theme: str, system: str
) -> None:
    page = browse(color_scheme=system)
    page.goto("/")
    steps.choose_theme(page, theme)
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    expect(page.get_by_label("Theme")).to_have_value(theme)
    assert is_dark(page) == (theme == "dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_looks_like_the_systems(browse: Browse, theme: str) -> None:
    chosen, followed = browse(color_scheme="light"), browse(color_scheme=theme)
    for page in (chosen, followed):
        page.goto("/")
    steps.choose_theme(chosen, theme)
    chosen.reload()  # nothing is on its way from one colour to another

    assert chosen.evaluate(COLOURS) == followed.evaluate(COLOURS)


def test_auto_follows_the_system(page: Page) -> None:
    page.goto("/")

    page.emulate_media(color_scheme="dark")
    assert is_dark(page)
    page.emulate_media(color_scheme="light")
    assert not is_dark(page)


def test_auto_can_be_chosen_again(browse: Browse) -> None:
    page = browse(color_scheme="light")
    page.goto("/")

    steps.choose_theme(page, "dark")
    assert is_dark(page)
    steps.choose_theme(page, "auto")
    assert not is_dark(page)
