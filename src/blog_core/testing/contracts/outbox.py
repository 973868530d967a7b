"""The contract of the outbox."""

import asyncio
from dataclasses import replace
from datetime import timedelta
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
from blog_core.errors import LeaseLost
from blog_core.ports import Outbox
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import Contract, clause


class OutboxContract(Contract):
    """`Outbox`."""

    ports = ("uow",)
    needs = frozenset({"outbox"})

    @clause("OUTBOX-01")
    @pytest.mark.parametrize(
        "task",
        [
            ResetRequested("ünal@example.com"),
            ResetMail(UserId(2**62 + 1)),
            PictureDiscarded("a" * 32 + ".jpg"),
        ],
    )
    async def test_every_task_comes_back_as_it_was(self, task: Task) -> None:
        """Every kind of task comes back as it was, with the claim counted."""
        entry = builders.entry(task)
        await self._given(entry)

        assert await self._claim() == [replace(entry, attempts=1)]

    @clause("OUTBOX-02")
    async def test_an_entry_not_yet_due_is_not_claimed(self) -> None:
        """An entry is not claimed a microsecond before it is due."""
        await self._given(builders.entry(due_at=NOW + timedelta(microseconds=1)))

        assert await self._claim() == []

    @clause("OUTBOX-03")
    async def test_the_longest_due_comes_first_and_no_more_than_asked(self) -> None:
        """The longest due come first, and no more than asked for."""
        entries = [builders.entry(due_at=NOW - minutes(age)) for age in (1, 3, 2)]
        await self._given(*entries)

        claimed = await self._claim(limit=2)

        assert [entry.id for entry in claimed] == [entries[1].id, entries[2].id]

    @clause("OUTBOX-04")
    async def test_a_claimed_entry_is_not_claimed_again(self) -> None:
        """A claimed entry is not claimed by another while its lease lasts."""
        await self._given(builders.entry())
        await self._claim()

        assert await self._claim() == []

    @clause("OUTBOX-05")
    async def test_two_claims_at_once_share_no_entry(self) -> None:
        """Claims at once share no entry and leave none out."""
        await self._given(*(builders.entry() for _ in range(6)))

        claims = await asyncio.gather(*(self._claim(limit=2) for _ in range(3)))

        ids = [entry.id for claim in claims for entry in claim]
        assert len(ids) == len(set(ids)) == 6

    @clause("OUTBOX-06")
    async def test_a_claim_ends_with_its_lease(self) -> None:
        """A claim ends with its lease, and the next one is counted."""
        entry = builders.entry()
        await self._given(entry)
        await self._claim()

        later = await self._claim(after=minutes(1))

        assert later == [replace(entry, attempts=2)]

    @clause("OUTBOX-07")
    async def test_a_claim_that_was_rolled_back_was_none(self) -> None:
        """A claim that was rolled back was none."""
        entry = builders.entry()
        await self._given(entry)
        async with self.uow() as unit:
            await unit.outbox.claim(now=NOW, until=NOW + minutes(1), limit=9)

        assert await self._claim() == [replace(entry, attempts=1)]

    @clause("OUTBOX-08")
    async def test_a_finished_entry_is_gone(self) -> None:
        """A finished entry is gone."""
        await self._given(builders.entry())
        (claimed,) = await self._claim()
        async with self.uow() as unit:
            await unit.outbox.finish(claimed)
            await unit.commit()

        assert await self._claim(after=minutes(9)) == []

    @clause("OUTBOX-09")
    async def test_a_cancelled_entry_is_gone(self) -> None:
        """A cancelled entry is gone; cancelling one that is gone is no error."""
        entry = builders.entry()
        await self._given(entry)
        async with self.uow() as unit:
            await unit.outbox.cancel(entry.id)
            await unit.outbox.cancel(uuid4())
            await unit.commit()

        assert await self._claim() == []

    @clause("OUTBOX-10")
    async def test_a_postponed_entry_is_due_again_then(self) -> None:
        """A postponed entry is due again at its new time and not before."""
        entry = builders.entry()
        await self._given(entry)
        (claimed,) = await self._claim()
        due_at = NOW + timedelta(seconds=5)
        async with self.uow() as unit:
            await unit.outbox.postpone(claimed, due_at=due_at, error="unavailable")
            await unit.commit()

        assert await self._claim() == []
        assert await self._claim(after=timedelta(seconds=5)) == [
            replace(entry, due_at=due_at, attempts=2)
        ]

    @clause("OUTBOX-11")
    async def test_a_buried_entry_is_a_dead_letter_and_never_claimed(self) -> None:
        """A buried entry is a dead letter with its reason and is never claimed again."""
        await self._given(builders.entry())
        (claimed,) = await self._claim()
        async with self.uow() as unit:
            await unit.outbox.bury(claimed, error="mail_refused")
            await unit.commit()

        assert await self._claim(after=minutes(60)) == []
        async with self.uow() as unit:
            (letter,) = await unit.outbox.dead_letters()
        assert (letter.entry, letter.error) == (claimed, "mail_refused")

    @clause("OUTBOX-12")
    async def test_entries_that_live_are_no_dead_letters(self) -> None:
        """Entries that wait are no dead letters."""
        await self._given(builders.entry())

        async with self.uow() as unit:
            assert await unit.outbox.dead_letters() == []

    @clause("OUTBOX-13")
    @pytest.mark.parametrize("act", ["finish", "postpone", "bury"])
    async def test_who_lost_the_lease_changes_nothing(self, act: str) -> None:
        """Who lost the lease to another claim raises LeaseLost and changes nothing."""
        await self._given(builders.entry())
        (lost,) = await self._claim()
        (held,) = await self._claim(after=minutes(1))
        async with self.uow() as unit:
            with pytest.raises(LeaseLost):
                await _settle(unit.outbox, act, lost)

        async with self.uow() as unit:
            await unit.outbox.finish(held)

    @clause("OUTBOX-14")
    @pytest.mark.parametrize("act", ["finish", "postpone", "bury"])
    async def test_a_finished_entry_cannot_be_settled_again(self, act: str) -> None:
        """A finished entry cannot be finished again, nor postponed, nor buried: LeaseLost."""
        await self._given(builders.entry())
        (claimed,) = await self._claim()
        async with self.uow() as unit:
            await unit.outbox.finish(claimed)

            with pytest.raises(LeaseLost):
                await _settle(unit.outbox, act, claimed)

    @clause("OUTBOX-15")
    async def test_a_claimed_entry_can_be_cancelled(self) -> None:
        """A claimed entry can be cancelled; who held it has lost the lease."""
        await self._given(builders.entry())
        (claimed,) = await self._claim()
        async with self.uow() as unit:
            await unit.outbox.cancel(claimed.id)

            with pytest.raises(LeaseLost):
                await unit.outbox.finish(claimed)

    @clause("OUTBOX-16")
    async def test_dead_letters_are_listed_oldest_first(self) -> None:
        """Dead letters are listed by when they were written, the oldest first."""
        entries = [
            replace(builders.entry(), created_at=NOW + minutes(later)) for later in (2, 1, 3)
        ]
        await self._given(*entries)
        async with self.uow() as unit:
            for claimed in await unit.outbox.claim(now=NOW, until=NOW + minutes(1), limit=9):
                await unit.outbox.bury(claimed, error="mail_refused")
            letters = await unit.outbox.dead_letters()

        assert [letter.entry.id for letter in letters] == [entries[n].id for n in (1, 0, 2)]

    @clause("OUTBOX-17")
    async def test_settling_one_entry_leaves_the_others(self) -> None:
        """Finishing, postponing, burying or cancelling an entry leaves the others as they were."""
        entries = [builders.entry(due_at=NOW - minutes(age)) for age in range(5)]
        await self._given(*entries)
        async with self.uow() as unit:
            first, second, third, fourth, kept = await unit.outbox.claim(
                now=NOW, until=NOW + minutes(1), limit=5
            )
            await unit.outbox.finish(first)
            await unit.outbox.postpone(second, due_at=NOW + minutes(60), error="later")
            await unit.outbox.bury(third, error="never")
            await unit.outbox.cancel(fourth.id)
            await unit.commit()

        later = await self._claim(after=minutes(1))

        assert later == [replace(kept, attempts=2)]

    @clause("OUTBOX-18")
    async def test_changes_that_were_not_committed_are_undone(self) -> None:
        """Entries added, cancelled or settled without a commit are as they were before."""
        entries = [builders.entry(due_at=NOW - minutes(4 - age)) for age in range(4)]
        await self._given(*entries)
        held = await self._claim()
        async with self.uow() as unit:
            await unit.outbox.add(builders.entry())
            await unit.outbox.cancel(entries[0].id)
            for act, claimed in zip(["finish", "postpone", "bury"], held[1:], strict=True):
                await _settle(unit.outbox, act, claimed)

        later = await self._claim(after=minutes(1))

        assert later == [replace(entry, attempts=2) for entry in entries]

    async def _given(self, *entries: Entry) -> None:
        async with self.uow() as unit:
            for entry in entries:
                await unit.outbox.add(entry)
            await unit.commit()

    async def _claim(self, *, limit: int = 9, after: timedelta = timedelta()) -> list[Entry]:
        now = NOW + after
        async with self.uow() as unit:
            claimed = await unit.outbox.claim(now=now, until=now + minutes(1), limit=limit)
            await asyncio.sleep(0)  # lets others begin, when there are any
            await unit.commit()
        return claimed


async def _settle(outbox: Outbox, act: str, entry: Entry) -> None:
    """Finish, postpone or bury an entry."""
    if act == "finish":
        await outbox.finish(entry)
    elif act == "postpone":
        await outbox.postpone(entry, due_at=NOW, error="later")
    else:
        await outbox.bury(entry, error="never")
