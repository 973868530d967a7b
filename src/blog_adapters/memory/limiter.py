"""Counting attempts in one process, and not counting them at all."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from blog_core.domain.limits import Attempt, Limit
from blog_core.ports import Clock


@dataclass(slots=True)
class _Window:
    ends_at: datetime
    hits: int = 0


class MemoryRateLimiter:
    """`RateLimiter` in a dictionary. It remembers no more than what was tried lately."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[Limit, str], _Window] = {}

    async def admit(self, attempt: Attempt) -> None:
        """See `RateLimiter`."""
        limit, now = attempt.limit, self._clock()
        window = self._windows.get((limit, attempt.key))
        if window is None or window.ends_at <= now:
            window = self._opened(attempt, now)
        window.hits += 1
        if window.hits > limit.amount:
            raise limit.exceeded(retry_after=window.ends_at - now)

    def _opened(self, attempt: Attempt, now: datetime) -> _Window:
        """Open a window, and forget two that are over: they would be more and more."""
        place = (attempt.limit, attempt.key)
        self._windows.pop(place, None)
        for oldest in [*islice(self._windows, 2)]:
            if self._windows[oldest].ends_at <= now:
                del self._windows[oldest]
        self._windows[place] = window = _Window(now + attempt.limit.per)
        return window


class Unlimited:
    """`RateLimiter` for whoever does without: it lets everybody through."""

    async def admit(self, attempt: Attempt) -> None:
        """Let it through."""
