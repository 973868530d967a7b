"""The contracts of what lets people in: sessions and reset tokens."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from blog_core.domain.users import UserId
from blog_core.errors import (
    InvalidResetToken,
    SessionEnded,
    SessionNotFound,
    UserNotFound,
)
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import Contract, clause, given_two_users, given_user


class SessionRepositoryContract(Contract):
    """`SessionRepository`."""

    ports = ("uow", "user_queries")
    needs = frozenset({"sessions"})

    @clause("SESSION-REPO-01")
    async def test_a_session_comes_back_as_it_was(self) -> None:
        """A session comes back as it was."""
        user = await given_user(self.uow)
        session = builders.session(user.id, user_agent="Mozilla/5.0 “x”")
        async with self.uow() as unit:
            await unit.sessions.add(session)
            await unit.commit()

        assert (await self.user_queries.actor(session.id)).session == session

    @clause("SESSION-REPO-02")
    async def test_a_user_who_does_not_exist_has_no_session(self) -> None:
        """A session of a user who does not exist is refused with UserNotFound."""
        async with self.uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.sessions.add(builders.session(UserId(2**63)))

    @clause("SESSION-REPO-03")
    async def test_touching_sets_when_it_was_last_used(self) -> None:
        """Touching sets when a session was last used, and of no other."""
        user = await given_user(self.uow)
        session, untouched = builders.session(user.id), builders.session(user.id)
        async with self.uow() as unit:
            await unit.sessions.add(session)
            await unit.sessions.add(untouched)
            await unit.sessions.touch(session.id, NOW + minutes(5))
            await unit.commit()

        touched = replace(session, last_used_at=NOW + minutes(5))
        assert (await self.user_queries.actor(session.id)).session == touched
        assert (await self.user_queries.actor(untouched.id)).session == untouched

    @clause("SESSION-REPO-04")
    async def test_touching_an_ended_session_does_not_revive_it(self) -> None:
        """Touching a session that ended does not revive it."""
        session = builders.session((await given_user(self.uow)).id)
        async with self.uow() as unit:
            await unit.sessions.add(session)
            await unit.commit()
        async with self.uow() as unit:
            await unit.sessions.end(session.id, session.user_id)
            await unit.commit()
        async with self.uow() as unit:
            await unit.sessions.touch(session.id, NOW)
            await unit.commit()

        with pytest.raises(SessionEnded):
            await self.user_queries.actor(session.id)

    @clause("SESSION-REPO-05")
    async def test_an_ended_session_is_gone(self) -> None:
        """An ended session is gone."""
        user = await given_user(self.uow)
        session = builders.session(user.id)
        async with self.uow() as unit:
            await unit.sessions.add(session)
            await unit.sessions.end(session.id, user.id)
            await unit.commit()

        with pytest.raises(SessionEnded):
            await self.user_queries.actor(session.id)

    @clause("SESSION-REPO-06")
    async def test_anothers_session_is_not_found(self) -> None:
        """Ending another user's session raises SessionNotFound."""
        user, other = await given_two_users(self.uow)
        session = builders.session(user.id)
        async with self.uow() as unit:
            await unit.sessions.add(session)

            with pytest.raises(SessionNotFound):
                await unit.sessions.end(session.id, other.id)

    @clause("SESSION-REPO-07")
    async def test_all_sessions_of_one_user_end_but_the_one_spared(self) -> None:
        """All sessions of one user end but the one spared, and nobody else's."""
        user, other = await given_two_users(self.uow)
        mine = [builders.session(user.id) for _ in range(3)]
        theirs = builders.session(other.id)
        async with self.uow() as unit:
            for session in [*mine, theirs]:
                await unit.sessions.add(session)
            await unit.sessions.end_all(user.id, but=mine[1].id)
            await unit.commit()

        assert await self.user_queries.sessions(user.id) == [mine[1]]
        assert await self.user_queries.sessions(other.id) == [theirs]

    @clause("SESSION-REPO-08")
    async def test_all_sessions_of_one_user_end(self) -> None:
        """All sessions of one user end."""
        user = await given_user(self.uow)
        async with self.uow() as unit:
            await unit.sessions.add(builders.session(user.id))
            await unit.sessions.end_all(user.id)
            await unit.commit()

        assert await self.user_queries.sessions(user.id) == []

    @clause("SESSION-REPO-09")
    async def test_only_this_users_expired_sessions_are_swept(self) -> None:
        """Only this user's expired sessions are swept."""
        user, other = await given_two_users(self.uow)
        expired, open_ = builders.session(user.id), builders.session(user.id, NOW + minutes(1))
        theirs = builders.session(other.id)
        async with self.uow() as unit:
            for session in [expired, open_, theirs]:
                await unit.sessions.add(session)
            await unit.sessions.end_expired(user.id, NOW + minutes(31))
            await unit.commit()

        assert await self.user_queries.sessions(user.id) == [open_]
        assert await self.user_queries.sessions(other.id) == [theirs]

    @clause("SESSION-REPO-10")
    async def test_ending_one_session_leaves_the_others(self) -> None:
        """Ending one session leaves the user's others open."""
        user = await given_user(self.uow)
        ended, left = builders.session(user.id), builders.session(user.id)
        async with self.uow() as unit:
            await unit.sessions.add(ended)
            await unit.sessions.add(left)
            await unit.sessions.end(ended.id, user.id)
            await unit.commit()

        assert await self.user_queries.sessions(user.id) == [left]

    @clause("SESSION-REPO-11")
    async def test_a_session_that_is_not_there_cannot_be_ended(self) -> None:
        """Ending a session that nobody has raises SessionNotFound."""
        user = await given_user(self.uow)
        async with self.uow() as unit:
            with pytest.raises(SessionNotFound):
                await unit.sessions.end(uuid4(), user.id)

    @clause("SESSION-REPO-12")
    async def test_changes_that_were_not_committed_are_undone(self) -> None:
        """Sessions added, touched or ended without a commit are as they were before."""
        user = await given_user(self.uow)
        kept, back = builders.session(user.id), builders.session(user.id, NOW - minutes(1))
        async with self.uow() as unit:
            await unit.sessions.add(kept)
            await unit.sessions.add(back)
            await unit.commit()
        async with self.uow() as unit:
            await unit.sessions.add(builders.session(user.id))
            await unit.sessions.touch(kept.id, NOW + minutes(5))
            await unit.sessions.end(back.id, user.id)

        assert await self.user_queries.sessions(user.id) == [kept, back]

    @clause("SESSION-REPO-13")
    async def test_a_session_is_got_as_it_was_stored(self) -> None:
        """A session is got as it was stored, expired or not."""
        user = await given_user(self.uow)
        long_over = builders.session(user.id, NOW - minutes(1_000_000))
        async with self.uow() as unit:
            await unit.sessions.add(long_over)

            assert await unit.sessions.get(long_over.id) == long_over

    @clause("SESSION-REPO-14")
    async def test_a_session_that_is_not_there_is_not_got(self) -> None:
        """Getting a session that is not there raises SessionNotFound, and the unit goes on."""
        session = builders.session((await given_user(self.uow)).id)
        async with self.uow() as unit:
            with pytest.raises(SessionNotFound):
                await unit.sessions.get(session.id)
            await unit.sessions.add(session)
            await unit.commit()

        assert (await self.user_queries.actor(session.id)).session == session

    @clause("SESSION-REPO-15")
    async def test_a_renewed_session_is_saved_and_no_other(self) -> None:
        """Saving stores the last use, the expiry and the generation of one session alone."""
        user = await given_user(self.uow)
        session, other = builders.session(user.id), builders.session(user.id, NOW - minutes(1))
        renewed = session.renewed(now=NOW + minutes(5), expires_at=NOW + minutes(60))
        async with self.uow() as unit:
            await unit.sessions.add(session)
            await unit.sessions.add(other)
            await unit.sessions.save(renewed)
            await unit.commit()

        assert await self.user_queries.sessions(user.id) == [renewed, other]

    @clause("SESSION-REPO-16")
    async def test_saving_an_ended_session_does_not_revive_it(self) -> None:
        """Saving a session that ended raises SessionNotFound."""
        session = builders.session((await given_user(self.uow)).id)
        async with self.uow() as unit:
            await unit.sessions.add(session)
            await unit.sessions.end(session.id, session.user_id)

            with pytest.raises(SessionNotFound):
                await unit.sessions.save(session)

    @clause("SESSION-REPO-17")
    async def test_of_many_who_renew_a_session_each_sees_the_last(self) -> None:
        """Of many units that get and save one session at once, each sees what the last saved."""
        user = await given_user(self.uow)
        session = builders.session(user.id)
        async with self.uow() as unit:
            await unit.sessions.add(session)
            await unit.commit()

        async def renew() -> None:
            async with self.uow() as unit:
                seen = await unit.sessions.get(session.id)
                await asyncio.sleep(0)
                await unit.sessions.save(seen.renewed(now=NOW, expires_at=seen.expires_at))
                await unit.commit()

        await asyncio.gather(*(renew() for _ in range(5)))

        assert (await self.user_queries.actor(session.id)).session.generation == 6


class ResetTokenRepositoryContract(Contract):
    """`ResetTokenRepository`."""

    ports = ("uow",)
    needs = frozenset({"reset_tokens"})

    @clause("RESET-REPO-01")
    async def test_a_token_comes_back_as_it_was(self) -> None:
        """A reset token comes back as it was."""
        token = builders.reset_token((await given_user(self.uow)).id)
        async with self.uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.commit()

        async with self.uow() as unit:
            assert await unit.reset_tokens.get(token.digest) == token

    @clause("RESET-REPO-02")
    async def test_a_later_token_replaces_the_earlier(self) -> None:
        """A later token of a user replaces the earlier one."""
        user = await given_user(self.uow)
        earlier = builders.reset_token(user.id, "earlier")
        later = builders.reset_token(user.id, "later", NOW + minutes(1))
        async with self.uow() as unit:
            await unit.reset_tokens.replace(earlier)
            await unit.reset_tokens.replace(later)

            assert await unit.reset_tokens.get(later.digest) == later
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(earlier.digest)

    @clause("RESET-REPO-03")
    async def test_an_earlier_token_does_not_replace_a_later(self) -> None:
        """A token created earlier does not replace a later one, though it is stored after it."""
        user = await given_user(self.uow)
        earlier = builders.reset_token(user.id, "earlier")
        later = builders.reset_token(user.id, "later", NOW + minutes(1))
        async with self.uow() as unit:
            await unit.reset_tokens.replace(later)
            await unit.reset_tokens.replace(earlier)

            assert await unit.reset_tokens.get(later.digest) == later
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(earlier.digest)

    @clause("RESET-REPO-04")
    async def test_users_do_not_share_tokens(self) -> None:
        """One user's tokens are not touched by another's."""
        user, other = await given_two_users(self.uow)
        token = builders.reset_token(user.id, "mine")
        async with self.uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.reset_tokens.replace(builders.reset_token(other.id, "theirs"))
            await unit.reset_tokens.discard(other.id)

            assert await unit.reset_tokens.get(token.digest) == token

    @clause("RESET-REPO-05")
    async def test_a_user_who_does_not_exist_has_no_token(self) -> None:
        """A token of a user who does not exist is refused with UserNotFound."""
        async with self.uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.reset_tokens.replace(builders.reset_token(UserId(2**40)))

    @clause("RESET-REPO-06")
    async def test_a_token_is_taken_once(self) -> None:
        """A token is taken once; then it raises InvalidResetToken."""
        token = builders.reset_token((await given_user(self.uow)).id)
        async with self.uow() as unit:
            await unit.reset_tokens.replace(token)

            assert await unit.reset_tokens.take(token.digest) == token
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.take(token.digest)

    @clause("RESET-REPO-07")
    async def test_of_many_who_take_a_token_one_gets_it(self) -> None:
        """Of many units that take one token at once, exactly one gets it."""
        token = builders.reset_token((await given_user(self.uow)).id)
        async with self.uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.commit()

        async def take() -> None:
            async with self.uow() as unit:
                await unit.reset_tokens.take(token.digest)
                await asyncio.sleep(0)
                await unit.commit()

        results = await asyncio.gather(*(take() for _ in range(5)), return_exceptions=True)

        assert results.count(None) == 1
        assert sum(isinstance(result, InvalidResetToken) for result in results) == 4

    @clause("RESET-REPO-08")
    async def test_a_discarded_token_is_gone(self) -> None:
        """A discarded token is gone."""
        token = builders.reset_token((await given_user(self.uow)).id)
        async with self.uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.reset_tokens.discard(token.user_id)

            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(token.digest)

    @clause("RESET-REPO-09")
    async def test_an_expired_token_is_there_until_it_is_taken(self) -> None:
        """An expired token is returned: comparing clocks is the domain's business."""
        long_over = builders.reset_token(
            (await given_user(self.uow)).id, created_at=NOW - minutes(1_000_000)
        )
        async with self.uow() as unit:
            await unit.reset_tokens.replace(long_over)

            assert await unit.reset_tokens.get(long_over.digest) == long_over

    @clause("RESET-REPO-10")
    async def test_of_tokens_of_one_moment_the_last_stored_stays(self) -> None:
        """Of two tokens created at one moment the one stored last stays."""
        user = await given_user(self.uow)
        first, second = (builders.reset_token(user.id, name) for name in ("first", "second"))
        async with self.uow() as unit:
            await unit.reset_tokens.replace(first)
            await unit.reset_tokens.replace(second)

            assert await unit.reset_tokens.get(second.digest) == second

    @clause("RESET-REPO-11")
    async def test_changes_that_were_not_committed_are_undone(self) -> None:
        """Tokens stored, replaced, taken or discarded without a commit are as they were before."""
        first, second, third = [
            await given_user(self.uow, builders.new_user(name)) for name in ("one", "two", "three")
        ]
        kept = [builders.reset_token(user.id, user.username) for user in (first, second, third)]
        async with self.uow() as unit:
            for token in kept:
                await unit.reset_tokens.replace(token)
            await unit.commit()
        later = builders.reset_token(first.id, "later", NOW + minutes(1))
        async with self.uow() as unit:
            await unit.reset_tokens.replace(later)
            await unit.reset_tokens.take(kept[1].digest)
            await unit.reset_tokens.discard(third.id)

        async with self.uow() as unit:
            assert [await unit.reset_tokens.get(token.digest) for token in kept] == kept
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(later.digest)
