"""The PostgreSQL adapters keep the contracts of the database ports."""

from functools import partial

import pytest
from sqlalchemy import update

from blog_adapters.sql import (
    RollbackDatabase,
    SqlPostQueries,
    SqlUserQueries,
    sql_unit_of_work,
)
from blog_adapters.sql.tables import outbox
from blog_core.testing import Adapter, builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts import (
    IdempotencyKeysContract,
    OutboxContract,
    PostQueriesContract,
    PostRepositoryContract,
    ResetTokenRepositoryContract,
    SessionRepositoryContract,
    UnitOfWorkContract,
    UserQueriesContract,
    UserRepositoryContract,
)
from blog_core.testing.contracts.base import given_user


@pytest.fixture
def blog_adapter(blog_database: RollbackDatabase) -> Adapter:
    return Adapter(
        uow=partial(sql_unit_of_work, blog_database),
        post_queries=SqlPostQueries(blog_database),
        user_queries=SqlUserQueries(blog_database),
    )


class TestSqlUnitOfWork(UnitOfWorkContract):
    pass


class TestSqlPosts(PostRepositoryContract):
    pass


class TestSqlUsers(UserRepositoryContract):
    async def test_the_longest_keys_fit_into_their_index(self) -> None:
        longest = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"  # 18 characters in a key
        user = builders.new_user(longest * 50, f"{longest * 116}@b.c")

        added = await given_user(self.uow, user)

        assert (added.username, added.email) == (user.username, user.email)


class TestSqlSessions(SessionRepositoryContract):
    pass


class TestSqlResetTokens(ResetTokenRepositoryContract):
    pass


class TestSqlOutbox(OutboxContract):
    async def test_a_kind_that_only_a_newer_version_knows_is_left_to_it(
        self, blog_database: RollbackDatabase
    ) -> None:
        known, unknown = builders.entry(), builders.entry()
        async with self.uow() as unit:
            await unit.outbox.add(known)
            await unit.outbox.add(unknown)
            await unit.commit()
        async with blog_database.writing() as transaction:
            newer = update(outbox).where(outbox.c.id == unknown.id).values(kind="newer")
            await transaction.execute(newer)
            await transaction.commit()

        async with self.uow() as unit:
            claimed = await unit.outbox.claim(now=NOW, until=NOW + minutes(1), limit=9)

        assert [entry.id for entry in claimed] == [known.id]


class TestSqlIdempotencyKeys(IdempotencyKeysContract):
    pass


class TestSqlPostQueries(PostQueriesContract):
    pass


class TestSqlUserQueries(UserQueriesContract):
    pass
