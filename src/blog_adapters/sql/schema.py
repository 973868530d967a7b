"""Whether the database has the schema that this version needs, asked at every start.

Apart from the migrations, so that a start need not import what only they use.
"""

from asyncpg import PostgresError
from sqlalchemy import text

from blog_adapters.sql.database import Readable
from blog_adapters.sql.failures import sqlstate
from blog_core.errors import DatabaseUnavailable

REVISION = "0003"
"""The last of the migrations; they are numbered, so an older one is less."""

_UNDEFINED_TABLE = "42P01"
_FOUND = text("SELECT version_num FROM alembic_version")


class SchemaError(Exception):
    """The schema could not be changed, or is not the one that is needed; one line says why."""


async def require_current_schema(database: Readable) -> None:
    """Raise unless the database has the schema that this version needs.

    Raises:
        SchemaError: it has none, an older or a newer one; the line says what to do.
        DatabaseUnavailable: it does not answer.
    """
    try:
        async with database.reading() as statements:
            row = await statements.one(_FOUND)
    except PostgresError as error:
        raise refused(error) from error
    except DatabaseUnavailable as error:
        # At the start it helps to know what the server said: a password, a name that is not there.
        if isinstance(error.__cause__, PostgresError):
            raise refused(error.__cause__) from error
        raise
    found = "none" if row is None else row["version_num"]
    if found == "none" or found < REVISION:
        raise SchemaError(
            f"The schema is at revision {found} and this version needs {REVISION}: "
            "run `blog migrate`"
        )
    if found > REVISION:
        raise SchemaError(
            f"The schema is at revision {found}, which is newer than this version's {REVISION}: "
            "run the blog that did its `blog migrate`"
        )


def refused(error: BaseException | None) -> SchemaError:
    """Return what a failure of the server means to whoever looks after it."""
    if sqlstate(error) == _UNDEFINED_TABLE:
        return SchemaError("The database has no schema yet: run `blog migrate`")
    reason = str(error).partition("\n")[0]  # the rest may quote what is stored
    if "startup parameter" in reason:
        reason = f"{reason}; if this is PgBouncer, set DATABASE_DIRECT_URL to the server itself"
    return SchemaError(f"The database refused: {reason}")
