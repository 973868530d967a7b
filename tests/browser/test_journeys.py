"""Two people use the blog, from the first visit to the last."""

import re
from dataclasses import replace

from playwright.sync_api import Page, Route, expect

from browser import steps
from browser.browsing import Browse
from browser.mailbox import reset_link_for
from browser.people import Author, somebody
from browser.watching import Watch
from processes import Served


def test_somebody_registers_logs_in_and_logs_out(page: Page) -> None:
    ada = somebody()

    steps.register(page, ada)
    steps.fill_in_login(page, ada)
    expect(page.get_by_role("link", name=ada.username)).to_be_visible()
    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    assert page.context.cookies() == []


def test_a_post_is_previewed_published_edited_and_read_by_somebody_else(
    adas_page: Page, browse: Browse
) -> None:
    adas_page.goto("/write")
    steps.fill_in_post(adas_page, "Hello", "It *works*.")
    adas_page.get_by_role("button", name="Preview").click()
    expect(adas_page.get_by_role("region", name="Preview").locator("em")).to_have_text("works")

    adas_page.get_by_role("button", name="Publish").click()
    expect(adas_page.get_by_role("heading", level=1)).to_have_text("Hello")
    adas_page.get_by_role("link", name="Edit", exact=True).click()
    steps.fill_in_post(adas_page, "Hello again", "It **still** works.")
    adas_page.get_by_role("button", name="Save").click()
    expect(adas_page.get_by_role("heading", level=1)).to_have_text("Hello again")

    bobs_page = browse()
    bobs_page.goto(adas_page.url)
    expect(bobs_page.get_by_role("heading", level=1)).to_have_text("Hello again")
    expect(bobs_page.get_by_role("main").locator("strong")).to_have_text("still")


def test_nobody_else_is_offered_to_edit_or_delete_a_post(ada: Author, page: Page) -> None:
    post_id = ada.publish("Mine")

    steps.register(page, bob := somebody("bob"))
    steps.log_in(page, bob)
    page.goto(f"/posts/{post_id}")

    expect(page.get_by_role("heading", level=1)).to_have_text("Mine")
    expect(page.get_by_role("link", name="Edit", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)


def test_a_post_is_deleted_only_after_a_second_question(adas_page: Page, ada: Author) -> None:
    post_id = ada.publish("Not for long")
    adas_page.goto(f"/posts/{post_id}")

    adas_page.get_by_role("button", name="Delete").click()
    adas_page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(adas_page.get_by_role("dialog")).to_have_count(0)
    assert ada.post(post_id)["title"] == "Not for long"

    adas_page.get_by_role("button", name="Delete").click()
    adas_page.get_by_role("dialog").get_by_role("button", name="Delete post").click()
    adas_page.wait_for_url("**/")
    assert ada.client.get(f"/api/posts/{post_id}").status_code == 404


def test_a_picture_is_previewed_uploaded_and_removed(adas_page: Page, ada: Author) -> None:
    adas_page.goto("/account")
    picture = adas_page.get_by_role("img", name="Your picture")

    steps.choose_picture(adas_page)
    expect(picture).to_have_attribute("src", re.compile("^blob:"))
    adas_page.get_by_role("button", name="Upload").click()
    expect(picture).to_have_attribute("src", re.compile("^/media/profile_pics/"))
    assert ada.me()["image_file"] is not None

    adas_page.get_by_role("button", name="Remove picture").click()
    expect(picture).to_have_attribute("src", re.compile("default"))
    assert ada.me()["image_file"] is None


def test_a_picture_on_its_way_is_seen_to_be(adas_page: Page) -> None:
    held: list[Route] = []
    adas_page.route("**/api/users/*/picture", lambda route: held.append(route))  # noqa: PLW0108
    adas_page.goto("/account")

    steps.choose_picture(adas_page)
    adas_page.get_by_role("button", name="Upload").click()
    expect(adas_page.get_by_role("progressbar", name="Upload")).to_be_visible()

    held[0].continue_()
    expect(adas_page.get_by_role("progressbar", name="Upload")).to_be_hidden()
    expect(adas_page.get_by_role("button", name="Remove picture")).to_be_visible()


def test_a_forgotten_password_is_replaced_by_way_of_the_mail(
    ada: Author, page: Page, served: Served
) -> None:
    account = ada.account
    page.goto("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill(account.email)
    page.get_by_role("button", name="Send reset link").click()
    expect(page.get_by_role("status").filter(has_text="If an account exists")).to_be_visible()

    page.goto(reset_link_for(served, account.email))
    assert "#" not in page.url
    page.get_by_label("New password", exact=True).fill("battery staple")
    page.get_by_label("Repeat new password").fill("battery staple")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("You can now log in with your new password.")).to_be_visible()

    steps.log_in(page, replace(account, password="battery staple"))


def test_a_password_is_changed_on_the_account_page(adas_page: Page, ada: Author) -> None:
    adas_page.goto("/account")
    adas_page.get_by_label("Current password").fill(ada.account.password)
    adas_page.get_by_label("New password", exact=True).fill("battery staple")
    adas_page.get_by_label("Repeat new password").fill("battery staple")
    adas_page.get_by_role("button", name="Change password").click()
    expect(adas_page.get_by_text("Password changed successfully")).to_be_visible()

    adas_page.get_by_role("button", name="Log out", exact=True).click()
    expect(adas_page.get_by_role("link", name="Log in")).to_be_visible()
    steps.log_in(adas_page, replace(ada.account, password="battery staple"))


def test_a_name_is_changed_on_the_account_page(adas_page: Page, ada: Author) -> None:
    other = somebody("countess").username
    adas_page.goto("/account")

    adas_page.get_by_label("Username").fill(other)
    adas_page.get_by_role("button", name="Save profile").click()

    expect(adas_page.get_by_role("link", name=other)).to_be_visible()
    assert ada.me()["username"] == other


def test_another_session_is_ended_on_the_account_page(
    adas_page: Page, ada: Author, browse: Browse
) -> None:
    other_page = browse(user_agent="Another browser")
    steps.enter(other_page, ada.account)
    adas_page.goto("/account")

    session = adas_page.get_by_role("listitem").filter(has_text="Another browser")
    session.get_by_role("button", name="End").click()
    expect(session).to_have_count(0)

    other_page.goto("/")
    expect(other_page.get_by_role("link", name="Log in")).to_be_visible()


def test_an_account_is_deleted_only_after_a_second_question(adas_page: Page, ada: Author) -> None:
    adas_page.goto("/account")

    adas_page.get_by_role("button", name="Delete account").click()
    adas_page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(adas_page.get_by_role("dialog")).to_have_count(0)
    assert ada.me()["username"] == ada.account.username

    adas_page.get_by_role("button", name="Delete account").click()
    adas_page.get_by_role("dialog").get_by_role("button", name="Delete my account").click()
    expect(adas_page.get_by_role("link", name="Log in")).to_be_visible()
    assert ada.client.get(f"/api/users/{ada.id}").status_code == 404


def test_a_wrong_password_is_told_and_nobody_is_let_in(
    ada: Author, page: Page, watch: Watch
) -> None:
    watch.expect("status of 401")
    page.goto("/login")

    steps.fill_in_login(page, replace(ada.account, password="wrong password"))

    expect(page.get_by_role("alert")).to_have_text("Incorrect email or password")
    assert page.context.cookies() == []


def test_a_name_that_is_taken_is_told_beside_its_field(
    ada: Author, page: Page, watch: Watch
) -> None:
    watch.expect("status of 400")
    page.goto("/register")

    steps.fill_in_registration(page, replace(somebody(), username=ada.account.username))

    name = page.get_by_label("Username")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description(re.compile("Username already exists"))


def test_whoever_logs_in_comes_back_to_where_they_were(ada: Author, page: Page) -> None:
    page.goto("/write")

    steps.fill_in_login(page, ada.account)

    page.wait_for_url("**/write")
