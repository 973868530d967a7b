from datetime import timedelta
from html.parser import HTMLParser
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog_core.domain.mail import Mail, password_reset_mail
from blog_core.testing.builders import minutes

MAIL_ID = UUID("0b2c5d0e-4c1f-4a53-9c55-6fd1f1a7a1c2")
LINK = "https://blog.example/reset-password#token=abc"


def reset_mail(username: str = "corey", lifetime: timedelta = timedelta(hours=1)) -> Mail:
    return password_reset_mail(
        mail_id=MAIL_ID,
        to="corey@example.com",
        username=username,
        link=LINK,
        lifetime=lifetime,
    )


def test_a_reset_mail_goes_to_the_address_under_the_given_id() -> None:
    mail = reset_mail()

    assert (mail.id, mail.to) == (MAIL_ID, "corey@example.com")


@pytest.mark.parametrize("username", ["corey", "eve\r\nBcc: all@example.com"])
def test_the_subject_is_the_same_for_everybody(username: str) -> None:
    assert reset_mail(username).subject == "Reset Your Password - FastAPI Blog"


def test_both_texts_carry_the_link_and_the_name() -> None:
    mail = reset_mail()

    assert LINK in mail.text
    assert f'href="{LINK}"' in mail.html
    assert "Hello corey," in mail.text
    assert "Hello corey," in mail.html


@pytest.mark.parametrize(
    ("lifetime", "words"),
    [
        (minutes(1), "1 minute"),
        (minutes(59), "59 minutes"),
        (minutes(60), "1 hour"),
        (minutes(90), "90 minutes"),
        (minutes(120), "2 hours"),
    ],
)
def test_both_texts_say_how_long_the_link_works(lifetime: timedelta, words: str) -> None:
    mail = reset_mail(lifetime=lifetime)

    assert f"expires in {words}." in mail.text
    assert f"expires in {words}." in mail.html


def test_a_name_that_looks_like_markup_is_only_text() -> None:
    mail = reset_mail('<b title="x">&')

    assert '<b title="x">&' in mail.text
    assert "&lt;b title=&quot;x&quot;&gt;&amp;" in mail.html


def test_a_name_that_looks_like_a_placeholder_is_only_text() -> None:
    mail = reset_mail("$link ${link} $$")

    assert "Hello $link ${link} $$," in mail.text
    assert "Hello $link ${link} $$," in mail.html


class Page(HTMLParser):
    """What a mail reader makes of a page: its tags and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[object] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        """Keep some words."""
        self.words.append(data)


@given(username=st.text("<>&\"'=/!-;#$ax1{} ", min_size=1) | st.text(min_size=1))
def test_no_name_adds_to_the_markup(username: str) -> None:
    page, plain = Page(reset_mail(username).html), Page(reset_mail("corey").html)

    assert page.tags == plain.tags
    assert "".join(page.words) == "".join(plain.words).replace("corey", username)
