"""What only separate connections show of idempotency keys: nobody waits, and nothing piles up."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from blog_adapters.sql import PooledDatabase, sql_unit_of_work
from blog_adapters.sql.idempotency import FORGOTTEN_AT_ONCE
from blog_core.errors import RequestInFlight
from blog_core.ports import UnitOfWorkFactory
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.idempotency import given_outcomes

pytestmark = pytest.mark.anyio

DAY = timedelta(hours=24)
COUNT = text("SELECT count(*) FROM idempotency_keys")


@pytest.fixture
def uow(blog_committing_database: PooledDatabase) -> UnitOfWorkFactory:
    return partial(sql_unit_of_work, blog_committing_database)


async def number_of_rows(database: PooledDatabase) -> int:
    async with database.reading() as statements:
        number: int = (await statements.execute(COUNT))[0][0]
    return number


async def test_a_key_that_another_unit_has_is_in_flight_at_once(uow: UnitOfWorkFactory) -> None:
    outcome = builders.outcome()

    async with uow() as first, uow() as second:
        assert await first.idempotency.take(outcome.digest, since=NOW) is None

        with pytest.raises(RequestInFlight):
            await second.idempotency.take(outcome.digest, since=NOW)


async def test_what_was_done_is_found_by_many_at_once(uow: UnitOfWorkFactory) -> None:
    outcome = builders.outcome()
    await given_outcomes(uow, outcome)

    async with uow() as first, uow() as second:
        found = [
            await unit.idempotency.take(outcome.digest, since=NOW - DAY) for unit in (first, second)
        ]

    assert found == [outcome, outcome]


async def test_a_key_whose_unit_ended_is_free(uow: UnitOfWorkFactory) -> None:
    outcome = builders.outcome()
    async with uow() as first:
        await first.idempotency.take(outcome.digest, since=NOW)

    async with uow() as second:
        assert await second.idempotency.take(outcome.digest, since=NOW) is None


async def test_so_many_are_forgotten_at_once_and_no_more(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    over = [builders.outcome(str(number)) for number in range(FORGOTTEN_AT_ONCE + 5)]
    await given_outcomes(uow, *over)

    async with uow() as unit:
        await unit.idempotency.forget(before=NOW + minutes(1))
        await unit.commit()

    assert await number_of_rows(blog_committing_database) == 5


async def test_two_who_forget_do_not_wait_for_each_other(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    over = [builders.outcome(str(number)) for number in range(FORGOTTEN_AT_ONCE + 5)]
    await given_outcomes(uow, *over)

    async with uow() as first, uow() as second:
        await first.idempotency.forget(before=NOW + minutes(1))
        await second.idempotency.forget(before=NOW + minutes(1))
        await second.commit()
        await first.commit()

    assert await number_of_rows(blog_committing_database) == 0


@pytest.mark.parametrize("digest", ["", "\0", "\ud800", "no digest"])
async def test_any_text_is_a_fair_question(uow: UnitOfWorkFactory, digest: str) -> None:
    async with uow() as unit:
        assert await unit.idempotency.take(digest, since=NOW) is None
