import re
from collections.abc import Iterator

import pytest

from blog_core import errors
from blog_core.errors import BlogError, Forbidden, Invalid, InvalidText, TooManyRequests


def all_of(error: type[BlogError]) -> Iterator[type[BlogError]]:
    yield error
    for more_special in error.__subclasses__():
        yield from all_of(more_special)


ERRORS = [error for error in all_of(BlogError) if error.__module__ == errors.__name__]


@pytest.mark.parametrize("error", ERRORS)
def test_the_drawn_tree_shows_every_error_below_its_parent(error: type[BlogError]) -> None:
    drawn = re.search(rf"^( +(?:[│├└─ ]*)){error.__name__}\b", errors.__doc__ or "", re.MULTILINE)

    assert drawn
    depth = error.__mro__.index(BlogError)
    assert len(drawn[1]) == 4 * (depth + 1)


def test_each_error_has_a_code_of_its_own() -> None:
    codes = [error.code for error in ERRORS]

    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("error", ERRORS)
def test_a_code_is_snake_case(error: type[BlogError]) -> None:
    assert re.fullmatch("[a-z]+(_[a-z]+)*", error.code)


@pytest.mark.parametrize(
    "error", sorted(set(ERRORS) - {Forbidden, InvalidText, TooManyRequests}, key=str)
)
def test_an_error_without_words_says_its_own_sentence(error: type[BlogError]) -> None:
    assert str(error()) == error.message


def test_an_error_may_say_more() -> None:
    assert str(errors.InvalidImage("File too large. Maximum size is 5MB")) == (
        "File too large. Maximum size is 5MB"
    )


@pytest.mark.parametrize("error", list(all_of(Invalid)))
def test_invalid_input_is_a_value_error(error: type[BlogError]) -> None:
    assert issubclass(error, ValueError)


def test_a_broken_text_rule_is_named_by_field_and_reason() -> None:
    error = InvalidText("title", "too_short", "must have at least 1 character")

    assert (error.field, error.reason) == ("title", "too_short")
    assert str(error) == "title must have at least 1 character"


def test_what_is_forbidden_completes_the_sentence() -> None:
    error = Forbidden("delete this post")

    assert (error.action, str(error)) == ("delete this post", "Not authorized to delete this post")
