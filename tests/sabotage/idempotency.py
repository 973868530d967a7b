"""Mistakes in what remembers idempotency keys."""

from dataclasses import replace
from datetime import datetime, timedelta

from blog_adapters.memory.repositories import MemoryIdempotencyKeys
from blog_core.domain.idempotency import Outcome
from sabotage.saboteur import saboteur


@saboteur("IDEMPOTENCY-01", also="IDEMPOTENCY-03 04 08 09")
class LosesMicroseconds(MemoryIdempotencyKeys):
    async def remember(self, outcome: Outcome) -> None:
        whole = outcome.created_at.replace(microsecond=0)
        await super().remember(replace(outcome, created_at=whole))


@saboteur("IDEMPOTENCY-02", also="IDEMPOTENCY-08 09")
class KnowsOneKeyOnly(MemoryIdempotencyKeys):
    async def take(self, digest: str, *, since: datetime) -> Outcome | None:
        return await super().take(next(iter(self._tables.idempotency), digest), since=since)


@saboteur("IDEMPOTENCY-03")
class CountsWhatWasDoneAtThatMoment(MemoryIdempotencyKeys):
    async def take(self, digest: str, *, since: datetime) -> Outcome | None:
        return await super().take(digest, since=since - timedelta(microseconds=1))


@saboteur("IDEMPOTENCY-03")
class NeverFreesAKey(MemoryIdempotencyKeys):
    async def take(self, digest: str, *, since: datetime) -> Outcome | None:
        return self._tables.idempotency.get(digest)


@saboteur("IDEMPOTENCY-04")
class KeepsTheEarlier(MemoryIdempotencyKeys):
    async def remember(self, outcome: Outcome) -> None:
        self._tables.idempotency.setdefault(outcome.digest, outcome)


@saboteur("IDEMPOTENCY-07")
class NeverForgets(MemoryIdempotencyKeys):
    async def forget(self, *, before: datetime) -> None:
        pass


@saboteur("IDEMPOTENCY-07")
class ForgetsAsSlowlyAsItRemembers(MemoryIdempotencyKeys):
    async def forget(self, *, before: datetime) -> None:
        outcomes = self._tables.idempotency.values()
        for outcome in [each for each in outcomes if each.created_at < before][:1]:
            del self._tables.idempotency[outcome.digest]


@saboteur("IDEMPOTENCY-08")
class ForgetsWhatWasDoneAtThatMoment(MemoryIdempotencyKeys):
    async def forget(self, *, before: datetime) -> None:
        await super().forget(before=before + timedelta(microseconds=1))


@saboteur("IDEMPOTENCY-08")
class ForgetsEverything(MemoryIdempotencyKeys):
    async def forget(self, *, before: datetime) -> None:
        self._tables.idempotency.clear()
