"""The contract of the idempotency keys."""

import asyncio

from blog_core.domain.access import digest_of
from blog_core.domain.idempotency import Outcome
from blog_core.errors import RequestInFlight
from blog_core.ports import UnitOfWorkFactory
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import Contract, clause

_EVER = NOW - minutes(1_000_000)


class IdempotencyKeysContract(Contract):
    """`IdempotencyKeys`."""

    ports = ("uow",)
    needs = frozenset({"idempotency"})

    @clause("IDEMPOTENCY-01")
    async def test_what_was_done_comes_back_as_it_was(self) -> None:
        """What was done under a key comes back as it was."""
        outcome = builders.outcome(result_id=2**63 - 1)
        await given_outcomes(self.uow, outcome)

        assert await done(self.uow, outcome) == outcome

    @clause("IDEMPOTENCY-02")
    async def test_under_another_key_nothing_was_done(self) -> None:
        """Under a key that nobody has used nothing was done, whatever was under others."""
        await given_outcomes(self.uow, builders.outcome("used"))

        async with self.uow() as unit:
            assert await unit.idempotency.take(digest_of("unused"), since=_EVER) is None

    @clause("IDEMPOTENCY-03")
    async def test_what_was_done_until_then_does_not_count(self) -> None:
        """What was done at `since` or before does not count; a microsecond later it does."""
        outcome = builders.outcome()
        await given_outcomes(self.uow, outcome)

        async with self.uow() as unit:
            just_before = NOW.replace(microsecond=NOW.microsecond - 1)
            assert await unit.idempotency.take(outcome.digest, since=just_before) == outcome
            assert await unit.idempotency.take(outcome.digest, since=NOW) is None

    @clause("IDEMPOTENCY-04")
    async def test_what_is_done_later_takes_the_place_of_the_earlier(self) -> None:
        """What is done later under a key takes the place of what was done earlier."""
        earlier, later = builders.outcome(), builders.outcome("key", 2, NOW + minutes(1))
        await given_outcomes(self.uow, earlier)
        await given_outcomes(self.uow, later)

        assert await done(self.uow, later) == later

    @clause("IDEMPOTENCY-05")
    async def test_of_many_who_use_a_key_one_does_it(self) -> None:
        """Of many units that use one key at once one does it; the others find that, or turn away.

        They turn away with RequestInFlight.
        """

        async def use(number: int) -> bool:
            outcome = builders.outcome(result_id=number)
            async with self.uow() as unit:
                if await unit.idempotency.take(outcome.digest, since=_EVER) is not None:
                    return False
                await asyncio.sleep(0)
                await unit.idempotency.remember(outcome)
                await unit.commit()
            return True

        results = await asyncio.gather(
            *(use(number) for number in range(1, 6)), return_exceptions=True
        )

        assert results.count(True) == 1
        assert {type(result) for result in results} <= {bool, RequestInFlight}
        kept = await done(self.uow, builders.outcome())
        assert kept is not None
        assert kept.result_id == results.index(True) + 1

    @clause("IDEMPOTENCY-06")
    async def test_a_unit_that_did_not_commit_leaves_the_key_free(self) -> None:
        """A unit that took a key and did not commit leaves it free."""
        outcome = builders.outcome()
        async with self.uow() as unit:
            await unit.idempotency.take(outcome.digest, since=_EVER)
            await unit.idempotency.remember(outcome)

        assert await done(self.uow, outcome) is None

    @clause("IDEMPOTENCY-07")
    async def test_what_was_done_before_is_forgotten_in_the_end(self) -> None:
        """What was done before a moment is forgotten, two at a time at least."""
        earlier = [builders.outcome(str(number)) for number in range(6)]
        await given_outcomes(self.uow, *earlier)
        for _ in range(3):
            async with self.uow() as unit:
                await unit.idempotency.forget(before=NOW + minutes(1))
                await unit.commit()

        assert [await done(self.uow, outcome) for outcome in earlier] == [None] * 6

    @clause("IDEMPOTENCY-08")
    async def test_what_was_done_then_or_later_is_not_forgotten(self) -> None:
        """What was done at that moment or later is not forgotten."""
        earlier = builders.outcome("earlier", created_at=NOW - minutes(1))
        then, later = builders.outcome("then"), builders.outcome("later", 1, NOW + minutes(1))
        await given_outcomes(self.uow, earlier, then, later)
        async with self.uow() as unit:
            await unit.idempotency.forget(before=NOW)
            await unit.commit()

        assert await done(self.uow, then) == then
        assert await done(self.uow, later) == later

    @clause("IDEMPOTENCY-09")
    async def test_what_was_forgotten_without_a_commit_is_there(self) -> None:
        """What was forgotten or replaced without a commit is as it was before."""
        forgotten, replaced = builders.outcome("forgotten"), builders.outcome("replaced")
        await given_outcomes(self.uow, forgotten, replaced)
        async with self.uow() as unit:
            await unit.idempotency.remember(builders.outcome("replaced", 2, NOW + minutes(1)))
            await unit.idempotency.forget(before=NOW + minutes(1))

        assert await done(self.uow, forgotten) == forgotten
        assert await done(self.uow, replaced) == replaced


async def given_outcomes(uow: UnitOfWorkFactory, *outcomes: Outcome) -> None:
    """Commit what was done under keys, all in one unit."""
    async with uow() as unit:
        for outcome in outcomes:
            await unit.idempotency.take(outcome.digest, since=outcome.created_at)
            await unit.idempotency.remember(outcome)
        await unit.commit()


async def done(uow: UnitOfWorkFactory, outcome: Outcome) -> Outcome | None:
    """Return what was done under the key of this, however long ago."""
    async with uow() as unit:
        return await unit.idempotency.take(outcome.digest, since=_EVER)
