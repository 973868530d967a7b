"""The contract of what counts attempts."""

import asyncio
from datetime import timedelta

import pytest

from blog_core.domain.limits import Attempt, Limit
from blog_core.errors import TooManyRequests
from blog_core.testing.builders import minutes
from blog_core.testing.contracts.base import Contract, clause

LIMIT = Limit("login", 3, minutes(5))
ATTEMPT = Attempt(LIMIT, "5f0c6d1f" * 8)
SECOND = timedelta(seconds=1)


class RateLimiterContract(Contract):
    """`RateLimiter`."""

    ports = ("limiter", "passes")

    @clause("LIMITER-01")
    async def test_as_many_as_the_limit_allows_are_let_through(self) -> None:
        """As many attempts as the limit allows are let through, and no more."""
        assert await self._admitted(ATTEMPT, tries=5) == 3

    @clause("LIMITER-02")
    async def test_of_many_at_once_no_more_are_let_through(self) -> None:
        """Of many attempts at once, as many are let through."""
        answers = await asyncio.gather(
            *(self.limiter.admit(ATTEMPT) for _ in range(20)), return_exceptions=True
        )

        assert answers.count(None) == 3
        assert sum(isinstance(answer, TooManyRequests) for answer in answers) == 17

    @clause("LIMITER-03")
    async def test_a_refusal_says_which_limit_was_exceeded(self) -> None:
        """A refusal says which limit was exceeded."""
        error = await self._refusal()

        assert (error.limit, error.amount, error.per) == ("login", 3, minutes(5))

    @clause("LIMITER-04")
    async def test_a_refusal_says_when_the_window_ends(self) -> None:
        """A refusal says when to try again: when the window ends."""
        await self.limiter.admit(ATTEMPT)
        await self.passes(minutes(2))

        error = await self._refusal()

        assert timedelta() < error.retry_after <= minutes(3)
        assert error.retry_after > minutes(2)

    @clause("LIMITER-05")
    async def test_the_window_begins_with_the_first_attempt(self) -> None:
        """The window begins with its first attempt and lasts as long as the limit says."""
        await self.limiter.admit(ATTEMPT)
        await self.passes(minutes(4))
        late = await self._admitted(ATTEMPT, tries=2)

        await self.passes(minutes(1) + SECOND)

        assert late == 2
        assert await self._admitted(ATTEMPT, tries=5) == 3

    @clause("LIMITER-06")
    async def test_a_refused_attempt_makes_the_window_no_longer(self) -> None:
        """A refused attempt makes the window no longer."""
        await self._refusal()
        await self.passes(minutes(4))
        await self._refusal()

        await self.passes(minutes(1) + SECOND)

        assert await self._admitted(ATTEMPT, tries=1) == 1

    @clause("LIMITER-07")
    async def test_each_key_is_counted_by_itself(self) -> None:
        """Each key is counted by itself."""
        await self._refusal()

        assert await self._admitted(Attempt(LIMIT, "another key"), tries=5) == 3

    @clause("LIMITER-08")
    async def test_each_limit_is_counted_by_itself(self) -> None:
        """Each limit is counted by itself, under the same key too."""
        await self._refusal()

        other = Attempt(Limit("reset", 3, minutes(5)), ATTEMPT.key)

        assert await self._admitted(other, tries=5) == 3

    @clause("LIMITER-09")
    async def test_many_keys_later_a_window_that_is_open_is_remembered(self) -> None:
        """However many others are counted meanwhile, a window that is open is remembered."""
        await self._refusal()
        await self.passes(minutes(4))

        for number in range(20):
            await self.limiter.admit(Attempt(LIMIT, f"key {number}"))

        assert await self._admitted(ATTEMPT, tries=1) == 0

    async def _admitted(self, attempt: Attempt, *, tries: int) -> int:
        """Return how many of some tries, one after the other, are let through."""
        admitted = 0
        for _ in range(tries):
            try:
                await self.limiter.admit(attempt)
                admitted += 1
            except TooManyRequests:
                pass
        return admitted

    async def _refusal(self) -> TooManyRequests:
        await self._admitted(ATTEMPT, tries=LIMIT.amount)
        with pytest.raises(TooManyRequests) as caught:
            await self.limiter.admit(ATTEMPT)
        return caught.value
