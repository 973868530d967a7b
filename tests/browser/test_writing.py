"""What is written is not lost: by a save that fails, a page that is left, or somebody quicker."""

from playwright.sync_api import Page, Route, expect

from browser import steps
from browser.browsing import Browse
from browser.people import Author
from browser.watching import Watch


def cut(route: Route) -> None:
    """Let a request fail as it does without a network."""
    route.abort("internetdisconnected")


def expect_written(page: Page, title: str, content: str) -> None:
    expect(page.get_by_label("Title", exact=True)).to_have_value(title)
    expect(page.get_by_label("Content", exact=True)).to_have_value(content)


def test_a_draft_comes_back_when_the_page_was_left(adas_page: Page) -> None:
    adas_page.goto("/write")
    steps.fill_in_post(adas_page, "Half a thought", "To be continued")
    expect(adas_page.get_by_text("Draft saved")).to_be_visible()

    adas_page.goto("/")
    adas_page.goto("/write")

    expect_written(adas_page, "Half a thought", "To be continued")


def test_a_save_without_a_network_says_so_and_loses_nothing(adas_page: Page, watch: Watch) -> None:
    watch.expect("failed: POST", "ERR_INTERNET_DISCONNECTED")
    adas_page.route("**/api/posts", cut)
    adas_page.goto("/write")
    steps.fill_in_post(adas_page, "Precious", "An hour of work")

    adas_page.get_by_role("button", name="Publish").click()
    expect(adas_page.get_by_role("alert")).to_contain_text("Network error")
    expect_written(adas_page, "Precious", "An hour of work")
    adas_page.reload()
    expect_written(adas_page, "Precious", "An hour of work")

    adas_page.unroute("**/api/posts")
    adas_page.get_by_role("button", name="Publish").click()
    expect(adas_page.get_by_role("heading", level=1)).to_have_text("Precious")


def test_a_save_that_the_server_cannot_make_says_so_and_loses_nothing(
    adas_page: Page, watch: Watch
) -> None:
    watch.expect("status of 503")
    problem = {"status": 503, "detail": "The database is not available", "code": "unavailable"}
    adas_page.route("**/api/posts", lambda route: route.fulfill(status=503, json=problem))
    adas_page.goto("/write")
    steps.fill_in_post(adas_page, "Precious", "An hour of work")

    adas_page.get_by_role("button", name="Publish").click()

    expect(adas_page.get_by_role("alert")).to_contain_text("The database is not available")
    adas_page.reload()
    expect_written(adas_page, "Precious", "An hour of work")


def test_a_draft_is_gone_once_it_is_published(adas_page: Page) -> None:
    steps.publish(adas_page, "Done", "And told")

    adas_page.goto("/write")

    expect_written(adas_page, "", "")


def test_a_post_that_the_api_refuses_is_told_beside_its_field(
    adas_page: Page, watch: Watch
) -> None:
    watch.expect("status of 422")
    adas_page.goto("/write")
    steps.fill_in_post(adas_page, "A title", "\x01")

    adas_page.get_by_role("button", name="Publish").click()

    content = adas_page.get_by_label("Content", exact=True)
    expect(content).to_have_attribute("aria-invalid", "true")


def stale_edit(page: Page, author: Author) -> int:
    """Let somebody be slower than another, who has changed the same post."""
    post_id = author.publish("As it was", "Once")
    page.goto(f"/posts/{post_id}/edit")
    author.change(post_id, title="Theirs", content="By the quicker one")
    steps.fill_in_post(page, "Mine", "By the slower one")
    page.get_by_role("button", name="Save").click()
    return post_id


def test_a_stale_save_shows_both_versions(adas_page: Page, ada: Author, watch: Watch) -> None:
    watch.expect("status of 412")

    post_id = stale_edit(adas_page, ada)

    meanwhile = adas_page.get_by_role("region", name="This post was changed meanwhile")
    expect(meanwhile).to_contain_text("By the slower one")
    expect(meanwhile).to_contain_text("By the quicker one")
    assert ada.post(post_id)["title"] == "Theirs"


def test_whoever_was_slower_may_keep_theirs(adas_page: Page, ada: Author, watch: Watch) -> None:
    watch.expect("status of 412")
    post_id = stale_edit(adas_page, ada)

    adas_page.get_by_role("button", name="Keep mine").click()

    expect(adas_page.get_by_role("heading", level=1)).to_have_text("Mine")
    assert ada.post(post_id)["content"] == "By the slower one"


def test_whoever_was_slower_may_take_what_is_there(
    adas_page: Page, ada: Author, watch: Watch
) -> None:
    watch.expect("status of 412")
    post_id = stale_edit(adas_page, ada)

    adas_page.get_by_role("button", name="Take theirs").click()
    expect_written(adas_page, "Theirs", "By the quicker one")
    adas_page.get_by_role("button", name="Save").click()

    expect(adas_page.get_by_role("heading", level=1)).to_have_text("Theirs")
    assert ada.post(post_id)["content"] == "By the quicker one"


def test_of_two_browsers_with_one_post_the_slower_is_asked(
    adas_page: Page, ada: Author, browse: Browse, watch: Watch
) -> None:
    watch.expect("status of 412")
    post_id = ada.publish("As it was", "Once")
    elsewhere = browse()
    steps.enter(elsewhere, ada.account)
    for each in (adas_page, elsewhere):
        each.goto(f"/posts/{post_id}/edit")

    steps.fill_in_post(elsewhere, "From elsewhere", "Quick")
    elsewhere.get_by_role("button", name="Save").click()
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("From elsewhere")
    steps.fill_in_post(adas_page, "From here", "Slow")
    adas_page.get_by_role("button", name="Save").click()

    meanwhile = adas_page.get_by_role("region", name="This post was changed meanwhile")
    expect(meanwhile).to_contain_text("From elsewhere")


def test_who_logs_out_in_one_tab_leaves_no_draft_in_another(adas_page: Page) -> None:
    adas_page.goto("/write")
    steps.fill_in_post(adas_page, "For nobody else", "At this browser")
    expect(adas_page.get_by_text("Draft saved")).to_be_visible()
    other = adas_page.context.new_page()
    other.goto("/")

    other.get_by_role("button", name="Log out").click()

    adas_page.wait_for_url("**/login")
    assert "For nobody else" not in str(adas_page.evaluate("Object.entries(localStorage)"))


def test_what_was_not_changed_stays_as_it_is(adas_page: Page, ada: Author) -> None:
    post_id = ada.publish("A title\nof two lines", "As it was")
    adas_page.goto(f"/posts/{post_id}/edit")
    adas_page.get_by_label("Content", exact=True).fill("As it is")

    adas_page.get_by_role("button", name="Save").click()

    adas_page.wait_for_url(f"**/posts/{post_id}")
    post = ada.post(post_id)
    ada.client.delete(f"/api/posts/{post_id}")  # other tests read titles off the pages
    assert (post["title"], post["content"]) == ("A title\nof two lines", "As it is")
