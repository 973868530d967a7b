"""The database ports on PostgreSQL: SQLAlchemy Core statements, run by asyncpg."""

from blog_adapters.sql.database import Database, PooledDatabase, RollbackDatabase
from blog_adapters.sql.queries import SqlPostQueries, SqlUserQueries
from blog_adapters.sql.unit_of_work import SqlUnitOfWork, sql_unit_of_work

__all__ = [
    "Database",
    "PooledDatabase",
    "RollbackDatabase",
    "SqlPostQueries",
    "SqlUnitOfWork",
    "SqlUserQueries",
    "sql_unit_of_work",
]
