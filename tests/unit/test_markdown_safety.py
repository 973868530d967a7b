"""Whatever is written, its HTML runs nothing and costs no more than it may."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog_api.markdown import EXCERPT_MAX, excerpt, rendered
from blog_core.domain.text import CONTENT_MAX
from payloads import CONTENTS, NAMES, TITLES

ALLOWED: dict[str, set[str]] = {
    **{tag: set() for tag in ("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul")},
    **{tag: set() for tag in ("em", "strong", "s", "table", "thead", "tbody", "tr")},
    **{tag: {"class"} for tag in ("td", "th", "sup", "code")},
    "ol": {"start"},
    "li": {"id"},
    "pre": {"tabindex"},
    "div": {"class", "role", "aria-label", "tabindex"},
    "section": {"class", "aria-label"},
    "a": {"href", "title", "rel", "id", "class", "aria-label"},
    "img": {"src", "alt", "title", "loading", "referrerpolicy"},
}
"""The attributes that an element may have."""

CLASSES = re.compile(
    r"table|footnotes|footnote-ref|footnote-back|align-(left|center|right)|language-[\w.+#-]+"
)


class Reader(HTMLParser):
    """Reads HTML, and takes offence at what is not allowed."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= ALLOWED[tag]
        found = {name: value or "" for name, value in attrs}
        assert CLASSES.fullmatch(found.get("class", "table"))
        assert re.fullmatch(r"fn(ref)?-preview-\d+(:\d+)?", found.get("id", "fn-preview-1"))
        if tag == "a":
            assert urlsplit(found.get("href", "")).scheme in {"", "http", "https", "mailto"}
            assert found["rel"] == "nofollow noopener ugc"
        if tag == "img":
            # What is no address at all is taken off.
            address = urlsplit(found.get("src", ""))
            assert address.scheme == "https" or not (address.scheme or address.netloc)
            assert (found["loading"], found["referrerpolicy"]) == ("lazy", "no-referrer")

    def handle_comment(self, data: str) -> None:
        pytest.fail(data)

    def handle_decl(self, decl: str) -> None:
        pytest.fail(decl)

    def handle_pi(self, data: str) -> None:
        pytest.fail(data)


def read(html: str) -> None:
    reader = Reader()
    reader.feed(html)
    reader.close()


def test_there_are_three_hundred_payloads_for_each_place() -> None:
    assert min(len(set(payloads)) for payloads in (TITLES, NAMES, CONTENTS)) >= 300


@pytest.mark.parametrize("payload", CONTENTS)
def test_a_payload_stays_a_text(payload: str) -> None:
    read(rendered(payload))


FRAGMENTS = [
    *("<", ">", "[", "]", "(", ")", "![", "](", "]: ", "[^1]", "[^1]: ", "`", "```", "~~~", "|"),
    *("\n", "\n\n", "    ", "> ", "- ", "1. ", "# ", "|-|\n", "*", "**", "_", "~~", "\\", "&", ";"),
    *("<script>", "</script>", "<img src=x onerror=", "<svg ", "onload=", "<!--", "-->", "]]>"),
    *("javascript:", "data:", "https://", "//", "mailto:", "&#106;", "&colon;", "&lt;", "&quot;"),
    *('"', "'", "=", "/", ":", "\t", "\u00a0", "\u2028", "\ufeff", "alert(1)", "x", "é"),
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=40).map("".join))
def test_so_does_whatever_can_be_made_of_their_parts(content: str) -> None:
    read(rendered(content))


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=9), max_size=99).map("".join))
def test_an_excerpt_is_one_short_line(content: str) -> None:
    text = excerpt(content)

    assert len(text) <= EXCERPT_MAX
    assert text == " ".join(text.split())


def repeated(part: str, *, after: str = "") -> str:
    return (after + part * CONTENT_MAX)[:CONTENT_MAX]


COSTLY = {
    "cells that nobody wrote": repeated("|a" * 99 + "|\n" + "|-" * 99 + "|\n" + "a\n" * 300 + "\n"),
    "one wide table": repeated("|" * 20 + "\n", after="|a" * 20 + "|\n" + "|-" * 20 + "|\n"),
    "a long address, used again": repeated("[a]", after=f"[a]: {'b' * 90_000}\n\n"),
    "references to a footnote": repeated("[^1]", after="[^1]: a\n\n"),
    "footnotes that do not end": repeated("[^a", after="[^1]: a\n\n"),
    "footnotes in footnotes": repeated("[^1]:"),
    "quotations in quotations": repeated("> "),
    "lists in lists": repeated("- "),
    "links that do not end": repeated("[a]("),
    "pictures in pictures": repeated("!["),
    "emphasis that does not end": repeated("*a_ "),
    "runs of backticks": " ".join("`" * n for n in range(600)),
    "entities": repeated("&"),
}


@pytest.mark.parametrize("content", COSTLY.values(), ids=COSTLY)
def test_a_costly_content_becomes_ten_times_as_long_at_most(content: str) -> None:
    html = rendered(content)

    assert len(html) <= 10 * len(content)


@pytest.mark.parametrize("content", ["> " * 40 + "deep", "*a* <b> & _c_ " * 14_000])
def test_what_would_cost_too_much_is_shown_as_it_was_typed(content: str) -> None:
    html = rendered(f"first\n \n{content}")

    shown = content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").strip()
    assert html == f"<p>first</p>\n<p>{shown}</p>\n"


def test_a_large_text_with_marks_here_and_there_is_rendered() -> None:
    html = rendered("A few plain words and one *mark*, [here](/x). " * 4_300)

    assert html.count("<em>mark</em>") == 4_300
