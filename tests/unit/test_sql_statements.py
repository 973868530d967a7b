"""How statements are written out, and what is sent with them."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy import Executable, bindparam, insert, select, text, update

from blog_adapters.sql.statements import Statements, Values
from blog_adapters.sql.tables import posts, users

pytestmark = pytest.mark.anyio

BY_ID = select(posts.c.id).where(posts.c.id == bindparam("post_id"))


@dataclass
class Driver:
    """Takes down what a connection is asked."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    async def fetch(self, sql: str, *arguments: object) -> list[int]:
        """Answer with one row."""
        self.asked.append((" ".join(sql.split()), *arguments))
        return [7]


async def asked(statement: Executable, values: Values | None = None) -> tuple[object, ...]:
    driver = Driver()
    await Statements(driver).execute(statement, values)
    return driver.asked[0]


async def test_a_value_goes_apart_from_the_statement() -> None:
    assert await asked(BY_ID, {"post_id": 7}) == (
        "SELECT posts.id FROM posts WHERE posts.id = $1::BIGINT",
        7,
    )


async def test_what_no_row_can_have_is_asked_as_what_none_has() -> None:
    assert (await asked(BY_ID, {"post_id": 2**70}))[1] == 0


async def test_the_columns_of_an_insert_are_those_that_have_values() -> None:
    sql, *values = await asked(insert(users).values(version=1), {"username": "ada"})

    assert "INTO users (username, version) VALUES ($1::VARCHAR, $2::INTEGER)" in str(sql)
    assert values == ["ada", 1]


async def test_an_update_sets_columns_and_finds_rows_by_parameters() -> None:
    statement = update(posts).where(posts.c.id == bindparam("post_id"))

    assert await asked(statement, {"title": "New", "post_id": 7}) == (
        "UPDATE posts SET title=$1::VARCHAR WHERE posts.id = $2::BIGINT",
        "New",
        7,
    )


async def test_other_columns_make_another_statement() -> None:
    statement = insert(users)

    first = await asked(statement, {"username": "ada"})
    second = await asked(statement, {"email": "ada@example.com"})

    assert "(username)" in str(first[0])
    assert "(email)" in str(second[0])


async def test_a_constant_is_sent_too() -> None:
    assert (await asked(select(posts.c.id).where(posts.c.title == "Hello")))[1:] == ("Hello",)


async def test_a_name_that_stands_twice_is_sent_once() -> None:
    assert await asked(text("SELECT :n + :n"), {"n": 1}) == ("SELECT $1 + $1", 1)


async def test_a_value_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="post_id"):
        await asked(BY_ID)


async def test_one_is_the_first_row() -> None:
    assert await Statements(Driver()).one(BY_ID, {"post_id": 7}) == 7
