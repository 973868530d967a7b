"""The contract of what shows accounts."""

from uuid import uuid4

import pytest

from blog_core.domain.access import Actor
from blog_core.domain.users import UserId
from blog_core.errors import (
    SessionEnded,
    UserNotFound,
)
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import (
    NO_ROWS_ID,
    Contract,
    clause,
    given_two_users,
    given_user,
)


class UserQueriesContract(Contract):
    """`UserQueries`."""

    ports = ("user_queries", "uow")

    @clause("USER-QUERY-01")
    async def test_an_account_has_a_public_face(self) -> None:
        """An account has a public face: id, name, picture and version."""
        user, _ = await given_two_users(self.uow)
        async with self.uow() as unit:
            changed = await unit.users.save(user.with_picture("picture.jpg"))
            await unit.commit()

        assert await self.user_queries.public(user.id) == changed.author

    @clause("USER-QUERY-02")
    @pytest.mark.parametrize("user_id", NO_ROWS_ID)
    async def test_any_id_without_an_account_is_not_found(self, user_id: int) -> None:
        """Asking for any int that no account has raises UserNotFound."""
        with pytest.raises(UserNotFound):
            await self.user_queries.public(UserId(user_id))

    @clause("USER-QUERY-03")
    async def test_an_account_is_found_by_an_address_of_the_same_key(self) -> None:
        """by_email finds, among others, the account whose address has the same key."""
        await given_user(self.uow, builders.new_user("before"))
        user = await given_user(self.uow)
        await given_user(self.uow, builders.new_user("after"))

        assert await self.user_queries.by_email("COREY@example.com") == user

    @clause("USER-QUERY-04")
    @pytest.mark.parametrize("email", ["", "nobody@example.com", "nul\0@example.com", "\ud800"])
    async def test_any_text_without_an_account_is_not_found(self, email: str) -> None:
        """by_email raises UserNotFound for any other text, whatever it holds."""
        with pytest.raises(UserNotFound):
            await self.user_queries.by_email(email)

    @clause("USER-QUERY-05", "sessions")
    async def test_a_session_leads_to_its_actor(self) -> None:
        """A session leads to its own account."""
        user, other = await given_two_users(self.uow)
        session, theirs = builders.session(user.id), builders.session(other.id)
        async with self.uow() as unit:
            await unit.sessions.add(session)
            await unit.sessions.add(theirs)
            await unit.commit()

        assert await self.user_queries.actor(session.id) == Actor(user=user, session=session)

    @clause("USER-QUERY-06")
    async def test_a_session_nobody_has_is_ended(self) -> None:
        """A session that nobody has raises SessionEnded."""
        with pytest.raises(SessionEnded):
            await self.user_queries.actor(uuid4())

    @clause("USER-QUERY-07", "sessions")
    async def test_sessions_are_listed_last_begun_first(self) -> None:
        """A user's sessions are listed, the last begun first, and nobody else's."""
        user, other = await given_two_users(self.uow)
        begun = [builders.session(user.id, NOW + minutes(age)) for age in (1, 3, 2)]
        async with self.uow() as unit:
            for session in [*begun, builders.session(other.id)]:
                await unit.sessions.add(session)
            await unit.commit()

        assert await self.user_queries.sessions(user.id) == [begun[1], begun[2], begun[0]]

    @clause("USER-QUERY-08", "sessions")
    async def test_sessions_of_one_moment_are_listed_by_id(self) -> None:
        """Sessions of one moment are listed by id."""
        user = await given_user(self.uow)
        begun = [builders.session(user.id) for _ in range(4)]
        begun.sort(key=lambda session: session.id)
        async with self.uow() as unit:
            for place in (2, 0, 3, 1):  # in no order that listing them as they came would keep
                await unit.sessions.add(begun[place])
            await unit.commit()

        assert await self.user_queries.sessions(user.id) == begun

    @clause("USER-QUERY-09")
    async def test_who_has_no_session_lists_none(self) -> None:
        """Who has no session, or does not exist, lists none."""
        assert await self.user_queries.sessions(UserId(2**63)) == []

    @clause("USER-QUERY-10", "sessions")
    async def test_an_expired_session_is_shown_until_it_is_swept(self) -> None:
        """An expired session is shown: comparing clocks is the domain's business."""
        user = await given_user(self.uow)
        long_over = builders.session(user.id, NOW - minutes(1_000_000))
        async with self.uow() as unit:
            await unit.sessions.add(long_over)
            await unit.commit()

        assert (await self.user_queries.actor(long_over.id)).session == long_over

    @clause("USER-QUERY-11")
    async def test_what_is_not_committed_is_not_shown(self) -> None:
        """What was never committed is not shown."""
        user = await given_user(self.uow)
        async with self.uow() as unit:
            await unit.users.save(user.renamed(username="other"))

        assert await self.user_queries.public(user.id) == user.author
