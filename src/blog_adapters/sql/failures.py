"""What the database's failures mean to the blog: a refused row, or a database that is not there."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from blog_adapters.sql.tables import CONSTRAINT_ERRORS
from blog_core.errors import DatabaseUnavailable

# The beginnings of SQLSTATEs (PostgreSQL's Appendix A) after which trying again may help.
_PASSING = (
    "08",  # connection exceptions
    "28",  # our password or role is refused: an operator is changing it
    "3D000",  # the database is not there
    "25006",  # read-only: the server we know has become a standby
    "25P03",  # idle in transaction for too long
    "40001",  # serialization failure
    "40P01",  # deadlock
    "53",  # too many connections, disk or memory full
    "55P03",  # lock time-out
    "57",  # statement time-out, shutdown, starting up
)


@contextmanager
def translated() -> Iterator[None]:
    """Raise what a failure means to the blog; one that means nothing to it escapes untouched.

    Only for calls of the database: an OSError is taken for a connection that failed.
    """
    try:
        yield
    except IntegrityError as error:
        meaning = CONSTRAINT_ERRORS.get(getattr(error.driver_exception, "constraint_name", ""))
        if meaning is None:
            raise
        raise meaning from error
    except DBAPIError as error:
        if not (error.connection_invalidated or sqlstate(error).startswith(_PASSING)):
            raise
        raise DatabaseUnavailable from error
    except (OSError, PoolTimeout, UnicodeError) as error:  # a host's name may not be one
        raise DatabaseUnavailable from error


def sqlstate(error: DBAPIError) -> str:
    """Return the server's code for an error (PostgreSQL's Appendix A), '' when it sent none."""
    return getattr(error.orig, "sqlstate", None) or ""
