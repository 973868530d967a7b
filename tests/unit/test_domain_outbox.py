import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog_core.domain.outbox import (
    MAX_ATTEMPTS,
    PictureDiscarded,
    ResetMail,
    ResetRequested,
    Task,
    task_from_fields,
    task_to_fields,
)
from blog_core.domain.users import UserId
from blog_core.testing import builders
from blog_core.testing.builders import NOW

TASKS: list[Task] = [
    ResetRequested("ünal@example.com"),
    ResetMail(UserId(2**62)),
    PictureDiscarded("a.jpg"),
]


@pytest.mark.parametrize("task", TASKS)
def test_a_task_survives_being_stored_as_json(task: Task) -> None:
    kind, fields = task_to_fields(task)

    assert task_from_fields(kind, json.loads(json.dumps(fields))) == task


@pytest.mark.parametrize(
    ("kind", "fields", "task"),
    [
        ("reset_requested", {"email": "ünal@example.com"}, TASKS[0]),
        ("reset_mail", {"user_id": 2**62}, TASKS[1]),
        ("picture_discarded", {"image_file": "a.jpg"}, TASKS[2]),
    ],
)
def test_what_an_older_release_stored_is_still_the_task(
    kind: str, fields: dict[str, Any], task: Task
) -> None:
    assert task_from_fields(kind, fields) == task


def test_each_task_has_a_kind_of_its_own() -> None:
    assert len({task.kind for task in TASKS}) == len(TASKS)


def test_an_unknown_kind_is_no_task() -> None:
    with pytest.raises(LookupError):
        task_from_fields("fly_to_the_moon", {})


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (6, 30), (MAX_ATTEMPTS, 30), (10**6, 30)],
)
def test_each_pause_is_twice_the_last_up_to_half_a_minute(attempts: int, seconds: int) -> None:
    entry = replace(builders.entry(), attempts=attempts)

    assert entry.next_due(NOW) == NOW + timedelta(seconds=seconds)


@given(attempts=st.integers(1, MAX_ATTEMPTS), now=st.datetimes(max_value=datetime(9999, 1, 1)))  # noqa: DTZ001 - hypothesis adds the zone
def test_a_pause_is_at_least_two_seconds_and_at_most_half_a_minute(
    attempts: int, now: datetime
) -> None:
    entry = replace(builders.entry(), attempts=attempts)

    assert timedelta(seconds=2) <= entry.next_due(now) - now <= timedelta(seconds=30)


def test_the_attempts_last_for_most_of_an_hour() -> None:
    entries = [replace(builders.entry(), attempts=number) for number in range(1, MAX_ATTEMPTS)]

    pauses = sum((entry.next_due(NOW) - NOW for entry in entries), timedelta())

    assert pauses == timedelta(minutes=48)


@pytest.mark.parametrize(
    ("attempts", "last", "spent"),
    [
        (MAX_ATTEMPTS - 1, False, False),
        (MAX_ATTEMPTS, True, False),
        (MAX_ATTEMPTS + 1, True, True),
    ],
)
def test_after_the_last_attempt_there_is_none(attempts: int, last: bool, spent: bool) -> None:
    entry = replace(builders.entry(), attempts=attempts)

    assert (entry.is_last_attempt, entry.is_spent) == (last, spent)
