"""Mistakes in what shows accounts and sessions."""

from dataclasses import replace
from uuid import UUID

from blog_adapters.memory import MemoryUserQueries
from blog_core.domain.access import Actor, Session
from blog_core.domain.users import Author, User, UserId
from blog_core.errors import SessionEnded, UserNotFound
from blog_core.testing.builders import NOW
from sabotage.saboteur import saboteur


@saboteur("USER-QUERY-01")
class ForgetsThePicture(MemoryUserQueries):
    async def public(self, user_id: UserId) -> Author:
        return replace(await super().public(user_id), image_file=None)


@saboteur("USER-QUERY-01")
class SaysThatNothingEverChanged(MemoryUserQueries):
    async def public(self, user_id: UserId) -> Author:
        return replace(await super().public(user_id), version=1)


@saboteur("USER-QUERY-02")
class AnswersNoneForAMissingAccount(MemoryUserQueries):
    async def public(self, user_id: UserId) -> Author:
        try:
            return await super().public(user_id)
        except UserNotFound:
            return None  # type: ignore[return-value] # the mistake


@saboteur("USER-QUERY-02")
class OverflowsOnAHugeId(MemoryUserQueries):
    async def public(self, user_id: UserId) -> Author:
        user_id.to_bytes(8, signed=True)
        return await super().public(user_id)


@saboteur("USER-QUERY-03")
class LooksForTheVeryAddress(MemoryUserQueries):
    async def by_email(self, email: str) -> User:
        found = await super().by_email(email)
        if found.email != email:
            raise UserNotFound
        return found


@saboteur("USER-QUERY-03")
class FindsAnyoneByAddress(MemoryUserQueries):
    async def by_email(self, email: str) -> User:
        await super().by_email(email)
        return next(iter(self._database.committed().users.values()))


@saboteur("USER-QUERY-04")
class CannotEncodeAStrangeAddress(MemoryUserQueries):
    async def by_email(self, email: str) -> User:
        email.encode()
        return await super().by_email(email)


@saboteur("USER-QUERY-05")
class LeadsToSomebodyElse(MemoryUserQueries):
    async def actor(self, session_id: UUID) -> Actor:
        actor = await super().actor(session_id)
        *_, last = self._database.committed().users.values()
        return replace(actor, user=last)


@saboteur("USER-QUERY-06", also="SESSION-REPO-04 05")
class AnswersNoneForAMissingSession(MemoryUserQueries):
    async def actor(self, session_id: UUID) -> Actor:
        try:
            return await super().actor(session_id)
        except SessionEnded:
            return None  # type: ignore[return-value] # the mistake


@saboteur("USER-QUERY-07", also="USER-QUERY-08")
class ListsSessionsAsTheyCame(MemoryUserQueries):
    async def sessions(self, user_id: UserId) -> list[Session]:
        stored = self._database.committed().sessions.values()
        return [session for session in stored if session.user_id == user_id]


@saboteur("USER-QUERY-07", also="SESSION-REPO-07 09 USER-QUERY-08")
class ListsTheSessionsOfAll(MemoryUserQueries):
    async def sessions(self, user_id: UserId) -> list[Session]:
        sessions = self._database.committed().sessions.values()
        return sorted(sessions, key=lambda session: session.created_at, reverse=True)


@saboteur("USER-QUERY-08")
class ForgetsTheTieBreaker(MemoryUserQueries):
    async def sessions(self, user_id: UserId) -> list[Session]:
        stored = self._database.committed().sessions.values()
        mine = [session for session in stored if session.user_id == user_id]
        return sorted(mine, key=lambda session: session.created_at, reverse=True)


@saboteur("USER-QUERY-08")
class ReversesTheTieBreakerToo(MemoryUserQueries):
    async def sessions(self, user_id: UserId) -> list[Session]:
        mine = await super().sessions(user_id)
        return sorted(mine, key=lambda session: (session.created_at, session.id), reverse=True)


@saboteur("USER-QUERY-09")
class RefusesToListTheSessionsOfNobody(MemoryUserQueries):
    async def sessions(self, user_id: UserId) -> list[Session]:
        await self.public(user_id)
        return await super().sessions(user_id)


@saboteur("USER-QUERY-10")
class HidesExpiredSessions(MemoryUserQueries):
    async def actor(self, session_id: UUID) -> Actor:
        actor = await super().actor(session_id)
        if actor.session.is_over(NOW):
            raise SessionEnded
        return actor
