"""Mistakes in what stores sessions."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from blog_adapters.memory.repositories import MemorySessions
from blog_core.domain.access import Session
from blog_core.domain.users import UserId
from blog_core.errors import SessionNotFound, UserNotFound
from blog_core.testing import builders
from blog_core.testing.builders import NOW
from sabotage.saboteur import saboteur


@saboteur("SESSION-REPO-01")
class KeepsUserAgentsInAscii(MemorySessions):
    async def add(self, session: Session) -> None:
        kept = session.user_agent.encode("ascii", "replace").decode()
        await super().add(replace(session, user_agent=kept))


@saboteur("SESSION-REPO-02")
class SwallowsAConstraintError(MemorySessions):
    async def add(self, session: Session) -> None:
        with suppress(UserNotFound):
            await super().add(session)


@saboteur("SESSION-REPO-03")
class TouchesNothing(MemorySessions):
    async def touch(self, session_id: UUID, now: datetime) -> None:
        pass


@saboteur("SESSION-REPO-03")
class TouchesAllSessions(MemorySessions):
    async def touch(self, session_id: UUID, now: datetime) -> None:
        for other in list(self._tables.sessions):
            await super().touch(other, now)


@saboteur("SESSION-REPO-04")
class RevivesASessionByTouching(MemorySessions):
    ended: ClassVar[dict[UUID, Session]] = {}

    async def end(self, session_id: UUID, user_id: UserId) -> None:
        session = self._tables.sessions.get(session_id)
        await super().end(session_id, user_id)
        if session is not None:
            self.ended[session_id] = session

    async def touch(self, session_id: UUID, now: datetime) -> None:
        if session_id in self.ended:
            await self.add(self.ended[session_id])
        await super().touch(session_id, now)


@saboteur("SESSION-REPO-05", also="SESSION-REPO-04 10 16")
class KeepsAnEndedSession(MemorySessions):
    async def end(self, session_id: UUID, user_id: UserId) -> None:
        ended = self._tables.sessions.get(session_id)
        await super().end(session_id, user_id)
        if ended is not None:
            await self.add(ended)


@saboteur("SESSION-REPO-06")
class EndsAnothersSession(MemorySessions):
    async def end(self, session_id: UUID, user_id: UserId) -> None:
        found = self._tables.sessions.get(session_id)
        await super().end(session_id, found.user_id if found else user_id)


@saboteur("SESSION-REPO-07")
class SparesNoSession(MemorySessions):
    async def end_all(self, user_id: UserId, *, but: UUID | None = None) -> None:
        await super().end_all(user_id)


@saboteur("SESSION-REPO-07")
class EndsTheSessionsOfAll(MemorySessions):
    async def end_all(self, user_id: UserId, *, but: UUID | None = None) -> None:
        for user in self._tables.users.values():
            await super().end_all(user.id, but=but)


@saboteur("SESSION-REPO-08")
class ComparesWithNull(MemorySessions):
    async def end_all(self, user_id: UserId, *, but: UUID | None = None) -> None:
        if but is not None:
            await super().end_all(user_id, but=but)


@saboteur("SESSION-REPO-09")
class SweepsEverybodysSessions(MemorySessions):
    async def end_expired(self, user_id: UserId, now: datetime) -> None:
        for user in self._tables.users.values():
            await super().end_expired(user.id, now)


@saboteur("SESSION-REPO-09")
class SweepsASessionInItsLastMoment(MemorySessions):
    async def end_expired(self, user_id: UserId, now: datetime) -> None:
        self._end(lambda session: session.user_id == user_id and session.expires_at <= now)


@saboteur("SESSION-REPO-09")
class SweepsNothing(MemorySessions):
    async def end_expired(self, user_id: UserId, now: datetime) -> None:
        pass


@saboteur("SESSION-REPO-10")
class EndsEverySessionOfTheUser(MemorySessions):
    async def end(self, session_id: UUID, user_id: UserId) -> None:
        await super().end(session_id, user_id)
        await self.end_all(user_id)


@saboteur("SESSION-REPO-11", also="UOW-04 11 USER-REPO-16")
class EndsWithoutLooking(MemorySessions):
    async def end(self, session_id: UUID, user_id: UserId) -> None:
        if session_id in self._tables.sessions:
            await super().end(session_id, user_id)


@saboteur("SESSION-REPO-13")
class GetsNoExpiredSession(MemorySessions):
    async def get(self, session_id: UUID) -> Session:
        session = await super().get(session_id)
        if session.expires_at < NOW:
            raise SessionNotFound
        return session


@saboteur("SESSION-REPO-14")
class GetsAnySession(MemorySessions):
    async def get(self, session_id: UUID) -> Session:
        with suppress(SessionNotFound):
            return await super().get(session_id)
        return builders.session(UserId(1))


@saboteur("SESSION-REPO-15", also="SESSION-REPO-17")
class SavesNoGeneration(MemorySessions):
    async def save(self, session: Session) -> None:
        stored = await self.get(session.id)
        await super().save(replace(session, generation=stored.generation))


@saboteur("SESSION-REPO-15")
class ForgetsWhenARenewedSessionExpires(MemorySessions):
    async def save(self, session: Session) -> None:
        stored = await self.get(session.id)
        await super().save(replace(session, expires_at=stored.expires_at))


@saboteur("SESSION-REPO-15")
class RenewsAllSessions(MemorySessions):
    async def save(self, session: Session) -> None:
        for other in list(self._tables.sessions):
            await super().save(replace(session, id=other))
        await super().save(session)


@saboteur("SESSION-REPO-16")
class RevivesASessionBySaving(MemorySessions):
    async def save(self, session: Session) -> None:
        with suppress(SessionNotFound):
            await super().save(session)


@saboteur("SESSION-REPO-17")
class RemembersWhatItGotFirst(MemorySessions):
    got: ClassVar[dict[UUID, Session]] = {}

    async def get(self, session_id: UUID) -> Session:
        return self.got.setdefault(session_id, await super().get(session_id))
