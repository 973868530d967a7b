"""What the database's failures mean to the blog: a refused row, or a database that is not there."""

from collections.abc import Iterator
from contextlib import contextmanager

from asyncpg import Connection, InterfaceError, InternalClientError, PostgresError

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
def translated(connection: Connection | None = None) -> Iterator[None]:
    """Raise what a failure means to the blog; one that means nothing to it escapes untouched.

    Only for calls of the database: an OSError is taken for a connection that failed.

    Args:
        connection: the one that is used; None while there is none yet.
    """
    try:
        yield
    except PostgresError as error:
        meaning = CONSTRAINT_ERRORS.get(getattr(error, "constraint_name", None) or "")
        if meaning is not None:
            raise meaning from error
        if not sqlstate(error).startswith(_PASSING):
            error.detail = None  # it quotes what is stored
            raise
        raise DatabaseUnavailable from error
    except InterfaceError as error:
        if connection is None or not connection.is_closed():
            raise  # a mistake of the caller's
        raise DatabaseUnavailable from error
    except InternalClientError as error:  # the server's farewell was read, and its end was not
        raise DatabaseUnavailable from error
    except (OSError, UnicodeError) as error:  # a host's name may not be one
        raise DatabaseUnavailable from error


def sqlstate(error: BaseException | None) -> str:
    """Return the server's code for an error (PostgreSQL's Appendix A), '' when it sent none."""
    return getattr(error, "sqlstate", None) or ""
