"""`IdempotencyKeys` on PostgreSQL.

Whoever has a key holds an advisory lock of the transaction: the server lets go of it at the end,
however that comes, also behind a pooler that lends a server for each transaction.
"""

from datetime import datetime

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from blog_adapters.sql.database import Transaction
from blog_adapters.sql.tables import Key, idempotency_keys
from blog_core.domain.idempotency import Outcome
from blog_core.errors import RequestInFlight

FORGOTTEN_AT_ONCE = 10
"""How many are deleted by who remembers one: enough to catch up, too few to be felt."""

# Of two keys that share these 64 bits one may be told, wrongly, that it is in flight.
_TRY_LOCK = select(
    func.pg_try_advisory_xact_lock(func.hashtextextended(bindparam("digest", type_=Key), 0)).label(
        "locked"
    )
)
_DONE = select(idempotency_keys).where(
    idempotency_keys.c.digest == bindparam("digest"),
    idempotency_keys.c.created_at > bindparam("since"),
)
_NEW = upsert(idempotency_keys)
_REMEMBER = _NEW.on_conflict_do_update(
    index_elements=[idempotency_keys.c.digest],
    set_={
        "request_mac": _NEW.excluded.request_mac,
        "result_id": _NEW.excluded.result_id,
        "created_at": _NEW.excluded.created_at,
    },
)
# As a CTE the choice is made once; as a plain subquery it may be made again for each row.
_OVER = (
    select(idempotency_keys.c.digest)
    .where(idempotency_keys.c.created_at < bindparam("before"))
    .order_by(idempotency_keys.c.created_at)
    .limit(FORGOTTEN_AT_ONCE)
    .with_for_update(skip_locked=True)
    .cte("over")
)
_FORGET = delete(idempotency_keys).where(idempotency_keys.c.digest == _OVER.c.digest)


class SqlIdempotencyKeys:
    """`IdempotencyKeys` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def take(self, digest: str, *, since: datetime) -> Outcome | None:
        """See `IdempotencyKeys`."""
        # The lock first: what its last holder committed is then seen by the second statement.
        (lock,) = await self._transaction.execute(_TRY_LOCK, {"digest": digest})
        row = await self._transaction.one(_DONE, {"digest": digest, "since": since})
        if row is not None:
            return Outcome(**row)
        if not lock["locked"]:
            raise RequestInFlight
        return None

    async def remember(self, outcome: Outcome) -> None:
        """See `IdempotencyKeys`."""
        values = {
            "digest": outcome.digest,
            "request_mac": outcome.request_mac,
            "result_id": outcome.result_id,
            "created_at": outcome.created_at,
        }
        await self._transaction.execute(_REMEMBER, values)

    async def forget(self, *, before: datetime) -> None:
        """See `IdempotencyKeys`."""
        await self._transaction.execute(_FORGET, {"before": before})
