"""The blog without a mouse."""

from playwright.sync_api import Page, expect

from browser.people import Author


def press_until_focused(page: Page, name: str, role: str = "button") -> None:
    """Press Tab until something has the focus, as somebody would who looks for it."""
    wanted = page.get_by_role(role, name=name, exact=True)
    for _ in range(60):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name!r}")


def test_the_first_tab_offers_to_skip_to_the_content(page: Page) -> None:
    page.goto("/")

    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")

    expect(page.get_by_role("main")).to_be_focused()


def test_somebody_logs_in_and_writes_by_keys_alone(page: Page, ada: Author) -> None:
    page.goto("/")

    press_until_focused(page, "Log in", role="link")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login**")
    press_until_focused(page, "E-mail", role="textbox")
    page.keyboard.type(ada.account.email)
    page.keyboard.press("Tab")
    page.keyboard.type(ada.account.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=ada.account.username)).to_be_visible()

    press_until_focused(page, "Write", role="link")
    page.keyboard.press("Enter")
    page.wait_for_url("**/write")
    press_until_focused(page, "Title", role="textbox")
    page.keyboard.type("Without a mouse")
    page.keyboard.press("Tab")
    page.keyboard.type("Only keys.")
    press_until_focused(page, "Publish")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Without a mouse")


def test_a_dialog_takes_the_focus_keeps_it_and_gives_it_back(adas_page: Page, ada: Author) -> None:
    adas_page.goto(f"/posts/{ada.publish('Mine')}")
    press_until_focused(adas_page, "Delete")

    adas_page.keyboard.press("Enter")
    dialog = adas_page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    for _ in range(5):
        adas_page.keyboard.press("Tab")
        assert adas_page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    adas_page.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(adas_page.get_by_role("button", name="Delete")).to_be_focused()


def test_a_field_that_is_wrong_takes_the_focus(page: Page) -> None:
    page.goto("/register")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.get_by_label("Repeat password").fill("another horse")

    page.keyboard.press("Enter")

    repeat = page.get_by_label("Repeat password")
    expect(repeat).to_be_focused()
    expect(repeat).to_have_attribute("aria-invalid", "true")


def test_the_focus_is_seen_wherever_it_is(page: Page) -> None:
    page.goto("/")

    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => {
                const style = getComputedStyle(document.activeElement);
                return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
            }"""
        )
        assert outline, page.evaluate("document.activeElement.outerHTML")
