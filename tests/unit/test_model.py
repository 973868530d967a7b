"""The machine that compares two blogs passes equal ones, and finds what makes one different."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import Phase, settings

from blog_adapters.memory import MemoryDatabase, MemoryPostQueries, MemoryUserQueries
from blog_adapters.memory.database import MemoryUnitOfWork
from blog_adapters.memory.repositories import (
    MemoryIdempotencyKeys,
    MemoryOutbox,
    MemorySessions,
    MemoryUsers,
)
from blog_core.domain.idempotency import Outcome
from blog_core.domain.outbox import Entry
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostPage
from blog_core.domain.users import NewUser, User, UserId
from blog_core.errors import UsernameTaken
from model import OpenTwins, require_alike
from twins import Twin, Twins
from worlds import World

# To find is enough here; what is found need not be made short. Most are found within twenty
# programs, but hypothesis draws on the constants of whatever modules a run has imported.
EXTENT = settings(
    max_examples=2_000,
    stateful_step_count=30,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


class Sound(MemoryDatabase):
    """A database of the fakes, whose parts can be made worse one by one."""

    def worsen(self, unit: MemoryUnitOfWork) -> None:
        """Change a unit of work at its beginning."""

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[MemoryUnitOfWork]:
        """See `MemoryDatabase`."""
        async with super().unit_of_work() as unit:
            self.worsen(unit)
            yield unit

    def post_queries(self) -> MemoryPostQueries:
        """Return its port for readers."""
        return MemoryPostQueries(self)


class CommitsByItself(Sound):
    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[MemoryUnitOfWork]:
        async with super().unit_of_work() as unit:
            try:
                yield unit
            finally:
                await unit.commit()


class EndsNoSessions(Sound):
    class Sessions(MemorySessions):
        async def end_all(self, user_id: UserId, *, but: UUID | None = None) -> None:
            pass

    def worsen(self, unit: MemoryUnitOfWork) -> None:
        unit.sessions = self.Sessions(unit._tables)


class ComparesNamesWithCase(Sound):
    class Users(MemoryUsers):
        @staticmethod
        def _require_free(user: NewUser, others: Iterable[User]) -> None:
            if any(other.username == user.username for other in others):
                raise UsernameTaken

    def worsen(self, unit: MemoryUnitOfWork) -> None:
        unit.users = self.Users(unit._tables, self.next_id)


class HonoursNoLease(Sound):
    class Outbox(MemoryOutbox):
        async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Entry]:
            return await super().claim(now=now, until=min(now, until), limit=limit)

    def worsen(self, unit: MemoryUnitOfWork) -> None:
        unit.outbox = self.Outbox(unit._tables)


class RemembersNoKey(Sound):
    class Keys(MemoryIdempotencyKeys):
        async def remember(self, outcome: Outcome) -> None:
            pass

    def worsen(self, unit: MemoryUnitOfWork) -> None:
        unit.idempotency = self.Keys(unit._tables)


class KnowsNoWayBack(Sound):
    class Queries(MemoryPostQueries):
        async def page(
            self,
            *,
            author_id: UserId | None = None,
            limit: int,
            skip: int = 0,
            cursor: Cursor | None = None,
        ) -> PostPage:
            page = await super().page(author_id=author_id, limit=limit, skip=skip, cursor=cursor)
            return replace(page, prev_cursor=None)

    def post_queries(self) -> MemoryPostQueries:
        return self.Queries(self)


def opener(runner: asyncio.Runner, make: type[Sound]) -> OpenTwins:
    @contextmanager
    def opened() -> Iterator[Twins]:
        world = World()
        database = make()
        other = Twin(
            make.__name__,
            world,
            unit_of_work=database.unit_of_work,
            post_queries=database.post_queries(),
            user_queries=MemoryUserQueries(database),
        )
        yield Twins(runner, Twin("fakes", world), other)

    return opened


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_a_sound_blog_is_like_another(runner: asyncio.Runner) -> None:
    require_alike(opener(runner, Sound), settings(EXTENT, max_examples=20))


@pytest.mark.parametrize(
    "saboteur",
    [
        CommitsByItself,
        EndsNoSessions,
        ComparesNamesWithCase,
        HonoursNoLease,
        RemembersNoKey,
        KnowsNoWayBack,
    ],
)
def test_a_sabotaged_blog_is_found_out(runner: asyncio.Runner, saboteur: type[Sound]) -> None:
    with pytest.raises(AssertionError, match=saboteur.__name__):
        require_alike(opener(runner, saboteur), EXTENT)
