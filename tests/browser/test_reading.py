"""Reading: to the end of a list that grows, without scripts, in the reader's own time."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from browser.browsing import Browse
from browser.people import Author
from browser.watching import Watch

SHOWN = "main article h2 a"
FAR_AWAY = "Pacific/Kiritimati"
"""14 hours before everybody else's day begins."""


def titles(page: Page) -> list[str]:
    return [str(title) for title in page.locator(SHOWN).all_inner_texts()]


def everything(author: Author) -> list[str]:
    """Return the titles of all posts, newest first, as the API lists them."""
    found: list[str] = []
    where: dict[str, str | None] = {"cursor": None}
    while True:
        asked = {"limit": "100", **{name: value for name, value in where.items() if value}}
        page = author.client.get("/api/posts", params=asked).raise_for_status().json()
        found += [post["title"] for post in page["posts"]]
        where = {"cursor": page["next_cursor"]}
        if where["cursor"] is None:
            return found


def load_more(page: Page) -> None:
    """Ask for more, and wait until it is there."""
    before = page.locator(SHOWN).count()
    page.get_by_role("link", name="Load more").click()
    expect(page.locator(SHOWN).nth(before)).to_be_attached()


def test_load_more_ends_with_every_post_once_though_others_are_added(
    page: Page, ada: Author
) -> None:
    page.goto("/")
    posts = everything(ada)

    while page.locator(SHOWN).count() < len(posts):
        ada.publish("Meanwhile")
        load_more(page)

    assert titles(page) == posts
    expect(page.get_by_role("link", name="Load more")).to_have_count(0)


def test_load_more_shows_an_authors_posts_and_nobody_elses(page: Page, ada: Author) -> None:
    posts = [f"Post {number}" for number in range(12)]
    for title in posts:
        ada.publish(title)
    page.goto(f"/users/{ada.id}/posts")

    load_more(page)

    assert titles(page) == posts[::-1]


def test_load_more_that_fails_can_be_tried_again(page: Page, watch: Watch) -> None:
    watch.expect("failed: GET", "ERR_INTERNET_DISCONNECTED")
    page.goto("/")
    page.route("**/?cursor=*", lambda route: route.abort("internetdisconnected"))
    page.locator("a[rel=next]").click()
    expect(page.get_by_role("main")).to_contain_text("try again", ignore_case=True)

    page.unroute("**/?cursor=*")
    before = page.locator(SHOWN).count()
    page.locator("a[rel=next]").click()

    expect(page.locator(SHOWN).nth(before)).to_be_attached()


def test_everything_can_be_read_without_scripts(browse: Browse, ada: Author) -> None:
    posts = everything(ada)
    page = browse(java_script_enabled=False)
    page.goto("/")

    read = titles(page)
    while page.get_by_role("link", name="Load more").count():
        page.get_by_role("link", name="Load more").click()
        read += titles(page)

    assert read == posts


def test_a_post_and_its_author_can_be_read_without_scripts(browse: Browse, ada: Author) -> None:
    ada.publish("For everybody", "It *works*.")
    page = browse(java_script_enabled=False)
    page.goto("/")

    page.get_by_role("link", name="For everybody").first.click()
    expect(page.get_by_role("main").locator("em")).to_have_text("works")
    page.get_by_role("main").get_by_role("link", name=ada.account.username).first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(ada.account.username)


def test_a_time_is_the_readers_with_the_exact_one_on_hover(browse: Browse, ada: Author) -> None:
    post_id = ada.publish("Now")
    posted = datetime.fromisoformat(ada.post(post_id)["date_posted"])
    there = posted.astimezone(ZoneInfo(FAR_AWAY))
    page = browse(timezone_id=FAR_AWAY, locale="en-GB")
    page.goto(f"/posts/{post_id}")

    time = page.get_by_role("time").first

    expect(time).to_have_attribute("datetime", f"{posted:%Y-%m-%dT%H:%M:%SZ}")
    expect(time).to_have_attribute("title", re.compile(f"{there:%H:%M}"))
    expect(time).to_contain_text(f"{there.day} {there:%B %Y}")
