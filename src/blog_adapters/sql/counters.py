"""A storage for the library `limits` on PostgreSQL, which has none of its own."""

from datetime import timedelta
from time import time

from asyncpg import Record
from limits.aio.storage import Storage
from sqlalchemy import Executable, Interval, bindparam, case, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from blog_adapters.sql.database import Database
from blog_adapters.sql.statements import Values
from blog_adapters.sql.tables import rate_limits
from blog_core.errors import DatabaseUnavailable

_NOW = func.statement_timestamp()  # one clock for all hosts
_THIS = rate_limits.c.key == bindparam("this")
_IS_OVER = rate_limits.c.expires_at <= _NOW

# Each attempt clears away two windows that are over, so that they never become many. Those that
# others are busy with are left to them: nobody waits.
_OVER = (
    select(rate_limits.c.key)
    .where(_IS_OVER, rate_limits.c.key != bindparam("this"))
    .limit(2)
    .with_for_update(skip_locked=True)
    .cte("over")
)
_CLEARED = delete(rate_limits).where(rate_limits.c.key.in_(select(_OVER.c.key))).cte("cleared")
_FRESH = upsert(rate_limits).values(
    key=bindparam("this"),
    hits=bindparam("amount"),
    expires_at=_NOW + bindparam("lasts", type_=Interval),
)
_COUNT = (
    _FRESH.on_conflict_do_update(
        index_elements=[rate_limits.c.key],
        set_={
            "hits": case(
                (_IS_OVER, _FRESH.excluded.hits), else_=rate_limits.c.hits + _FRESH.excluded.hits
            ),
            "expires_at": case(
                (_IS_OVER, _FRESH.excluded.expires_at), else_=rate_limits.c.expires_at
            ),
        },
    )
    .returning(rate_limits.c.hits)
    .add_cte(_CLEARED)
)
_GET = select(
    rate_limits.c.hits, func.extract("epoch", rate_limits.c.expires_at - _NOW).label("left")
).where(_THIS, ~_IS_OVER)
_CLEAR = delete(rate_limits).where(_THIS)
_RESET = delete(rate_limits).returning(rate_limits.c.key)


class SqlCounters(Storage):
    """See `limits.aio.storage.Storage`: fixed windows, exact over all processes and hosts.

    One statement counts an attempt and tells how many there were; its row is locked for as long as
    that takes.
    """

    STORAGE_SCHEME = None  # it is given a database, not a URI

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception]:
        """What is raised while nothing can be counted."""
        return DatabaseUnavailable

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count and return how many there were in this window, which lasts `expiry` seconds."""
        values = {"this": key, "amount": amount, "lasts": timedelta(seconds=expiry)}
        (row,) = await self._run(_COUNT, values)
        hits: int = row["hits"]
        return hits

    async def get(self, key: str) -> int:
        """Return how many there were in this window."""
        rows = await self._run(_GET, {"this": key})
        return rows[0]["hits"] if rows else 0

    async def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since the epoch."""
        rows = await self._run(_GET, {"this": key})
        return time() + (float(rows[0]["left"]) if rows else 0.0)

    async def check(self) -> bool:
        """Whether the database answers."""
        try:
            await self._database.check()
        except DatabaseUnavailable:
            return False
        return True

    async def reset(self) -> int:
        """Forget everything and return how much that was."""
        return len(await self._run(_RESET))

    async def clear(self, key: str) -> None:
        """Forget a window."""
        await self._run(_CLEAR, {"this": key})

    async def _run(self, statement: Executable, values: Values | None = None) -> list[Record]:
        async with self._database.writing() as transaction:
            rows = await transaction.execute(statement, values)
            await transaction.commit()
        return rows
