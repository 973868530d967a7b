"""`DataVersion` on PostgreSQL: asked of the database every so often, while anybody wants to know.

A notification in each write would cut inserts to a third of their rate; a version asked for at
each read would cost as much as the read. So each process asks a few times within the bound that it
promises, and needs nobody to tell it anything: a message cannot be lost that nobody sends.
"""

import asyncio
import logging
from collections.abc import Callable, Hashable
from math import inf
from time import monotonic

from sqlalchemy import func, select

from blog_adapters.sql.database import Readable
from blog_adapters.sql.tables import tallies
from blog_core.errors import BlogError

RETRY_SECONDS = 0.5
"""How long to wait before a database that has not answered is asked again."""

CHANGES = select(func.sum(tallies.c.changes))

_log = logging.getLogger("blog.version")


class SqlDataVersion:
    """See `DataVersion`; no answer misses a change that was committed `bound` seconds ago.

    Args:
        database: where to ask; best one that never waits for requests.
        bound: how old the knowledge may be, in seconds.
        clock: the time in seconds, which only ever goes on.

    Attributes:
        changes: how many there were when the database was asked last.
    """

    def __init__(
        self, database: Readable, *, bound: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._database = database
        self._bound = bound
        self._clock = clock
        self._asked = asyncio.Event()
        self.changes = 0
        self._found_at = -inf
        self._moves = 0
        self._moves_polled = -1

    @property
    def counts_all(self) -> bool:
        """Whether `changes` has every commit of this process: none came since the poll began."""
        return self._moves_polled == self._moves

    def current(self) -> Hashable | None:
        """See `DataVersion`."""
        self._asked.set()
        # Measured here and not by a timer: a loop that was held up does not know it yet.
        if self._clock() - self._found_at >= self._bound:
            return None
        return self.changes, self._moves

    def move(self) -> None:
        """Give what is current another version, as whoever commits in this process must."""
        self._moves += 1

    async def poll(self) -> None:
        """Ask the database. Raises DatabaseUnavailable."""
        # What is committed while the answer is on its way is not in it.
        began, moves = self._clock(), self._moves
        try:
            async with self._database.reading() as statements:
                (found,) = await statements.execute(CHANGES)
        except Exception:
            self.move()  # whoever answers next may be a standby that lacks the last changes
            raise
        if began - self._found_at >= self._bound:
            # Nobody looked for a while. Another server may have come, or a restored dump, and the
            # same number may mean other data.
            self.move()
            moves += 1
        self.changes, self._found_at, self._moves_polled = found[0], began, moves

    async def keep_up(self) -> None:
        """Poll often enough while `current` is asked for, and not at all while it is not."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            next_at = self._clock() + self._bound * 0.4
            try:
                await self.poll()
            except BlogError as error:
                _log.warning("data version not read: %s", error.code)
                next_at += RETRY_SECONDS
            except Exception:  # noqa: BLE001 - whoever gives up here ends the cache in silence
                _log.exception("data version not read")
                next_at += RETRY_SECONDS
            await asyncio.sleep(max(0, next_at - self._clock()))
