import asyncio
import logging
from collections.abc import Iterator

import pytest
from dependency_injector import providers

from blog_adapters.container import Container, in_memory_container
from blog_adapters.memory import MemoryImageStorage
from blog_adapters.relay import BATCH, run_relay
from blog_core.domain.outbox import PictureDiscarded
from blog_core.errors import DatabaseUnavailable
from blog_core.services import Delivery
from blog_core.testing import builders

pytestmark = pytest.mark.anyio


class ScriptedDelivery(Delivery):
    """Answers each call with the next line of a script, and sets `stop` with the last."""

    def __init__(self, *script: int | Exception) -> None:
        self.stop = asyncio.Event()
        self.limits: list[int] = []
        self._script: Iterator[int | Exception] = iter(script)
        self._lines = len(script)

    async def deliver_due(self, *, limit: int = 10) -> int:
        self.limits.append(limit)
        if len(self.limits) == self._lines:
            self.stop.set()
        answer = next(self._script)
        if isinstance(answer, Exception):
            raise answer
        return answer


class StoppingStorage(MemoryImageStorage):
    """Sets `stop` while it deletes a picture."""

    def __init__(self, stop: asyncio.Event) -> None:
        super().__init__()
        self._stop = stop

    async def delete(self, image_file: str) -> None:
        self._stop.set()
        await asyncio.sleep(0)
        await super().delete(image_file)


@pytest.fixture
def container() -> Container:
    return in_memory_container()


async def test_a_relay_that_is_stopped_before_it_begins_does_nothing() -> None:
    delivery = ScriptedDelivery()
    delivery.stop.set()

    await run_relay(delivery, stop=delivery.stop)

    assert delivery.limits == []


async def test_a_relay_ends_when_it_is_stopped() -> None:
    delivery = ScriptedDelivery(0)

    await run_relay(delivery, stop=delivery.stop)

    assert delivery.limits == [BATCH]


async def test_while_there_is_more_to_do_a_relay_goes_on_at_once() -> None:
    delivery = ScriptedDelivery(BATCH, BATCH, BATCH - 1)

    async with asyncio.timeout(10):
        await run_relay(delivery, stop=delivery.stop, poll_seconds=3600)

    assert delivery.limits == [BATCH] * 3


async def test_a_relay_that_was_told_to_stop_does_not_go_on_with_the_rest() -> None:
    delivery = ScriptedDelivery(BATCH)

    await run_relay(delivery, stop=delivery.stop)

    assert delivery.limits == [BATCH]


async def test_an_outbox_that_was_not_reached_is_tried_again_after_a_pause() -> None:
    delivery = ScriptedDelivery(DatabaseUnavailable(), 0)

    await run_relay(delivery, stop=delivery.stop, poll_seconds=0)

    assert delivery.limits == [BATCH] * 2


@pytest.mark.parametrize(
    ("trouble", "level", "traced"),
    [
        (DatabaseUnavailable(), logging.WARNING, False),
        (RuntimeError("unexpected"), logging.ERROR, True),
    ],
)
async def test_no_trouble_with_the_outbox_ends_a_relay_in_silence(
    caplog: pytest.LogCaptureFixture, trouble: Exception, level: int, traced: bool
) -> None:
    delivery = ScriptedDelivery(trouble)

    await run_relay(delivery, stop=delivery.stop)

    (told,) = [record for record in caplog.records if "outbox" in record.message]
    assert (told.levelno, bool(told.exc_info)) == (level, traced)


async def test_what_is_due_is_done_and_what_is_in_hand_is_finished(container: Container) -> None:
    stop = asyncio.Event()
    storage = StoppingStorage(stop)
    storage.pictures["a.jpg"] = b"picture"
    container.storage.override(providers.Object(storage))
    async with container.unit_of_work()() as unit:
        await unit.outbox.add(builders.entry(PictureDiscarded("a.jpg")))
        await unit.commit()

    await run_relay(container.delivery(), stop=stop)

    assert storage.pictures == {}
    assert container.database().committed().outbox == {}
