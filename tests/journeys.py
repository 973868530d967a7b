"""What journeys over HTTP look at beside the answers."""

import re
from email.message import EmailMessage

from blog_adapters.testing.containers import MovableClock
from blog_api.testing.people import Blog


def clock_of(blog: Blog) -> MovableClock:
    """Return the clock of all parts."""
    clock = blog.container.clock()
    assert isinstance(clock, MovableClock)
    return clock


def reset_token_in(message: EmailMessage) -> str:
    """Return the token that a reset mail carries."""
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"#token=(\S+)", body.get_content())
    assert found is not None
    return found[1]
