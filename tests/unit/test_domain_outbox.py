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
    [(1, 2), (2, 4), (3, 8), (4, 16), (8, 256), (9, 512), (10, 900)],
)
def test_each_pause_is_twice_the_last_up_to_a_quarter_of_an_hour(
    attempts: int, seconds: int
) -> None:
    entry = replace(builders.entry(), attempts=attempts)

    assert entry.next_due(NOW) == NOW + timedelta(seconds=seconds)


@given(attempts=st.integers(1, MAX_ATTEMPTS), now=st.datetimes(max_value=datetime(9999, 1, 1)))  # noqa: DTZ001 - hypothesis adds the zone
def test_a_pause_is_at_least_two_seconds_and_at_most_a_quarter_of_an_hour(
    attempts: int, now: datetime
) -> None:
    entry = replace(builders.entry(), attempts=attempts)

    assert timedelta(seconds=2) <= entry.next_due(now) - now <= timedelta(minutes=15)


@pytest.mark.parametrize(
    ("attempts", "last", "spent"),
    [
        (MAX_ATTEMPTS - 1, False, False),
        (MAX_ATTEMPTS, True, False),
        (MAX_ATTEMPTS + 1, True, True),
    ],
)
def test_the_tenth_attempt_is_the_last(attempts: int, last: bool, spent: bool) -> None:
    entry = replace(builders.entry(), attempts=attempts)

    assert (entry.is_last_attempt, entry.is_spent) == (last, spent)
