"""Mistakes in the unit of work: what lasts that should not, and what does not that should."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import fields, replace
from typing import ClassVar

from blog_adapters.memory import MemoryDatabase, MemoryUnitOfWork
from blog_adapters.memory.repositories import MemoryResetTokens, MemoryUsers
from blog_adapters.memory.tables import Tables, find
from blog_core.domain.access import ResetToken
from blog_core.domain.users import User, UserId
from blog_core.errors import Conflict, InvalidResetToken, UserNotFound
from sabotage.saboteur import saboteur


@saboteur(
    "UOW-01",
    also="UOW-03 04 05 07 08 09 10 11 POST-REPO-01 02 03 06 07 08 09 10 12 13 USER-REPO-01 02 03 "
    "04 06 08 09 10 11 12 13 14 15 16 17 19 20 21 22 23 SESSION-REPO-01 03 04 05 06 07 08 09 "
    "10 12 13 14 15 16 17 RESET-REPO-01 02 03 04 06 07 08 09 10 11 OUTBOX-01 03 05 06 07 08 10 11 "
    "13 14 15 16 17 18 IDEMPOTENCY-01 03 04 05 08 09 POST-QUERY-01 03 04 06 07 08 09 10 11 13 14 "
    "15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 USER-QUERY-01 03 05 07 08 10 11",
)
class CommitsNothing(MemoryUnitOfWork):
    async def commit(self) -> None:
        pass


@saboteur(
    "UOW-02",
    also="UOW-04 05 POST-REPO-13 SESSION-REPO-12 RESET-REPO-11 OUTBOX-07 18 IDEMPOTENCY-06 09 "
    "POST-QUERY-03 USER-QUERY-11",
)
class CommitsOnLeaving(MemoryDatabase):
    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[MemoryUnitOfWork]:
        async with super().unit_of_work() as unit:
            yield unit
            await unit.commit()


@saboteur("UOW-03", also="UOW-07")
class CommitsOnAnError(MemoryDatabase):
    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[MemoryUnitOfWork]:
        async with super().unit_of_work() as unit:
            try:
                yield unit
            except Exception:
                await unit.commit()
                raise


@saboteur("UOW-03", also="UOW-07 RESET-REPO-07")
class SwallowsTheErrorThatEndsAUnit(MemoryDatabase):
    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[MemoryUnitOfWork]:
        async with super().unit_of_work() as unit:
            with suppress(Exception):
                yield unit


@saboteur("UOW-05")
class GoesOnCommittingAfterACommit(MemoryUnitOfWork):
    async def commit(self) -> None:
        self._database.replace(self._tables)


@saboteur("UOW-06")
class ReadsPastItsOwnChanges(MemoryUsers):
    def __init__(self, tables: Tables, next_id: Callable[[], int]) -> None:
        super().__init__(tables, next_id)
        self._before = dict(tables.users)

    async def get(self, user_id: UserId) -> User:
        return find(self._before, user_id, UserNotFound)


@saboteur("UOW-07")
class CommitsWhatPrecededARefusal(MemoryDatabase):
    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[MemoryUnitOfWork]:
        async with super().unit_of_work() as unit:
            try:
                yield unit
            except Conflict:
                await unit.commit()
                raise


@saboteur("UOW-09")
class LosesAUnitThatFoundNoAccount(MemoryUsers):
    def __init__(self, tables: Tables, next_id: Callable[[], int]) -> None:
        super().__init__(tables, next_id)
        self._before = tables.copy()

    async def get(self, user_id: UserId) -> User:
        try:
            return await super().get(user_id)
        except UserNotFound:
            _undo(self._tables, self._before)
            raise


@saboteur("UOW-10")
class CommitsOnlyOnce(MemoryUnitOfWork):
    _committed = False

    async def commit(self) -> None:
        if not self._committed:
            await super().commit()
        self._committed = True


@saboteur("UOW-11")
class LosesAUnitThatFoundNoToken(MemoryResetTokens):
    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._before = tables.copy()

    async def take(self, digest: str) -> ResetToken:
        try:
            return await super().take(digest)
        except InvalidResetToken:
            _undo(self._tables, self._before)
            raise


@saboteur("RESET-REPO-01", also="RESET-REPO-11")
class LosesMicrosecondsOnCommit(MemoryUnitOfWork):
    async def commit(self) -> None:
        tokens = self._tables.reset_tokens
        for digest, token in tokens.items():
            tokens[digest] = replace(token, expires_at=token.expires_at.replace(microsecond=0))
        await super().commit()


def _undo(tables: Tables, before: Tables) -> None:
    for table in fields(Tables):
        setattr(tables, table.name, getattr(before, table.name))


class _Leaking(MemoryDatabase):
    """Keeps what a unit did to one of the tables, committed or not."""

    table: ClassVar[str]

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[MemoryUnitOfWork]:
        async with super().unit_of_work() as unit:
            try:
                yield unit
            finally:
                setattr(self.committed(), self.table, getattr(unit._tables, self.table))


@saboteur("UOW-04 SESSION-REPO-12")
class LeaksAWriteAfterRollback(_Leaking):
    table = "sessions"


@saboteur("POST-REPO-13 POST-QUERY-03", also="UOW-04")
class LeaksAPostAfterRollback(_Leaking):
    table = "posts"


@saboteur("USER-QUERY-11", also="UOW-02 03 05 07")
class LeaksAnAccountAfterRollback(_Leaking):
    table = "users"


@saboteur("RESET-REPO-11", also="UOW-04")
class LeaksATokenAfterRollback(_Leaking):
    table = "reset_tokens"


@saboteur("OUTBOX-07 18", also="UOW-04")
class LeaksAnEntryAfterRollback(_Leaking):
    table = "outbox"


@saboteur("IDEMPOTENCY-06 09")
class LeaksAKeyAfterRollback(_Leaking):
    table = "idempotency"


class _Racing(MemoryDatabase):
    """Reads one of its tables before its turn, so what another unit wrote meanwhile is lost."""

    table: ClassVar[str]

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[MemoryUnitOfWork]:
        read = dict(getattr(self.committed(), self.table))
        async with super().unit_of_work() as unit:
            setattr(unit._tables, self.table, read)
            yield unit


@saboteur("UOW-08")
class LetsTwoUnitsChangeOnePost(_Racing):
    table = "posts"


@saboteur("USER-REPO-23")
class LetsTwoUnitsChangeOneAccount(_Racing):
    table = "users"


@saboteur("RESET-REPO-07")
class LetsTwoUnitsTakeOneToken(_Racing):
    table = "reset_tokens"


@saboteur("OUTBOX-05")
class LetsTwoRacingClaimsWin(_Racing):
    table = "outbox"


@saboteur("IDEMPOTENCY-05")
class LetsTwoUnitsUseOneKey(_Racing):
    table = "idempotency"


@saboteur("POST-QUERY-26")
class CommitsOneTableAfterTheOther(MemoryUnitOfWork):
    async def commit(self) -> None:
        committed = self._database.committed()
        for table in fields(Tables):
            setattr(committed, table.name, dict(getattr(self._tables, table.name)))
            await asyncio.sleep(0)
