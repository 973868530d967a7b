"""`Outbox` on PostgreSQL. Times come from the arguments: no clock but the caller's decides."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Delete,
    Update,
    and_,
    delete,
    insert,
    not_,
    or_,
    select,
    update,
)

from blog_adapters.sql.database import AnyRow, Transaction
from blog_adapters.sql.tables import outbox
from blog_core.domain.outbox import DeadLetter, Entry, Task, task_from_fields, task_to_fields
from blog_core.errors import LeaseLost

_KNOWN_KINDS = [task.kind for task in get_args(Task)]


class SqlOutbox:
    """`Outbox` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, entry: Entry) -> None:
        """See `Outbox`."""
        kind, payload = task_to_fields(entry.task)
        statement = insert(outbox).values(
            id=entry.id,
            kind=kind,
            payload=payload,
            created_at=entry.created_at,
            due_at=entry.due_at,
            attempts=entry.attempts,
            dead=False,
        )
        await self._transaction.execute(statement)

    async def cancel(self, entry_id: UUID) -> None:
        """See `Outbox`."""
        await self._transaction.execute(delete(outbox).where(outbox.c.id == entry_id))

    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[Entry]:
        """See `Outbox`. Entries whose kind only a newer version knows are left to that version."""
        # As a CTE the choice is made once; as a plain subquery it may be made again for each row.
        chosen = (
            select(outbox.c.id)
            .where(
                not_(outbox.c.dead),
                outbox.c.due_at <= now,
                or_(outbox.c.locked_until.is_(None), outbox.c.locked_until <= now),
                outbox.c.kind.in_(_KNOWN_KINDS),
            )
            .order_by(outbox.c.due_at, outbox.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("chosen")
        )
        statement = (
            update(outbox)
            .where(outbox.c.id == chosen.c.id)
            .values(locked_until=until, attempts=outbox.c.attempts + 1)
            .returning(outbox)
        )
        entries = [_entry_from(row) for row in await self._transaction.execute(statement)]
        return sorted(entries, key=lambda entry: (entry.due_at, entry.id))

    async def finish(self, entry: Entry) -> None:
        """See `Outbox`."""
        await self._settle(delete(outbox).where(_held(entry)))

    async def postpone(self, entry: Entry, *, due_at: datetime, error: str) -> None:
        """See `Outbox`."""
        later = update(outbox).values(due_at=due_at, locked_until=None, last_error=error)
        await self._settle(later.where(_held(entry)))

    async def bury(self, entry: Entry, *, error: str) -> None:
        """See `Outbox`."""
        never = update(outbox).values(dead=True, locked_until=None, last_error=error)
        await self._settle(never.where(_held(entry)))

    async def dead_letters(self) -> list[DeadLetter]:
        """See `Outbox`."""
        statement = select(outbox).where(outbox.c.dead).order_by(outbox.c.created_at, outbox.c.id)
        rows = await self._transaction.execute(statement)
        return [DeadLetter(entry=_entry_from(row), error=row.last_error) for row in rows]

    async def _settle(self, statement: Update | Delete) -> None:
        if not (await self._transaction.execute(statement)).rowcount:
            raise LeaseLost


def _held(entry: Entry) -> ColumnElement[bool]:
    """Whether this very claim still holds the entry: another would have counted one more."""
    return and_(
        outbox.c.id == entry.id,
        outbox.c.attempts == entry.attempts,
        outbox.c.locked_until.is_not(None),
    )


def _entry_from(row: AnyRow) -> Entry:
    return Entry(
        id=row.id,
        task=task_from_fields(row.kind, row.payload),
        created_at=row.created_at,
        due_at=row.due_at,
        attempts=row.attempts,
    )
