import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog_core.domain import text
from blog_core.errors import InvalidText

Rule = Callable[[str], str]

RULES = [text.title, text.content, text.password, text.username, text.email]

TAKEN_AS_THEY_ARE = [
    (text.title, "x"),
    (text.title, " " * 100),
    (text.title, "🙂" * 100),
    (text.content, "x"),
    (text.content, "tab\tand\nnewline"),
    (text.content, "é" * 200_000),
    (text.content, " trailing and leading "),
    (text.password, "8 signs!"),
    (text.password, "🙂" * 128),
    (text.username, "x"),
    (text.username, "two words"),
    (text.username, "Ünïcödé 名前"),
    (text.username, "🙂" * 50),
    (text.email, "a@b"),
    (text.email, "corey@example.com"),
    (text.email, "o'brien+blog@mail.example.co.uk"),
    (text.email, "jürgen@müller.example"),
    (text.email, "x" * 108 + "@example.com"),
]

REFUSED = [
    (text.title, "", "too_short"),
    (text.title, "x" * 101, "too_long"),
    (text.title, "nul\0", "forbidden_character"),
    (text.title, "return\r", "forbidden_character"),
    (text.title, "escape\x1b", "forbidden_character"),
    (text.title, "half of a pair \ud83d", "forbidden_character"),
    (text.content, "", "too_short"),
    (text.content, "x" * 200_001, "too_long"),
    (text.content, "vertical\x0btab", "forbidden_character"),
    (text.password, "7 signs", "too_short"),
    (text.password, "x" * 129, "too_long"),
    (text.password, "password\0", "forbidden_character"),
    (text.username, "", "too_short"),
    (text.username, "x" * 51, "too_long"),
    (text.username, " ", "outer_space"),
    (text.username, "corey ", "outer_space"),
    (text.username, "\u3000corey", "outer_space"),
    (text.username, "nul\0", "forbidden_character"),
    (text.username, "line\nbreak", "invisible"),
    (text.username, "\x7fdelete", "invisible"),
    (text.username, "co\u2028rey", "invisible"),
    (text.username, "co\u200brey", "invisible"),
    (text.username, "co\u200drey", "invisible"),
    (text.username, "co\u202erey", "invisible"),
    (text.username, "co\u2066rey", "invisible"),
    (text.username, "co\xadrey", "invisible"),
    (text.username, "co\ufeffrey", "invisible"),
    (text.username, "co\U000e0041rey", "invisible"),
    (text.username, "co\ufe0frey", "invisible"),
    (text.username, "co\u3164rey", "invisible"),
    (text.username, "\u2800", "invisible"),
    (text.username, "co\u2065rey", "invisible"),
    (text.username, "co\ufff0rey", "invisible"),
    (text.username, "co\U000e0fffrey", "invisible"),
    (text.email, "", "too_short"),
    (text.email, "x" * 109 + "@example.com", "too_long"),
    (text.email, "=?utf-8?q?=0abcc?=@example.com", "not_an_address"),
    (text.email, "corey", "not_an_address"),
    (text.email, "corey@", "not_an_address"),
    (text.email, "@example.com", "not_an_address"),
    (text.email, "corey@@example.com", "not_an_address"),
    (text.email, "a@b@example.com", "not_an_address"),
    (text.email, "corey@example..com", "not_an_address"),
    (text.email, "corey..s@example.com", "not_an_address"),
    (text.email, ".corey@example.com", "not_an_address"),
    (text.email, " corey@example.com", "not_an_address"),
    (text.email, "corey@example.com\n", "not_an_address"),
    (text.email, "Corey <corey@example.com>", "not_an_address"),
    (text.email, "a@example.com,b@example.com", "not_an_address"),
    (text.email, "corey(comment)@example.com", "not_an_address"),
    (text.email, '"corey"@example.com', "not_an_address"),
    (text.email, "corey@[127.0.0.1]", "not_an_address"),
    (text.email, "co\u200brey@example.com", "not_an_address"),
    (text.email, "corey@example.com\r\nBcc: a@example.com", "forbidden_character"),
    (text.email, "corey@example.com\0", "forbidden_character"),
]

ONE_NAME = [
    ("straße", "STRASSE"),
    ("\u212a", "k"),
    ("\u212a", "K"),
    ("i\u0307", "İ"),
    (unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("ﬁsh", "FISH"),
    ("\uff43\uff4f\uff52\uff45\uff59", "corey"),
]

TWO_NAMES = [("corey", "corey1"), ("\u0131", "i"), ("e", "é"), ("corey", "co rey")]

ANY_TEXT = st.text(st.characters(exclude_categories=[]))
"""Whatever a `str` can hold, lone surrogates included."""

WORDS = st.text("aZ0-\xe9\xdf\u0130\u03a3\ufb01\U0001f642", min_size=1)
PLAUSIBLE = WORDS | st.builds("{}@{}.{}".format, WORDS, WORDS, WORDS) | ANY_TEXT
"""Texts that each rule takes now and then."""

SECRET = "\N{INTERROBANG}"
"""A character that is in no message."""

LONGEST_EXPANSION = 18  # the length of the key of U+FDFA


def spelled_differently(value: str) -> set[str]:
    """Return other spellings of a text that are the same name to people.

    Not in upper case, where the dotless i becomes another letter.
    """
    forms = {unicodedata.normalize(form, value) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    return forms | {value.lower(), value.casefold()}


@pytest.mark.parametrize(("rule", "value"), TAKEN_AS_THEY_ARE)
def test_a_text_within_the_rules_is_taken_as_it_is(rule: Rule, value: str) -> None:
    assert rule(value) == value


@pytest.mark.parametrize(("rule", "value", "reason"), REFUSED)
def test_a_text_outside_the_rules_is_refused_with_the_rules_name(
    rule: Rule, value: str, reason: str
) -> None:
    with pytest.raises(InvalidText) as refused:
        rule(value)

    assert (refused.value.field, refused.value.reason) == (rule.__name__, reason)


@pytest.mark.parametrize(("rule", "value", "_"), REFUSED)
def test_a_refusal_is_a_sentence_about_the_field(rule: Rule, value: str, _: str) -> None:
    with pytest.raises(InvalidText, match=rf"^{rule.__name__} must [a-z]"):
        rule(value)


def test_a_refusal_names_the_field_and_the_bound_and_not_the_text() -> None:
    with pytest.raises(InvalidText) as refused:
        text.password("hunter2")

    assert str(refused.value) == "password must have at least 8 characters"


def test_a_refusal_of_a_long_text_names_the_upper_bound() -> None:
    with pytest.raises(InvalidText, match=r"^password must have at most 128 characters$"):
        text.password("x" * 129)


def test_a_refusal_counts_one_character_in_the_singular() -> None:
    with pytest.raises(InvalidText, match=r"^title must have at least 1 character$"):
        text.title("")


def test_an_address_is_taken_in_lower_case() -> None:
    assert text.email("Corey@Example.COM") == "corey@example.com"


@given(value=PLAUSIBLE)
@pytest.mark.parametrize("rule", RULES)
def test_what_a_rule_takes_can_be_stored_and_sent(rule: Rule, value: str) -> None:
    try:
        taken = rule(value)
    except InvalidText:
        return

    assert all(byte >= 0x20 or byte in b"\t\n" for byte in taken.encode())


@given(value=PLAUSIBLE)
@pytest.mark.parametrize("rule", RULES)
def test_what_a_rule_has_taken_it_takes_again(rule: Rule, value: str) -> None:
    try:
        taken = rule(value)
    except InvalidText:
        return

    assert rule(taken) == taken


@given(before=ANY_TEXT, after=ANY_TEXT | st.just("x" * text.CONTENT_MAX))
@pytest.mark.parametrize("rule", RULES)
def test_no_refusal_repeats_the_text(rule: Rule, before: str, after: str) -> None:
    try:
        rule(before + SECRET + after)
    except InvalidText as refused:
        shown = f"{refused} {refused!r} {refused.field} {refused.reason}"
        assert SECRET not in shown


@pytest.mark.parametrize(("one", "other"), ONE_NAME)
def test_spellings_of_one_name_share_a_key(one: str, other: str) -> None:
    assert text.canonical_key(one) == text.canonical_key(other)


@pytest.mark.parametrize(("one", "other"), TWO_NAMES)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert text.canonical_key(one) != text.canonical_key(other)


@given(value=ANY_TEXT)
def test_the_key_of_a_key_is_the_key(value: str) -> None:
    key = text.canonical_key(value)

    assert text.canonical_key(key) == key


@given(value=ANY_TEXT)
def test_forms_and_cases_of_a_text_share_its_key(value: str) -> None:
    keys = {text.canonical_key(spelling) for spelling in spelled_differently(value)}

    assert keys == {text.canonical_key(value)}


@given(value=ANY_TEXT | st.text("\ufdfa\u3316\u0390\U0001d160\ufb03", min_size=1))
def test_a_key_has_at_most_eighteen_characters_for_each_of_the_text(value: str) -> None:
    assert len(text.canonical_key(value)) <= LONGEST_EXPANSION * len(value)


@given(value=ANY_TEXT)
def test_a_machines_text_prints_afterwards(value: str) -> None:
    assert text.printable(value).isprintable()


def test_what_does_not_print_is_left_out_of_a_machines_text() -> None:
    assert text.printable("Mozilla\r\n/5.0 \x1b[31m\u202e\ud800“x”") == "Mozilla/5.0 [31m“x”"
