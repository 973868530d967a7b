"""The version of the data: what is known of it, for how long, and what it takes to know it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from blog_adapters.memory import MemoryDatabase
from blog_adapters.sql import SqlDataVersion
from blog_core.errors import DatabaseUnavailable
from blog_core.testing.contracts.base import given_user

pytestmark = pytest.mark.anyio


class Tallies:
    """A database that has nothing but its number of changes."""

    def __init__(self) -> None:
        self.changes = 7
        self.asked = 0
        self.error: Exception | None = None
        self.on_asked: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["Tallies"]:
        """Stand for the connection too."""
        yield self

    async def execute(self, _: object) -> list[tuple[int]]:
        """Give the only row."""
        self.asked += 1
        found = self.changes
        self.on_asked()
        if self.error is not None:
            raise self.error
        return [(found,)]


class Clock:
    """A clock that is put on by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def tallies() -> Tallies:
    return Tallies()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def version(tallies: Tallies, clock: Clock) -> SqlDataVersion:
    return SqlDataVersion(tallies, bound=0.1, clock=clock)  # type: ignore[arg-type] # has one door


class TestOnPostgreSQL:
    """What one process knows."""

    def test_at_first_nothing_is_known(self, version: SqlDataVersion) -> None:
        assert version.current() is None

    async def test_it_is_the_same_while_nothing_changes(
        self, version: SqlDataVersion, clock: Clock
    ) -> None:
        await version.poll()
        before = version.current()
        clock.now += 0.05
        await version.poll()

        assert before is not None
        assert version.current() == before

    async def test_a_change_makes_it_another(
        self, version: SqlDataVersion, tallies: Tallies
    ) -> None:
        await version.poll()
        before = version.current()
        tallies.changes += 1
        await version.poll()

        assert version.current() not in (before, None)

    async def test_a_commit_in_this_process_makes_it_another_at_once(
        self, version: SqlDataVersion
    ) -> None:
        await version.poll()
        before = version.current()
        version.move()

        assert version.current() not in (before, None)

    async def test_it_is_another_after_a_time_in_which_nobody_looked(
        self, version: SqlDataVersion, clock: Clock
    ) -> None:
        await version.poll()
        before = version.current()
        clock.now += 5
        await version.poll()

        assert version.current() not in (before, None)

    async def test_after_a_poll_it_counts_every_commit_of_this_process(
        self, version: SqlDataVersion
    ) -> None:
        version.move()
        await version.poll()

        assert version.counts_all

    async def test_until_the_next_poll_a_commit_is_not_counted(
        self, version: SqlDataVersion
    ) -> None:
        await version.poll()
        version.move()

        assert not version.counts_all

    @pytest.mark.parametrize(("age", "is_known"), [(0.099, True), (0.1, False), (5, False)])
    async def test_it_is_known_until_the_bound(
        self, version: SqlDataVersion, clock: Clock, age: float, is_known: bool
    ) -> None:
        await version.poll()
        clock.now += age

        assert (version.current() is not None) == is_known

    async def test_its_age_is_counted_from_when_it_was_asked_for(
        self, version: SqlDataVersion, tallies: Tallies, clock: Clock
    ) -> None:
        def take_long() -> None:
            clock.now += 0.06

        tallies.on_asked = take_long
        await version.poll()
        clock.now += 0.05

        assert version.current() is None

    async def test_a_database_that_does_not_answer_leaves_it_unknown(
        self, version: SqlDataVersion, tallies: Tallies, clock: Clock
    ) -> None:
        await version.poll()
        clock.now += 0.1
        tallies.error = DatabaseUnavailable()
        with pytest.raises(DatabaseUnavailable):
            await version.poll()

        assert version.current() is None

    async def test_after_such_silence_it_is_another_though_the_number_is_the_same(
        self, version: SqlDataVersion, tallies: Tallies
    ) -> None:
        await version.poll()
        before = version.current()
        tallies.error = DatabaseUnavailable()
        with suppress(DatabaseUnavailable):
            await version.poll()
        tallies.error = None
        await version.poll()

        assert version.current() not in (before, None)


class TestKeepingUp:
    """What runs beside the requests."""

    @pytest.fixture
    async def busy(self, version: SqlDataVersion) -> AsyncIterator[SqlDataVersion]:
        """Whose polls follow each other at once."""
        version._bound = 0
        keeping_up = asyncio.create_task(version.keep_up())
        yield version
        keeping_up.cancel()
        with suppress(asyncio.CancelledError):
            await keeping_up

    @staticmethod
    async def settled() -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def test_while_nobody_asks_the_database_is_not_asked(
        self, busy: SqlDataVersion, tallies: Tallies
    ) -> None:
        await self.settled()

        assert tallies.asked == 0
        assert busy.changes == 0

    async def test_whoever_asks_has_it_asked_once(
        self, busy: SqlDataVersion, tallies: Tallies
    ) -> None:
        busy.current()
        await self.settled()

        assert tallies.asked == 1

    async def test_whoever_asks_again_has_it_asked_again(
        self, busy: SqlDataVersion, tallies: Tallies
    ) -> None:
        for _ in range(3):
            busy.current()
            busy.current()
            await self.settled()

        assert tallies.asked == 3

    @pytest.mark.parametrize("error", [DatabaseUnavailable(), ZeroDivisionError()])
    async def test_it_outlives_a_database_that_does_not_answer(
        self,
        busy: SqlDataVersion,
        tallies: Tallies,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        error: Exception,
    ) -> None:
        monkeypatch.setattr("blog_adapters.sql.version.RETRY_SECONDS", 0)
        tallies.error = error
        busy.current()
        await self.settled()
        tallies.error = None
        busy.current()
        await self.settled()

        assert tallies.asked == 2
        assert "data version not read" in caplog.text


class TestInMemory:
    """There it is exact."""

    async def test_a_commit_makes_it_another(self) -> None:
        database = MemoryDatabase()
        before = database.current()
        await given_user(database.unit_of_work)

        assert database.current() != before

    async def test_what_is_not_committed_leaves_it(self) -> None:
        database = MemoryDatabase()
        before = database.current()
        async with database.unit_of_work():
            pass

        assert database.current() == before

    async def test_there_is_nothing_to_keep_up_with(self) -> None:
        await MemoryDatabase().keep_up()
