"""The contract of the outbox."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from blog_core.domain.outbox import (
    Entry,
    PictureDiscarded,
    ResetMail,
    ResetRequested,
    Task,
)
from blog_core.domain.users import UserId
from blog_core.errors import (
    LeaseLost,
)
from blog_core.ports import (
    UnitOfWorkFactory,
)
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import Contract


class OutboxContract(Contract):
    """`Outbox`. Supply `uow`, a `UnitOfWorkFactory`."""

    @pytest.mark.parametrize(
        "task",
        [
            ResetRequested("ünal@example.com"),
            ResetMail(UserId(2**62)),
            PictureDiscarded("a" * 32 + ".jpg"),
        ],
    )
    async def test_every_task_comes_back_as_it_was(
        self, uow: UnitOfWorkFactory, task: Task
    ) -> None:
        entry = builders.entry(task)
        await self._given(uow, entry)

        assert await self._claim(uow) == [replace(entry, attempts=1)]

    async def test_an_entry_not_yet_due_is_not_claimed(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, builders.entry(due_at=NOW + timedelta(microseconds=1)))

        assert await self._claim(uow) == []

    async def test_the_longest_due_comes_first_and_no_more_than_asked(
        self, uow: UnitOfWorkFactory
    ) -> None:
        entries = [builders.entry(due_at=NOW - minutes(age)) for age in (1, 3, 2)]
        await self._given(uow, *entries)

        claimed = await self._claim(uow, limit=2)

        assert [entry.id for entry in claimed] == [entries[1].id, entries[2].id]

    async def test_a_claimed_entry_is_not_claimed_again(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, builders.entry())
        await self._claim(uow)

        assert await self._claim(uow) == []

    async def test_two_claims_at_once_share_no_entry(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, *(builders.entry() for _ in range(6)))

        claims = await asyncio.gather(*(self._claim(uow, limit=2) for _ in range(3)))

        ids = [entry.id for claim in claims for entry in claim]
        assert len(ids) == len(set(ids)) == 6

    async def test_a_claim_ends_with_its_lease(self, uow: UnitOfWorkFactory) -> None:
        entry = builders.entry()
        await self._given(uow, entry)
        await self._claim(uow)

        later = await self._claim(uow, after=minutes(1))

        assert later == [replace(entry, attempts=2)]

    async def test_a_claim_that_was_rolled_back_was_none(self, uow: UnitOfWorkFactory) -> None:
        entry = builders.entry()
        await self._given(uow, entry)
        async with uow() as unit:
            await unit.outbox.claim(now=NOW, until=NOW + minutes(1), limit=9)

        assert await self._claim(uow) == [replace(entry, attempts=1)]

    async def test_a_finished_entry_is_gone(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, builders.entry())
        (claimed,) = await self._claim(uow)
        async with uow() as unit:
            await unit.outbox.finish(claimed)
            await unit.commit()

        assert await self._claim(uow, after=minutes(9)) == []

    async def test_a_cancelled_entry_is_gone(self, uow: UnitOfWorkFactory) -> None:
        entry = builders.entry()
        await self._given(uow, entry)
        async with uow() as unit:
            await unit.outbox.cancel(entry.id)
            await unit.outbox.cancel(uuid4())
            await unit.commit()

        assert await self._claim(uow) == []

    async def test_a_postponed_entry_is_due_again_then(self, uow: UnitOfWorkFactory) -> None:
        entry = builders.entry()
        await self._given(uow, entry)
        (claimed,) = await self._claim(uow)
        due_at = NOW + timedelta(seconds=5)
        async with uow() as unit:
            await unit.outbox.postpone(claimed, due_at=due_at, error="unavailable")
            await unit.commit()

        assert await self._claim(uow) == []
        assert await self._claim(uow, after=timedelta(seconds=5)) == [
            replace(entry, due_at=due_at, attempts=2)
        ]

    async def test_a_buried_entry_is_a_dead_letter_and_never_claimed(
        self, uow: UnitOfWorkFactory
    ) -> None:
        await self._given(uow, builders.entry())
        (claimed,) = await self._claim(uow)
        async with uow() as unit:
            await unit.outbox.bury(claimed, error="mail_refused")
            await unit.commit()

        assert await self._claim(uow, after=minutes(60)) == []
        async with uow() as unit:
            (letter,) = await unit.outbox.dead_letters()
        assert (letter.entry, letter.error) == (claimed, "mail_refused")

    async def test_entries_that_live_are_no_dead_letters(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, builders.entry())

        async with uow() as unit:
            assert await unit.outbox.dead_letters() == []

    @pytest.mark.parametrize("act", ["finish", "postpone", "bury"])
    async def test_who_lost_the_lease_changes_nothing(
        self, uow: UnitOfWorkFactory, act: str
    ) -> None:
        await self._given(uow, builders.entry())
        (lost,) = await self._claim(uow)
        (held,) = await self._claim(uow, after=minutes(1))
        async with uow() as unit:
            changes = {
                "finish": partial(unit.outbox.finish, lost),
                "postpone": partial(unit.outbox.postpone, lost, due_at=NOW, error="late"),
                "bury": partial(unit.outbox.bury, lost, error="late"),
            }
            with pytest.raises(LeaseLost):
                await changes[act]()

        async with uow() as unit:
            await unit.outbox.finish(held)

    async def test_a_finished_entry_cannot_be_finished_again(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, builders.entry())
        (claimed,) = await self._claim(uow)
        async with uow() as unit:
            await unit.outbox.finish(claimed)

            with pytest.raises(LeaseLost):
                await unit.outbox.finish(claimed)

    async def _given(self, uow: UnitOfWorkFactory, *entries: Entry) -> None:
        async with uow() as unit:
            for entry in entries:
                await unit.outbox.add(entry)
            await unit.commit()

    async def _claim(
        self, uow: UnitOfWorkFactory, *, limit: int = 9, after: timedelta = timedelta()
    ) -> list[Entry]:
        now = NOW + after
        async with uow() as unit:
            claimed = await unit.outbox.claim(now=now, until=now + minutes(1), limit=limit)
            await unit.commit()
        return claimed
