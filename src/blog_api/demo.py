"""A blog with something in it: six authors with pictures, and 44 posts over 90 days."""

import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from blog_adapters.container import Container
from blog_core.domain.access import Actor
from blog_core.errors import BadCredentials, EmailTaken, UsernameTaken
from blog_core.ports import Clock
from blog_core.services import Posts

PASSWORD = "demo password"  # noqa: S105 - everybody is meant to know it
DAYS = 90

AUTHORS = {
    "ada": (196, 90, 68),
    "grace": (92, 128, 92),
    "linus": (70, 104, 150),
    "margaret": (140, 96, 140),
    "donald": (176, 140, 70),
    "barbara": (80, 132, 140),
}
"""Who writes, and the colour of each one's picture."""

_OPENINGS = (
    "What I learned from", "A second look at", "In praise of", "The trouble with",
    "Notes on", "Seven months with", "How we replaced", "A short history of",
)  # fmt: skip
_SUBJECTS = (
    "small functions", "keyset pagination", "the outbox pattern", "writing tests first",
    "boring technology", "long walks", "code review", "a paper notebook", "the unit of work",
    "PostgreSQL", "saying no",
)  # fmt: skip
_SENTENCES = (
    "It took me longer than I would like to admit.",
    "The first version worked, which was the problem.",
    "Nobody had asked for it, and everybody uses it now.",
    "I keep coming back to one question: what would I delete?",
    "There is a simpler way, and it was in the manual all along.",
    "Measure first; then sleep on it.",
    "The best part is what we left out.",
)

POSTS = tuple(
    (
        f"{_OPENINGS[number % len(_OPENINGS)]} {_SUBJECTS[number % len(_SUBJECTS)]}",
        "\n\n".join(_SENTENCES[(number + step) % len(_SENTENCES)] for step in range(3)),
    )
    for number in range(44)
)
"""Titles, each of them once, and contents; written by the authors in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What `fill` did: posts added, whose authors were let in, and whose names others have."""

    posts_added: int
    authors: tuple[str, ...]
    left_alone: tuple[str, ...]


async def fill(container: Container, *, step: Callable[[], None]) -> Filled:
    """Fill the blog through its use cases.

    What is there already is left alone, so that filling twice adds nothing, and filling again
    after an interruption adds what is missing. `step` is called once for each author and post.
    """
    now = datetime.now(UTC)
    authors: dict[str, Actor | None] = {}
    for name, colour in AUTHORS.items():
        authors[name] = await _author(container, name, colour)
        step()
    turns = list(authors.values())
    written = {author.user.id: await _titles(container, author) for author in turns if author}
    added = 0
    for number, (title, content) in enumerate(POSTS):
        age = timedelta(days=DAYS) * (len(POSTS) - number) / len(POSTS)
        author = turns[number % len(turns)]
        if author is not None and title not in written[author.user.id]:
            posts = Posts(uow=container.unit_of_work(), clock=_stopped_at(now - age))
            await posts.publish(actor=author, title=title, content=content)
            added += 1
        step()
    for author in filter(None, turns):
        await container.access().log_out(actor=author)
    return Filled(
        posts_added=added,
        authors=tuple(name for name, author in authors.items() if author),
        left_alone=tuple(name for name, author in authors.items() if not author),
    )


def _stopped_at(moment: datetime) -> Clock:
    return lambda: moment


async def _author(container: Container, name: str, colour: tuple[int, int, int]) -> Actor | None:
    """Return the author, registered now or before; None when the name is somebody else's."""
    email = f"{name}@example.com"
    with suppress(UsernameTaken, EmailTaken):
        await container.users().register(username=name, email=email, password=PASSWORD)
    access = container.access()
    try:
        token = await access.log_in(email=email, password=PASSWORD, user_agent="blog demo")
    except BadCredentials:
        return None
    actor = await access.authenticate(token=token.value)
    if actor.user.image_file is None:
        await container.users().change_picture(
            actor=actor, user_id=actor.user.id, upload=_picture(colour)
        )
    return actor


async def _titles(container: Container, actor: Actor) -> set[str]:
    page = await container.post_queries().page(author_id=actor.user.id, limit=100)
    return {view.post.title for view in page.posts}


def _picture(colour: tuple[int, int, int], side: int = 300) -> bytes:
    """Return a PNG that runs from the colour to a lighter one, from top to bottom."""
    rows = b"".join(
        b"\0" + bytes(shade + (255 - shade) * row // (2 * side) for shade in colour) * side
        for row in range(side)
    )
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
