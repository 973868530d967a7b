"""The contracts of what lets people in."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from blog_core.domain.access import AccessClaims
from blog_core.domain.users import UserId
from blog_core.errors import (
    InvalidAccessToken,
    InvalidResetToken,
    SessionEnded,
    SessionNotFound,
    UserNotFound,
)
from blog_core.ports import (
    AccessTokens,
    PasswordHasher,
    UnitOfWorkFactory,
    UserQueries,
)
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import Contract, given_user


class SessionRepositoryContract(Contract):
    """`SessionRepository`. Supply `uow`, a `UnitOfWorkFactory`, and `queries`, `UserQueries`."""

    async def test_a_session_comes_back_as_it_was(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)
        session = builders.session(user.id, user_agent="Mozilla/5.0 “x”")
        async with uow() as unit:
            await unit.sessions.add(session)
            await unit.commit()

        assert (await queries.actor(session.id)).session == session

    async def test_a_user_who_does_not_exist_has_no_session(self, uow: UnitOfWorkFactory) -> None:
        async with uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.sessions.add(builders.session(UserId(2**63)))

    async def test_touching_sets_when_it_was_last_used(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)
        session = builders.session(user.id)
        async with uow() as unit:
            await unit.sessions.add(session)
            await unit.sessions.touch(session.id, NOW + minutes(5))
            await unit.commit()

        touched = replace(session, last_used_at=NOW + minutes(5))
        assert (await queries.actor(session.id)).session == touched

    async def test_touching_an_ended_session_does_not_revive_it(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        session_id = uuid4()
        async with uow() as unit:
            await unit.sessions.touch(session_id, NOW)
            await unit.commit()

        with pytest.raises(SessionEnded):
            await queries.actor(session_id)

    async def test_an_ended_session_is_gone(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)
        session = builders.session(user.id)
        async with uow() as unit:
            await unit.sessions.add(session)
            await unit.sessions.end(session.id, user.id)
            await unit.commit()

        with pytest.raises(SessionEnded):
            await queries.actor(session.id)

    async def test_anothers_session_is_not_found(self, uow: UnitOfWorkFactory) -> None:
        user, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        session = builders.session(user.id)
        async with uow() as unit:
            await unit.sessions.add(session)

            with pytest.raises(SessionNotFound):
                await unit.sessions.end(session.id, other.id)

    async def test_all_sessions_of_one_user_end_but_the_one_spared(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        mine = [builders.session(user.id) for _ in range(3)]
        theirs = builders.session(other.id)
        async with uow() as unit:
            for session in [*mine, theirs]:
                await unit.sessions.add(session)
            await unit.sessions.end_all(user.id, but=mine[1].id)
            await unit.commit()

        assert await queries.sessions(user.id) == [mine[1]]
        assert await queries.sessions(other.id) == [theirs]

    async def test_all_sessions_of_one_user_end(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)
        async with uow() as unit:
            await unit.sessions.add(builders.session(user.id))
            await unit.sessions.end_all(user.id)
            await unit.commit()

        assert await queries.sessions(user.id) == []

    async def test_only_this_users_expired_sessions_are_swept(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        expired, open_ = builders.session(user.id), builders.session(user.id, NOW + minutes(1))
        theirs = builders.session(other.id)
        async with uow() as unit:
            for session in [expired, open_, theirs]:
                await unit.sessions.add(session)
            await unit.sessions.end_expired(user.id, NOW + minutes(31))
            await unit.commit()

        assert await queries.sessions(user.id) == [open_]
        assert await queries.sessions(other.id) == [theirs]


class ResetTokenRepositoryContract(Contract):
    """`ResetTokenRepository`. Supply `uow`, a `UnitOfWorkFactory`."""

    async def test_a_token_comes_back_as_it_was(self, uow: UnitOfWorkFactory) -> None:
        token = builders.reset_token((await given_user(uow)).id)
        async with uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.commit()

        async with uow() as unit:
            assert await unit.reset_tokens.get(token.digest) == token

    async def test_a_later_token_replaces_the_earlier(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        earlier = builders.reset_token(user.id, "earlier")
        later = builders.reset_token(user.id, "later", NOW + minutes(1))
        async with uow() as unit:
            await unit.reset_tokens.replace(earlier)
            await unit.reset_tokens.replace(later)

            assert await unit.reset_tokens.get(later.digest) == later
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(earlier.digest)

    async def test_an_earlier_token_does_not_replace_a_later(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        earlier = builders.reset_token(user.id, "earlier")
        later = builders.reset_token(user.id, "later", NOW + minutes(1))
        async with uow() as unit:
            await unit.reset_tokens.replace(later)
            await unit.reset_tokens.replace(earlier)

            assert await unit.reset_tokens.get(later.digest) == later
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(earlier.digest)

    async def test_users_do_not_share_tokens(self, uow: UnitOfWorkFactory) -> None:
        user, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        token = builders.reset_token(user.id, "mine")
        async with uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.reset_tokens.replace(builders.reset_token(other.id, "theirs"))
            await unit.reset_tokens.discard(other.id)

            assert await unit.reset_tokens.get(token.digest) == token

    async def test_a_user_who_does_not_exist_has_no_token(self, uow: UnitOfWorkFactory) -> None:
        async with uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.reset_tokens.replace(builders.reset_token(UserId(2**40)))

    async def test_a_token_is_taken_once(self, uow: UnitOfWorkFactory) -> None:
        token = builders.reset_token((await given_user(uow)).id)
        async with uow() as unit:
            await unit.reset_tokens.replace(token)

            assert await unit.reset_tokens.take(token.digest) == token
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.take(token.digest)

    async def test_of_many_who_take_a_token_one_gets_it(self, uow: UnitOfWorkFactory) -> None:
        token = builders.reset_token((await given_user(uow)).id)
        async with uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.commit()

        async def take() -> None:
            async with uow() as unit:
                await unit.reset_tokens.take(token.digest)
                await unit.commit()

        results = await asyncio.gather(*(take() for _ in range(5)), return_exceptions=True)

        assert results.count(None) == 1
        assert sum(isinstance(result, InvalidResetToken) for result in results) == 4

    async def test_a_discarded_token_is_gone(self, uow: UnitOfWorkFactory) -> None:
        token = builders.reset_token((await given_user(uow)).id)
        async with uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.reset_tokens.discard(token.user_id)

            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(token.digest)


class PasswordHasherContract(Contract):
    """`PasswordHasher`. Supply `passwords`."""

    @pytest.mark.parametrize("password", ["password", "ünïcödé 🙂", " " * 8, "x" * 128, "nul\0nul"])
    async def test_a_password_belongs_to_its_hash(
        self, passwords: PasswordHasher, password: str
    ) -> None:
        assert await passwords.verify(password, await passwords.hash(password)) is True

    @pytest.mark.parametrize("other", ["Password1", "password1 ", "", "password", "p\ud800"])
    async def test_another_password_does_not(self, passwords: PasswordHasher, other: str) -> None:
        assert await passwords.verify(other, await passwords.hash("password1")) is False

    async def test_what_follows_a_long_beginning_counts(self, passwords: PasswordHasher) -> None:
        password_hash = await passwords.hash("x" * 127 + "a")

        assert await passwords.verify("x" * 127 + "b", password_hash) is False

    async def test_no_password_belongs_to_none(self, passwords: PasswordHasher) -> None:
        assert await passwords.verify("password", None) is False

    async def test_hashes_of_one_password_differ(self, passwords: PasswordHasher) -> None:
        assert await passwords.hash("password") != await passwords.hash("password")

    async def test_a_hash_fits_its_column(self, passwords: PasswordHasher) -> None:
        assert len(await passwords.hash("password")) <= 200

    async def test_a_fresh_hash_is_not_outdated(self, passwords: PasswordHasher) -> None:
        assert passwords.is_outdated(await passwords.hash("password")) is False


class AccessTokensContract(Contract):
    """`AccessTokens`. Supply `tokens`."""

    async def test_a_token_is_read_as_it_was_issued(self, tokens: AccessTokens) -> None:
        claims = AccessClaims(user_id=UserId(2**62), session_id=uuid4())

        token = tokens.issue(claims, now=NOW, expires_at=NOW + minutes(30))

        assert tokens.read(token, now=NOW + minutes(29)) == claims

    async def test_a_token_expires(self, tokens: AccessTokens) -> None:
        token = self._issued(tokens)

        with pytest.raises(InvalidAccessToken):
            tokens.read(token, now=NOW + minutes(30) + timedelta(seconds=32))

    async def test_a_clock_that_is_half_a_minute_off_is_forgiven(
        self, tokens: AccessTokens
    ) -> None:
        token = self._issued(tokens)

        early = tokens.read(token, now=NOW - timedelta(seconds=29))
        late = tokens.read(token, now=NOW + minutes(30) + timedelta(seconds=29))

        assert early.user_id == late.user_id == 1

    @pytest.mark.parametrize(
        "token", ["", "x", "a.b.c", "é", "\ud800", "\0", "eyJhbGciOiJub25lIn0.e30.", "x" * 100_000]
    )
    async def test_anything_else_is_invalid(self, tokens: AccessTokens, token: str) -> None:
        with pytest.raises(InvalidAccessToken):
            tokens.read(token, now=NOW)

    async def test_a_token_changed_anywhere_is_invalid(self, tokens: AccessTokens) -> None:
        token = self._issued(tokens)

        for place in range(0, len(token), 7):
            other = "A" if token[place] != "A" else "B"
            with pytest.raises(InvalidAccessToken):
                tokens.read(token[:place] + other + token[place + 1 :], now=NOW)

    def _issued(self, tokens: AccessTokens) -> str:
        claims = AccessClaims(user_id=UserId(1), session_id=uuid4())
        return tokens.issue(claims, now=NOW, expires_at=NOW + minutes(30))
