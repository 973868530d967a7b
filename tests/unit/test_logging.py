"""What the logs look like, and what they never show."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from blog_api.logging import configure_logging


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_record_of_either_kind_is_one_line_of_json() -> None:
    stream = io.StringIO()
    configure_logging("info", stream=stream)

    logging.getLogger("blog.mail").info("mail in %s", "a\nfile")
    structlog.get_logger("blog.api").info("request", status=200)

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["event"], first["logger"], first["level"]) == (
        "mail in a\nfile",
        "blog.mail",
        "info",
    )
    assert (second["event"], second["logger"], second["level"], second["status"]) == (
        "request",
        "blog.api",
        "info",
        200,
    )


def test_what_is_below_the_level_is_left_out() -> None:
    stream = io.StringIO()
    configure_logging("warning", stream=stream)

    logging.getLogger("blog").info("small talk")
    structlog.get_logger("blog").info("small talk")

    assert stream.getvalue() == ""


@pytest.mark.parametrize("kind", [io.StringIO, Terminal], ids=["file", "terminal"])
def test_a_traceback_shows_no_local_variables(kind: type[io.StringIO]) -> None:
    stream = kind()
    configure_logging("info", stream=stream)
    password = str(7731 * 7731)  # which no line of the source says

    try:
        int(password, base=len(password) - 7)
    except ValueError:
        structlog.get_logger("blog").exception("unexpected")
        logging.getLogger("blog").exception("unexpected")

    assert stream.getvalue().count("ValueError: int() base must be") == 2
    assert password not in stream.getvalue()
