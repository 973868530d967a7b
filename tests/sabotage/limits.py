"""Mistakes in what counts attempts."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from blog_adapters.memory import MemoryRateLimiter
from blog_core.domain.limits import Attempt, Limit
from blog_core.errors import TooManyRequests
from sabotage.saboteur import saboteur


@saboteur("LIMITER-01", also="LIMITER-02 03 05 06 07 08 09")
class LetsOneMoreThrough(MemoryRateLimiter):
    async def admit(self, attempt: Attempt) -> None:
        limit = attempt.limit
        more = Limit(limit.name, limit.amount + 1, limit.per)
        await super().admit(replace(attempt, limit=more))


@saboteur("LIMITER-02")
class LooksBeforeItCounts(MemoryRateLimiter):
    async def admit(self, attempt: Attempt) -> None:
        window = self._windows.get((attempt.limit, attempt.key))
        if window and window.ends_at > self._clock() and window.hits >= attempt.limit.amount:
            raise attempt.limit.exceeded(window.ends_at - self._clock())
        await asyncio.sleep(0)
        with suppress(TooManyRequests):
            await super().admit(attempt)


@saboteur("LIMITER-03")
class NamesNoLimit(MemoryRateLimiter):
    async def admit(self, attempt: Attempt) -> None:
        try:
            await super().admit(attempt)
        except TooManyRequests as error:
            raise Limit("", error.amount, error.per).exceeded(error.retry_after) from error


@saboteur("LIMITER-04")
class SaysToWaitForAWholeWindow(MemoryRateLimiter):
    async def admit(self, attempt: Attempt) -> None:
        try:
            await super().admit(attempt)
        except TooManyRequests as error:
            raise attempt.limit.exceeded(attempt.limit.per) from error


@saboteur("LIMITER-05", also="LIMITER-06")
class NeverForgets(MemoryRateLimiter):
    async def admit(self, attempt: Attempt) -> None:
        limit = attempt.limit
        for_good = Limit(limit.name, limit.amount, limit.per + timedelta(days=1))
        try:
            await super().admit(replace(attempt, limit=for_good))
        except TooManyRequests as error:
            wait = min(error.retry_after - timedelta(days=1), limit.per)
            raise limit.exceeded(max(wait, timedelta(seconds=1))) from error


@saboteur("LIMITER-05", also="LIMITER-04")
class BeginsAWindowWithEachAttempt(MemoryRateLimiter):
    async def admit(self, attempt: Attempt) -> None:
        await super().admit(attempt)
        window = self._windows[attempt.limit, attempt.key]
        window.ends_at = self._clock() + attempt.limit.per


@saboteur("LIMITER-06", also="LIMITER-04")
class PunishesWhoeverTriesAgain(MemoryRateLimiter):
    async def admit(self, attempt: Attempt) -> None:
        try:
            await super().admit(attempt)
        except TooManyRequests:
            self._windows[attempt.limit, attempt.key].ends_at = self._clock() + attempt.limit.per
            raise


@saboteur("LIMITER-07", also="LIMITER-09")
class CountsEverybodyAsOne(MemoryRateLimiter):
    async def admit(self, attempt: Attempt) -> None:
        await super().admit(replace(attempt, key=""))


@saboteur("LIMITER-08")
class CountsEverythingAsOne(MemoryRateLimiter):
    async def admit(self, attempt: Attempt) -> None:
        one = Limit("login", attempt.limit.amount, attempt.limit.per)
        await super().admit(replace(attempt, limit=one))


@saboteur("LIMITER-09")
class RemembersTheLastTen(MemoryRateLimiter):
    async def admit(self, attempt: Attempt) -> None:
        while len(self._windows) > 10:
            del self._windows[next(iter(self._windows))]
        await super().admit(attempt)
