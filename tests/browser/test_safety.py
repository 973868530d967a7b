"""What a browser is given to keep, and how much it has to fetch."""

from playwright.sync_api import Page, Response

from browser import steps
from browser.people import Author

MOST_BYTES = 100_000
KEPT = "() => [...Object.entries(localStorage), ...Object.entries(sessionStorage)]"


def test_no_script_sees_the_session(adas_page: Page) -> None:
    adas_page.goto("/")

    (cookie,) = adas_page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert adas_page.evaluate("document.cookie") == ""


def test_no_token_is_kept_where_scripts_find_it(page: Page, ada: Author) -> None:
    steps.log_in(page, ada.account)
    page.goto("/write")
    steps.choose_theme(page, "dark")
    steps.fill_in_post(page, "A draft", "Of mine")
    page.get_by_text("Draft saved").wait_for()

    kept = page.evaluate(KEPT)

    (cookie,) = page.context.cookies()
    assert kept
    assert [
        key for key, value in kept if cookie["value"] in value or "token" in (key + value)
    ] == []


def is_picture(answer: Response) -> bool:
    return bool(answer.request.resource_type == "image")


def weight(answer: Response) -> int:
    """Return how many bytes an answer took on its way."""
    sizes = answer.request.sizes()
    return int(sizes["responseBodySize"] + sizes["responseHeadersSize"])


def test_a_first_visit_weighs_little(page: Page) -> None:
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - no builtin will do

    page.goto("/")
    page.wait_for_load_state("networkidle")

    weights = {answer.url: weight(answer) for answer in answers if not is_picture(answer)}
    assert len(weights) >= 3
    assert sum(weights.values()) < MOST_BYTES, weights
