"""The loop that keeps the outbox empty."""

import asyncio
import logging

from blog_core.errors import BlogError
from blog_core.services import Delivery

POLL_SECONDS = 0.5
"""How often an empty outbox is looked at."""

BATCH = 10
"""How many entries are in hand at once."""

_log = logging.getLogger("blog.relay")


async def run_relay(
    delivery: Delivery, *, stop: asyncio.Event, poll_seconds: float = POLL_SECONDS
) -> None:
    """Deliver what is due until `stop` is set, then finish what is in hand and return.

    While the outbox cannot be reached it is tried again every poll; nothing else ends the loop.
    """
    _log.info("relay started")
    while not stop.is_set():
        try:
            busy = await delivery.deliver_due(limit=BATCH) == BATCH
        except BlogError as error:
            _log.warning("outbox not reached: %s", error.code)
            busy = False
        except Exception:  # noqa: BLE001 - a relay that ends in silence loses mail
            _log.exception("outbox not read")
            busy = False
        if not busy:
            await pause(stop, poll_seconds)
    _log.info("relay stopped")


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait so many seconds, or until `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
