"""What somebody does on the pages; things are found by the words on them."""

from playwright.sync_api import Page, expect

from blog_core.testing import builders
from browser.people import Account


def register(page: Page, account: Account) -> None:
    """Make an account; return when the page to log in is shown."""
    page.goto("/register")
    fill_in_registration(page, account)
    page.wait_for_url("**/login**")


def fill_in_registration(page: Page, account: Account) -> None:
    """Ask for an account, on the page for it."""
    page.get_by_label("Username").fill(account.username)
    page.get_by_label("E-mail").fill(account.email)
    page.get_by_label("Password", exact=True).fill(account.password)
    page.get_by_label("Repeat password").fill(account.password)
    page.get_by_role("button", name="Create account").click()


def fill_in_login(page: Page, account: Account) -> None:
    """Say who one is, on the page that asks for it."""
    page.get_by_label("E-mail").fill(account.email)
    page.get_by_label("Password", exact=True).fill(account.password)
    page.get_by_role("button", name="Log in").click()


def log_in(page: Page, account: Account) -> None:
    """Log in; return when the blog shows whom it knows."""
    page.goto("/login")
    fill_in_login(page, account)
    expect(page.get_by_role("link", name=account.username).first).to_be_visible()


def enter(page: Page, account: Account) -> None:
    """Be logged in without any page."""
    form = {"username": account.email, "password": account.password}
    answer = page.context.request.post("/api/session", form=form)
    assert answer.status == 204, answer.text()


def fill_in_post(page: Page, title: str, content: str) -> None:
    """Fill in the page that writes a post."""
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Content", exact=True).fill(content)


def publish(page: Page, title: str, content: str) -> None:
    """Write a post; return when it is shown."""
    page.goto("/write")
    fill_in_post(page, title, content)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def choose_picture(page: Page) -> None:
    """Choose a picture on the account page, and do not upload it yet."""
    file = {"name": "me.png", "mimeType": "image/png", "buffer": builders.png(600, 400)}
    page.get_by_label("Choose a picture").set_input_files(file)


def choose_theme(page: Page, theme: str) -> None:
    """Choose Light, Dark or Auto."""
    page.get_by_label("Theme").select_option(theme)
