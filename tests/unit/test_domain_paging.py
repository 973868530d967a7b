import re
import struct
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from blog_core.domain.paging import Cursor
from blog_core.errors import InvalidCursor
from blog_core.testing.builders import NOW

HIGHEST_ID = 2**63 - 1
ANY_CHARACTER = st.characters(exclude_categories=[])

cursors = st.builds(
    Cursor,
    date_posted=st.datetimes(timezones=st.just(UTC)),
    post_id=st.integers(0, HIGHEST_ID),
    backward=st.booleans(),
    author_id=st.none() | st.integers(1, HIGHEST_ID),
)


@given(cursor=cursors)
def test_a_cursor_is_read_as_it_was_written(cursor: Cursor) -> None:
    assert Cursor.decode(cursor.encode(), author_id=cursor.author_id) == cursor


@pytest.mark.parametrize(
    ("written", "cursor"),
    [
        ("AQAGNoFjA5JAAAAAAAAAAAUAAAAAAAAAADT-U5Ox", Cursor(date_posted=NOW, post_id=5)),
        (
            "AgAGNoFjA5JAAAAAAAAAAAUAAAAAAAAABxlsnKz8",
            Cursor(date_posted=NOW, post_id=5, backward=True, author_id=7),
        ),
    ],
)
def test_a_link_from_an_older_release_still_leads_to_its_place(
    written: str, cursor: Cursor
) -> None:
    assert Cursor.decode(written, author_id=cursor.author_id) == cursor


@given(cursor=cursors)
def test_a_written_cursor_needs_no_quoting_in_a_url(cursor: Cursor) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]{40}", cursor.encode())


@given(cursor=cursors, place=st.integers(0, 39), other=ANY_CHARACTER)
def test_a_cursor_with_another_character_is_refused(cursor: Cursor, place: int, other: str) -> None:
    written = cursor.encode()
    assume(written[place] != other)

    with pytest.raises(InvalidCursor):
        Cursor.decode(written[:place] + other + written[place + 1 :], author_id=cursor.author_id)


@given(cursor=cursors, place=st.integers(0, 39))
def test_a_cursor_that_lacks_a_character_is_refused(cursor: Cursor, place: int) -> None:
    written = cursor.encode()

    with pytest.raises(InvalidCursor):
        Cursor.decode(written[:place] + written[place + 1 :], author_id=cursor.author_id)


@given(cursor=cursors, place=st.integers(0, 40), more=st.text(ANY_CHARACTER, min_size=1))
def test_a_cursor_with_something_added_is_refused(cursor: Cursor, place: int, more: str) -> None:
    written = cursor.encode()

    with pytest.raises(InvalidCursor):
        Cursor.decode(written[:place] + more + written[place:], author_id=cursor.author_id)


@given(anything=st.text(ANY_CHARACTER))
def test_what_is_no_cursor_is_refused(anything: str) -> None:
    with pytest.raises(InvalidCursor):
        Cursor.decode(anything, author_id=None)


@given(cursor=cursors, other_list=st.none() | st.integers())
@example(cursor=Cursor(date_posted=NOW, post_id=1), other_list=0)
def test_a_cursor_of_another_list_is_refused(cursor: Cursor, other_list: int | None) -> None:
    assume(cursor.author_id != other_list)

    with pytest.raises(InvalidCursor):
        Cursor.decode(cursor.encode(), author_id=other_list)


@given(bits=st.binary(min_size=30, max_size=30), author_id=st.none() | st.integers(1, 3))
def test_bytes_of_the_right_length_are_no_cursor(bits: bytes, author_id: int | None) -> None:
    with pytest.raises(InvalidCursor):
        Cursor.decode(urlsafe_b64encode(bits).decode(), author_id=author_id)


@pytest.mark.parametrize(
    "fields",
    [
        (0, 0, 1, 0),
        (3, 0, 1, 0),
        (1, 2**62, 1, 0),
        (1, -(2**63), 1, 0),
        (1, 0, HIGHEST_ID + 1, 0),
    ],
    ids=["no-direction", "unknown-direction", "after-time", "before-time", "no-such-id"],
)
def test_a_cursor_with_a_right_checksum_over_wrong_fields_is_refused(
    fields: tuple[int, int, int, int],
) -> None:
    packed = struct.pack(">BqQQ", *fields)
    written = urlsafe_b64encode(packed + blake2b(packed, digest_size=5).digest()).decode()

    with pytest.raises(InvalidCursor):
        Cursor.decode(written, author_id=None)


@pytest.mark.parametrize(
    "moment",
    [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)],
)
def test_the_ends_of_time_are_no_error(moment: datetime) -> None:
    cursor = Cursor(date_posted=moment, post_id=1)

    assert Cursor.decode(cursor.encode(), author_id=None) == cursor


@pytest.mark.parametrize(
    ("post_id", "backward", "turned_id"),
    [(5, False, 4), (5, True, 6), (0, False, 0), (HIGHEST_ID, True, HIGHEST_ID)],
)
def test_the_way_back_begins_with_the_post_the_cursor_left_out(
    post_id: int, backward: bool, turned_id: int
) -> None:
    cursor = Cursor(date_posted=NOW, post_id=post_id, backward=backward, author_id=7)

    assert cursor.turned() == replace(cursor, post_id=turned_id, backward=not backward)


@given(cursor=cursors)
def test_twice_turned_is_where_it_was(cursor: Cursor) -> None:
    assume(0 < cursor.post_id < HIGHEST_ID)

    assert cursor.turned().turned() == cursor
