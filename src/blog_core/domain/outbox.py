"""Effects that outlive the transaction, as values: written with the change, delivered later."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from blog_core.domain.users import UserId

MAX_ATTEMPTS = 100
"""After so many failed deliveries, those of 48 minutes, an entry is kept as a dead letter."""

# Short enough for what waits to go out within a minute of a mail server's return.
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=2), timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class ResetRequested:
    """Somebody asks to reset the password of this address; whether it exists is not yet known."""

    kind: ClassVar[str] = "reset_requested"
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResetMail:
    """Mail this user the reset link that belongs to this entry."""

    kind: ClassVar[str] = "reset_mail"
    user_id: UserId


@dataclass(frozen=True, slots=True)
class PictureDiscarded:
    """Delete this picture from the storage, unless a user shows it."""

    kind: ClassVar[str] = "picture_discarded"
    image_file: str


Task = ResetRequested | ResetMail | PictureDiscarded

_TASKS: dict[str, type[Task]] = {
    task.kind: task for task in (ResetRequested, ResetMail, PictureDiscarded)
}


def task_to_fields(task: Task) -> tuple[str, dict[str, Any]]:
    """Return a task as a kind and JSON-ready fields, for adapters that store it."""
    return task.kind, asdict(task)


def task_from_fields(kind: str, fields: dict[str, Any]) -> Task:
    """Return the task that `task_to_fields` took apart.

    Raises:
        LookupError: no task has this kind.
    """
    return _TASKS[kind](**fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A task in the outbox. `attempts` counts the claims so far, this one included."""

    id: UUID
    task: Task
    created_at: datetime
    due_at: datetime
    attempts: int = 0

    @property
    def is_last_attempt(self) -> bool:
        """Whether a failure now makes this a dead letter."""
        return self.attempts >= MAX_ATTEMPTS

    @property
    def is_spent(self) -> bool:
        """Whether even the last attempt ended without a word: its relay was killed by it."""
        return self.attempts > MAX_ATTEMPTS

    def next_due(self, now: datetime) -> datetime:
        """Return when to try again after a failure: after 2, 4, 8, 16 seconds, then every 30."""
        return now + min(_FIRST_PAUSE * (1 << min(self.attempts - 1, 4)), _LONGEST_PAUSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An entry nobody tries any more, and the last reason."""

    entry: Entry
    error: str
