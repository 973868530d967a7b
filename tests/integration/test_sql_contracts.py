"""The PostgreSQL adapters keep the contracts of the database ports."""

from functools import partial

import pytest

from blog_adapters.sql import (
    RollbackDatabase,
    SqlPostQueries,
    SqlUserQueries,
    sql_unit_of_work,
)
from blog_core.ports import UnitOfWorkFactory
from blog_core.testing.contracts import (
    OutboxContract,
    PostQueriesContract,
    PostRepositoryContract,
    ResetTokenRepositoryContract,
    SessionRepositoryContract,
    UnitOfWorkContract,
    UserQueriesContract,
    UserRepositoryContract,
)


@pytest.fixture
def uow(rollback_database: RollbackDatabase) -> UnitOfWorkFactory:
    return partial(sql_unit_of_work, rollback_database)


class TestSqlUnitOfWork(UnitOfWorkContract):
    pass


class TestSqlPosts(PostRepositoryContract):
    pass


class TestSqlUsers(UserRepositoryContract):
    pass


class TestSqlSessions(SessionRepositoryContract):
    @pytest.fixture
    def queries(self, rollback_database: RollbackDatabase) -> SqlUserQueries:
        return SqlUserQueries(rollback_database)


class TestSqlResetTokens(ResetTokenRepositoryContract):
    pass


class TestSqlOutbox(OutboxContract):
    pass


class TestSqlPostQueries(PostQueriesContract):
    @pytest.fixture
    def queries(self, rollback_database: RollbackDatabase) -> SqlPostQueries:
        return SqlPostQueries(rollback_database)


class TestSqlUserQueries(UserQueriesContract):
    @pytest.fixture
    def queries(self, rollback_database: RollbackDatabase) -> SqlUserQueries:
        return SqlUserQueries(rollback_database)
