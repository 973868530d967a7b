"""Every page of the blog, and how to come to it."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from browser import steps
from browser.people import Author

ARTICLE = """\
A first paragraph with *emphasis*, **strength**, `code` and [a link](https://example.com). It goes
on for a while, so that one sees how long the lines are, and how far they are from each other.[^1]

# A heading

> Simplicity is prerequisite for reliability.

```python
def fibonacci(number: int) -> int:
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)  # too long
```

## A smaller one

1. One
2. Two
   - and a half

| language | year | who                       |
| -------- | ---: | ------------------------- |
| Lisp     | 1958 | John McCarthy             |
| Simula   | 1962 | Ole-Johan Dahl, K. Nygaard |

![A picture](/static/profile_pics/default.jpg)

---

Averylongwordthathasnoplacetobreakandgoesonandonandonandonandonandonandonandonandonandonandonandonandon

[^1]: And a footnote.
"""


Arrange = Callable[[Page, Author, int], None]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page.

    Args:
        path: `{post}` is a post of whoever visits, `{author}` they themselves.
        known: whether they are logged in.
        arrange: what they do there before the page is as it is meant here.
        provokes: what the browser complains of on the way.
    """

    path: str
    known: bool = False
    arrange: Arrange | None = None
    provokes: tuple[str, ...] = ()

    def path_of(self, author: Author, post: int) -> str:
        """Return where it is."""
        return self.path.format(author=author.id, post=post)


def _open_dialog(page: Page, _author: Author, _post: int) -> None:
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _preview(page: Page, _author: Author, _post: int) -> None:
    steps.fill_in_post(page, "A title", ARTICLE)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview").get_by_role("table")).to_be_visible()


def _be_slower(page: Page, author: Author, post: int) -> None:
    author.change(post, content=f"{ARTICLE}\n\nChanged by somebody quicker.")
    steps.fill_in_post(page, "Everything at once", "By somebody slower.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="This post was changed meanwhile")).to_be_visible()


def _know_sessions(page: Page, _author: Author, _post: int) -> None:
    expect(page.get_by_role("listitem").get_by_text("This browser")).to_be_visible()


PLACES = {
    "home": Place(path="/"),
    "home-known": Place(path="/", known=True),
    "post": Place(path="/posts/{post}"),
    "post-own": Place(path="/posts/{post}", known=True),
    "post-deleting": Place(path="/posts/{post}", known=True, arrange=_open_dialog),
    "author": Place(path="/users/{author}/posts"),
    "login": Place(path="/login"),
    "register": Place(path="/register"),
    "forgot": Place(path="/forgot-password"),
    "reset": Place(path="/reset-password#token=unknown"),
    "reset-without-token": Place(path="/reset-password"),
    "write": Place(path="/write", known=True),
    "write-preview": Place(path="/write", known=True, arrange=_preview),
    "edit": Place(path="/posts/{post}/edit", known=True),
    "edit-stale": Place(
        path="/posts/{post}/edit", known=True, arrange=_be_slower, provokes=("status of 412",)
    ),
    "account": Place(path="/account", known=True, arrange=_know_sessions),
    "not-found": Place(path="/posts/0", provokes=("status of 404",)),
    "wrong": Place(path="/posts/word", provokes=("status of 422",)),
}
