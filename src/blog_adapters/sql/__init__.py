"""The database ports on PostgreSQL: SQLAlchemy Core statements, run by asyncpg."""

from blog_adapters.sql.database import Database, PooledDatabase, RollbackDatabase
from blog_adapters.sql.queries import SqlPostQueries, SqlUserQueries
from blog_adapters.sql.replica import CaughtUpReplica
from blog_adapters.sql.unit_of_work import SqlUnitOfWork, sql_unit_of_work
from blog_adapters.sql.version import SqlDataVersion

__all__ = [
    "CaughtUpReplica",
    "Database",
    "PooledDatabase",
    "RollbackDatabase",
    "SqlDataVersion",
    "SqlPostQueries",
    "SqlUnitOfWork",
    "SqlUserQueries",
    "sql_unit_of_work",
]
