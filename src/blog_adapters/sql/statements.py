"""Statements of SQLAlchemy Core, written out once and run by asyncpg itself.

Core composes and checks them; to run them through an engine as well would cost as much as the
answer, on each request.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from asyncpg import Connection, Record
from sqlalchemy import Dialect, Executable, Insert, Update
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter

from blog_adapters.sql.failures import translated

Values = Mapping[str, object]

DIALECT: Dialect = dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped


@dataclass(frozen=True, slots=True)
class _Argument:
    """What stands for one `$n` of a statement."""

    name: str
    constant: object
    is_constant: bool
    stored: Callable[[object], object] | None

    @classmethod
    def of(cls, parameter: BindParameter[object], name: str) -> "_Argument":
        return cls(
            name,
            parameter.effective_value,
            not parameter.required,
            parameter.type.dialect_impl(DIALECT).bind_processor(DIALECT),
        )

    def value(self, values: Values) -> object:
        value = values.get(self.name, self.constant) if self.is_constant else values[self.name]
        return value if self.stored is None else self.stored(value)


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement as the server reads it."""

    sql: str
    arguments: tuple[_Argument, ...]


@lru_cache(maxsize=512)
def _written(statement: Executable, columns: tuple[str, ...] | None) -> _Written:
    compiled = statement.compile(dialect=DIALECT, column_keys=columns)  # type: ignore[attr-defined] # every Executable has it
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - for the type checker
    names = compiled.positiontup or ()
    return _Written(
        compiled.string, tuple(_Argument.of(compiled.binds[name], name) for name in names)
    )


class Statements:
    """A connection that runs statements."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, values: Values | None = None) -> list[Record]:
        """Run a statement and return the rows it gives.

        Args:
            statement: built once, since it is written out once for each object.
            values: for its parameters and, when it is an INSERT or UPDATE, for columns.

        Raises DatabaseUnavailable, and what a broken constraint means.
        """
        given = values or {}
        columns = tuple(given) if isinstance(statement, Insert | Update) else None
        written = _written(statement, columns)
        arguments = [argument.value(given) for argument in written.arguments]
        with translated(self._connection):
            rows: list[Record] = await self._connection.fetch(written.sql, *arguments)
        return rows

    async def one(self, statement: Executable, values: Values | None = None) -> Record | None:
        """Run a statement that gives one row at most; None when it gives none."""
        rows = await self.execute(statement, values)
        return rows[0] if rows else None
