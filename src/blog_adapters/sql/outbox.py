"""`Outbox` on PostgreSQL. Times come from the arguments: no clock but the caller's decides."""

import json
from datetime import datetime
from typing import get_args
from uuid import UUID

from asyncpg import Record
from sqlalchemy import (
    ARRAY,
    Delete,
    Text,
    Update,
    and_,
    any_,
    bindparam,
    cast,
    delete,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from blog_adapters.sql.database import Transaction
from blog_adapters.sql.tables import outbox
from blog_core.domain.outbox import DeadLetter, Entry, Task, task_from_fields, task_to_fields
from blog_core.errors import LeaseLost

_KNOWN_KINDS = literal([task.kind for task in get_args(Task)], ARRAY(Text))

# JSON goes over as text both ways: what else the driver makes of it depends on who connected.
_ADD = insert(outbox).values(payload=cast(bindparam("task", type_=Text), JSONB))
_ENTRY = (
    outbox.c.id,
    outbox.c.kind,
    cast(outbox.c.payload, Text).label("task"),
    outbox.c.created_at,
    outbox.c.due_at,
    outbox.c.attempts,
    outbox.c.last_error,
)
_CANCEL = delete(outbox).where(outbox.c.id == bindparam("entry_id"))
# As a CTE the choice is made once; as a plain subquery it may be made again for each row.
_CHOSEN = (
    select(outbox.c.id)
    .where(
        not_(outbox.c.dead),
        outbox.c.due_at <= bindparam("now"),
        or_(outbox.c.locked_until.is_(None), outbox.c.locked_until <= bindparam("now")),
        outbox.c.kind == any_(_KNOWN_KINDS),
    )
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("chosen")
)
_CLAIM = (
    update(outbox)
    .where(outbox.c.id == _CHOSEN.c.id)
    .values(locked_until=bindparam("until"), attempts=outbox.c.attempts + 1)
    .returning(*_ENTRY)
)
# Whether this very claim still holds the entry: another would have counted one more.
_HELD = and_(
    outbox.c.id == bindparam("entry_id"),
    outbox.c.attempts == bindparam("claimed"),
    outbox.c.locked_until.is_not(None),
)
_FINISH = delete(outbox).where(_HELD).returning(outbox.c.id)
_GIVE_BACK = update(outbox).where(_HELD).returning(outbox.c.id)
_DEAD_LETTERS = select(*_ENTRY).where(outbox.c.dead).order_by(outbox.c.created_at, outbox.c.id)


class SqlOutbox:
    """`Outbox` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, entry: Entry) -> None:
        """See `Outbox`."""
        kind, payload = task_to_fields(entry.task)
        values = {
            "id": entry.id,
            "kind": kind,
            "task": json.dumps(payload),
            "created_at": entry.created_at,
            "due_at": entry.due_at,
            "attempts": entry.attempts,
            "dead": False,
        }
        await self._transaction.execute(_ADD, values)

    async def cancel(self, entry_id: UUID) -> None:
        """See `Outbox`."""
        await self._transaction.execute(_CANCEL, {"entry_id": entry_id})

    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Entry]:
        """See `Outbox`. Entries whose kind only a newer version knows are left to that version."""
        values = {"now": now, "until": until, "limit": limit}
        entries = [_entry_from(row) for row in await self._transaction.execute(_CLAIM, values)]
        return sorted(entries, key=lambda entry: (entry.due_at, entry.id))

    async def finish(self, entry: Entry) -> None:
        """See `Outbox`."""
        await self._settle(_FINISH, entry)

    async def postpone(self, entry: Entry, *, due_at: datetime, error: str) -> None:
        """See `Outbox`."""
        await self._settle(_GIVE_BACK, entry, due_at=due_at, locked_until=None, last_error=error)

    async def bury(self, entry: Entry, *, error: str) -> None:
        """See `Outbox`."""
        await self._settle(_GIVE_BACK, entry, dead=True, locked_until=None, last_error=error)

    async def dead_letters(self) -> list[DeadLetter]:
        """See `Outbox`."""
        rows = await self._transaction.execute(_DEAD_LETTERS)
        return [DeadLetter(entry=_entry_from(row), error=row["last_error"]) for row in rows]

    async def _settle(self, statement: Update | Delete, entry: Entry, **columns: object) -> None:
        held = {"entry_id": entry.id, "claimed": entry.attempts}
        if not await self._transaction.execute(statement, held | columns):
            raise LeaseLost


def _entry_from(row: Record) -> Entry:
    return Entry(
        id=row["id"],
        task=task_from_fields(row["kind"], json.loads(row["task"])),
        created_at=row["created_at"],
        due_at=row["due_at"],
        attempts=row["attempts"],
    )
