"""Texts that are made in threads: once, kept within bounds, and for whoever waits."""

import asyncio
from collections.abc import Iterator
from threading import Event

import pytest

from blog_adapters.texts import KeptTexts
from blog_adapters.workers import Workers
from blog_core.errors import Busy

pytestmark = pytest.mark.anyio

LONG = 100_000


@pytest.fixture
def workers() -> Iterator[Workers]:
    """One thread and room for one more job."""
    workers = Workers("test", threads=1, waiting=1)
    yield workers
    workers.close()


@pytest.fixture
def texts(workers: Workers) -> KeptTexts:
    """Has room for three long texts."""
    return KeptTexts(workers, max_bytes=3 * LONG + 10_000)


class Maker:
    """Makes long texts; tells how many it has made, and can be held up."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.free = Event()
        self.free.set()

    def __call__(self, letter: str) -> str:
        assert self.free.wait(10)
        self.made.append(letter)
        return letter * LONG


@pytest.fixture
def make() -> Iterator[Maker]:
    """A maker that is free at the latest when the test is over, so that its thread can end."""
    make = Maker()
    yield make
    make.free.set()


async def test_a_text_is_made_from_its_arguments(texts: KeptTexts) -> None:
    text = await texts.get(1, "{} {word}".format, "some", word="words")

    assert text == "some words"


async def test_a_text_is_made_once(texts: KeptTexts, make: Maker) -> None:
    first = await texts.get(1, make, "a")

    assert await texts.get(1, make, "a") == first
    assert make.made == ["a"]


async def test_many_who_ask_at_the_same_time_share_one_making(
    texts: KeptTexts, make: Maker
) -> None:
    found = await asyncio.gather(*(texts.get(1, make, "a") for _ in range(10)))

    assert set(found) == {"a" * LONG}
    assert make.made == ["a"]


async def test_what_nobody_has_asked_for_the_longest_goes_first(
    texts: KeptTexts, make: Maker
) -> None:
    for letter in "abc":
        await texts.get(letter, make, letter)
    await texts.get("a", make, "a")

    await texts.get("d", make, "d")

    for letter in "acd":
        await texts.get(letter, make, letter)
    assert make.made == ["a", "b", "c", "d"]
    await texts.get("b", make, "b")
    assert make.made[4:] == ["b"]


async def test_a_text_counts_by_its_bytes(texts: KeptTexts, make: Maker) -> None:
    for letter in "ab\N{SNOWMAN}":
        await texts.get(letter, make, letter)

    await texts.get("\N{SNOWMAN}", make, "\N{SNOWMAN}")
    await texts.get("a", make, "a")

    assert make.made == ["a", "b", "\N{SNOWMAN}", "a"]


async def test_a_text_that_has_no_room_at_all_is_made_each_time(workers: Workers) -> None:
    texts, make = KeptTexts(workers, max_bytes=LONG), Maker()

    for _ in range(2):
        await texts.get(1, make, "a")

    assert make.made == ["a", "a"]


async def test_whoever_goes_away_takes_the_text_from_nobody(texts: KeptTexts, make: Maker) -> None:
    make.free.clear()
    gone = asyncio.create_task(texts.get(1, make, "a"))
    waiting = asyncio.create_task(texts.get(1, make, "a"))
    await asyncio.sleep(0)

    gone.cancel()
    make.free.set()

    assert await waiting == "a" * LONG
    assert make.made == ["a"]


async def test_too_many_at_a_time_are_refused_and_may_come_again(
    texts: KeptTexts, make: Maker
) -> None:
    make.free.clear()
    taken = [asyncio.create_task(texts.get(letter, make, letter)) for letter in "ab"]
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    with pytest.raises(Busy):
        await texts.get("c", make, "c")

    make.free.set()
    await asyncio.gather(*taken)
    assert await texts.get("c", make, "c") == "c" * LONG


async def test_what_could_not_be_made_is_tried_again(texts: KeptTexts, make: Maker) -> None:
    with pytest.raises(ValueError, match="literal"):
        await texts.get(1, lambda: str(int("x")))

    assert await texts.get(1, make, "a") == "a" * LONG
