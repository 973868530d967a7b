"""Mistakes in the outbox."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from blog_adapters.memory.repositories import MemoryOutbox
from blog_adapters.memory.tables import Held, without
from blog_core.domain.outbox import DeadLetter, Entry, ResetMail, ResetRequested
from blog_core.domain.users import UserId
from blog_core.errors import LeaseLost
from blog_core.testing.builders import minutes
from sabotage.saboteur import saboteur


@saboteur("OUTBOX-01")
class CountsInFloats(MemoryOutbox):
    async def add(self, entry: Entry) -> None:
        if isinstance(entry.task, ResetMail):
            entry = replace(entry, task=ResetMail(UserId(int(float(entry.task.user_id)))))
        await super().add(entry)


@saboteur("OUTBOX-01")
class KeepsAddressesInAscii(MemoryOutbox):
    async def add(self, entry: Entry) -> None:
        if isinstance(entry.task, ResetRequested):
            kept = entry.task.email.encode("ascii", "replace").decode()
            entry = replace(entry, task=ResetRequested(kept))
        await super().add(entry)


@saboteur("OUTBOX-02")
class RoundsTimesToSeconds(MemoryOutbox):
    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Entry]:
        by_then = now.replace(microsecond=999_999)
        return await super().claim(now=by_then, until=until, limit=limit)


@saboteur("OUTBOX-03", also="OUTBOX-18")
class HandsOutTheLongestDueLast(MemoryOutbox):
    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Entry]:
        return (await super().claim(now=now, until=until, limit=limit))[::-1]


@saboteur("OUTBOX-03")
class ClaimsMoreThanAsked(MemoryOutbox):
    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Entry]:
        return await super().claim(now=now, until=until, limit=limit + 1)


@saboteur("OUTBOX-04", also="OUTBOX-05")
class ClaimsWhatAnotherHolds(MemoryOutbox):
    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Entry]:
        return await super().claim(now=now, until=now, limit=limit)


@saboteur("OUTBOX-06", also="OUTBOX-13 17 18")
class HoldsALeaseForAMomentTooLong(MemoryOutbox):
    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Entry]:
        until += timedelta(microseconds=1)
        return await super().claim(now=now, until=until, limit=limit)


@saboteur("OUTBOX-08", also="OUTBOX-17")
class DeliversAFinishedEntryAgain(MemoryOutbox):
    async def finish(self, entry: Entry) -> None:
        await self.postpone(entry, due_at=entry.due_at, error="")


@saboteur("OUTBOX-09")
class KeepsACancelledEntry(MemoryOutbox):
    async def cancel(self, entry_id: UUID) -> None:
        held = self._tables.outbox.get(entry_id)
        if held is not None and held.until is not None:
            await super().cancel(entry_id)


@saboteur("OUTBOX-09")
class RefusesToCancelWhatIsGone(MemoryOutbox):
    async def cancel(self, entry_id: UUID) -> None:
        del self._tables.outbox[entry_id]


@saboteur("OUTBOX-10")
class PostponesForAMinuteMore(MemoryOutbox):
    async def postpone(self, entry: Entry, *, due_at: datetime, error: str) -> None:
        await super().postpone(entry, due_at=due_at + minutes(1), error=error)


@saboteur("OUTBOX-10", also="OUTBOX-17")
class PostponesToNow(MemoryOutbox):
    async def postpone(self, entry: Entry, *, due_at: datetime, error: str) -> None:
        await super().postpone(entry, due_at=entry.due_at, error=error)


@saboteur("OUTBOX-11")
class ForgetsWhyAnEntryDied(MemoryOutbox):
    async def dead_letters(self) -> list[DeadLetter]:
        return [replace(letter, error="") for letter in await super().dead_letters()]


@saboteur("OUTBOX-11", also="OUTBOX-16")
class ThrowsDeadLettersAway(MemoryOutbox):
    async def bury(self, entry: Entry, *, error: str) -> None:
        await self.finish(entry)


@saboteur("OUTBOX-11", also="OUTBOX-17")
class ClaimsDeadLetters(MemoryOutbox):
    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Entry]:
        for key, held in self._tables.outbox.items():
            self._tables.outbox[key] = replace(held, dead=False)
        return await super().claim(now=now, until=until, limit=limit)


@saboteur("OUTBOX-12", also="OUTBOX-11 16")
class ListsWhatWaitsAsDead(MemoryOutbox):
    async def dead_letters(self) -> list[DeadLetter]:
        return [DeadLetter(entry=held.entry, error="") for held in self._tables.outbox.values()]


@saboteur("OUTBOX-13")
class LetsWhoLostTheLeaseSettle(MemoryOutbox):
    def _require_lease(self, entry: Entry) -> None:
        if entry.id not in self._tables.outbox:
            raise LeaseLost


@saboteur("OUTBOX-14", also="OUTBOX-15")
class FinishesWhatIsGone(MemoryOutbox):
    async def finish(self, entry: Entry) -> None:
        if entry.id in self._tables.outbox:
            await super().finish(entry)


@saboteur("OUTBOX-14")
class BringsBackWhatIsFinished(MemoryOutbox):
    async def postpone(self, entry: Entry, *, due_at: datetime, error: str) -> None:
        self._tables.outbox.setdefault(entry.id, Held(entry=entry, until=due_at))
        await super().postpone(entry, due_at=due_at, error=error)


@saboteur("OUTBOX-15", also="OUTBOX-17")
class CannotCancelWhatIsClaimed(MemoryOutbox):
    async def cancel(self, entry_id: UUID) -> None:
        held = self._tables.outbox.get(entry_id)
        if held is None or held.until is None:
            await super().cancel(entry_id)


@saboteur("OUTBOX-16")
class ListsDeadLettersAsTheyCame(MemoryOutbox):
    async def dead_letters(self) -> list[DeadLetter]:
        dead = [held for held in self._tables.outbox.values() if held.dead]
        return [DeadLetter(entry=held.entry, error=held.error or "") for held in dead]


@saboteur("OUTBOX-17", also="OUTBOX-18")
class FinishesAllThatIsClaimed(MemoryOutbox):
    async def finish(self, entry: Entry) -> None:
        await super().finish(entry)
        self._tables.outbox = without(self._tables.outbox, lambda held: held.until is not None)
