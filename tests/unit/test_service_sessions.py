"""`Access`: logging in, staying in, and no longer being let in."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from blog_adapters.memory import (
    MemoryAccessTokens,
    MemoryDatabase,
    MemoryImages,
    MemoryImageStorage,
    MemoryPasswords,
    MemoryRateLimiter,
    MemoryUserQueries,
)
from blog_core.domain.access import AccessClaims, AccessToken, Actor
from blog_core.domain.keys import KeyRing
from blog_core.domain.users import User
from blog_core.errors import (
    BadCredentials,
    InvalidAccessToken,
    InvalidRefreshToken,
    NotAuthenticated,
    SessionEnded,
    SessionNotFound,
)
from blog_core.services import Access, AccessPolicy, Users
from blog_core.testing import builders
from blog_core.testing.builders import NOW, StoppedClock, minutes
from blog_core.testing.contracts.base import given_user

pytestmark = pytest.mark.anyio

PASSWORD = "password of corey"
SECOND = timedelta(seconds=1)


class SlowPasswords(MemoryPasswords):
    """Lets something happen while a password is verified."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def verify(self, password: str, password_hash: str | None) -> bool:
        known = await super().verify(password, password_hash)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return known


class Blog:
    """The use cases on the fakes, with a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.clock = StoppedClock()
        self.database = MemoryDatabase()
        self.queries = MemoryUserQueries(self.database)
        self.passwords = SlowPasswords()
        self.tokens = MemoryAccessTokens()
        self.access = Access(
            uow=self.database.unit_of_work,
            queries=self.queries,
            passwords=self.passwords,
            tokens=self.tokens,
            clock=self.clock,
            new_id=uuid4,
            policy=AccessPolicy(keys=KeyRing((b"k" * 32,)), frontend_url="http://localhost"),
            limiter=MemoryRateLimiter(self.clock),
        )
        self.users = Users(
            uow=self.database.unit_of_work,
            passwords=self.passwords,
            images=MemoryImages(),
            storage=MemoryImageStorage(),
            clock=self.clock,
            new_id=uuid4,
            max_upload_bytes=1024,
            limiter=MemoryRateLimiter(self.clock),
        )

    async def tokens_of(self, username: str = "corey", user_agent: str = "") -> AccessToken:
        return await self.access.log_in(
            email=f"{username}@example.com", password=f"password of {username}",
            user_agent=user_agent,
        )  # fmt: skip

    async def token(self, username: str = "corey", user_agent: str = "") -> str:
        return (await self.tokens_of(username, user_agent)).value

    async def actor(self, username: str = "corey") -> Actor:
        return await self.access.authenticate(token=await self.token(username))

    async def lets_in(self, token: str) -> bool:
        try:
            await self.access.authenticate(token=token)
        except NotAuthenticated:
            return False
        return True

    async def renews(self, token: str) -> bool:
        try:
            await self.access.refresh(token=token)
        except NotAuthenticated:
            return False
        return True

    async def knows(self, token: str) -> bool:
        try:
            await self.access.recognise(token=token)
        except NotAuthenticated:
            return False
        return True

    def sign_with(self, *keys: bytes) -> None:
        self.access._policy = replace(self.access._policy, keys=KeyRing(keys))

    async def kept(self) -> str:
        token = await self.access.open_session(
            email="corey@example.com", password="password of corey"
        )
        return token.value

    async def change_stored(self, user: User) -> None:
        async with self.database.unit_of_work() as unit:
            await unit.users.save(user)
            await unit.commit()

    async def reset_password(self, user: User) -> None:
        """Do it without the mail: give the user a token and use it."""
        async with self.database.unit_of_work() as unit:
            await unit.reset_tokens.replace(builders.reset_token(user.id, "reset"))
            await unit.commit()
        await self.access.reset_password(token="reset", new_password="a new password")


@pytest.fixture
def blog() -> Blog:
    return Blog()


@pytest.fixture(autouse=True)
async def corey(blog: Blog) -> User:
    return await blog.users.register(username="corey", email="corey@example.com", password=PASSWORD)


class TestLoggingIn:
    async def test_a_login_is_let_in_as_its_user(self, blog: Blog, corey: User) -> None:
        actor = await blog.access.authenticate(token=await blog.token())

        assert actor.user == corey

    async def test_the_case_of_the_address_does_not_matter(self, blog: Blog) -> None:
        token = await blog.access.log_in(email="COREY@example.COM", password=PASSWORD)

        assert await blog.lets_in(token.value)

    async def test_the_token_says_how_long_it_is_good(self, blog: Blog) -> None:
        token = await blog.access.log_in(email="corey@example.com", password=PASSWORD)

        assert token.expires_in == minutes(30)

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            ("corey@example.com", "another password"),
            ("corey@example.com", ""),
            ("corey@example.com", PASSWORD + " "),
            ("corey@example.com", "x" * 100_000),
            ("nobody@example.com", PASSWORD),
            ("corey", PASSWORD),
            ("Corey <corey@example.com>", PASSWORD),
            ("", PASSWORD),
            ("\0\ud800", PASSWORD),
            ("x" * 100_000 + "@example.com", PASSWORD),
        ],
        ids=[
            "wrong-password", "no-password", "longer-password", "much-too-long-password",
            "unknown", "username", "display-name", "empty", "forbidden-characters", "too-long",
        ],
    )  # fmt: skip
    async def test_whatever_is_wrong_costs_one_verification_and_has_one_answer(
        self, blog: Blog, email: str, password: str
    ) -> None:
        with pytest.raises(BadCredentials, match=r"^Incorrect email or password$"):
            await blog.access.log_in(email=email, password=password)

        assert (blog.passwords.verified, blog.database.committed().sessions) == (1, {})

    async def test_what_is_right_costs_one_verification_too(self, blog: Blog) -> None:
        await blog.token()

        assert blog.passwords.verified == 1

    async def test_a_session_begins_now_and_remembers_the_device(self, blog: Blog) -> None:
        await blog.token(user_agent="Mozilla/5.0\r\n“x”")

        (session,) = blog.database.committed().sessions.values()
        assert (session.created_at, session.last_used_at) == (NOW, NOW)
        assert session.expires_at == NOW + timedelta(days=14)
        assert session.user_agent == "Mozilla/5.0“x”"

    async def test_a_session_remembers_200_characters_of_the_device(self, blog: Blog) -> None:
        await blog.token(user_agent="x" * 201)

        (session,) = blog.database.committed().sessions.values()
        assert session.user_agent == "x" * 200

    async def test_a_session_of_an_unnamed_device_remembers_no_device(self, blog: Blog) -> None:
        await blog.access.log_in(email="corey@example.com", password=PASSWORD)

        (session,) = blog.database.committed().sessions.values()
        assert session.user_agent == ""

    async def test_a_login_sweeps_ones_expired_sessions(self, blog: Blog) -> None:
        await blog.token()
        blog.clock.now = NOW + timedelta(days=15)

        await blog.token()

        (session,) = blog.database.committed().sessions.values()
        assert session.created_at == NOW + timedelta(days=15)

    async def test_a_hash_of_today_is_kept(self, blog: Blog, corey: User) -> None:
        await blog.token()

        assert blog.database.committed().users[corey.id] == corey

    async def test_an_outdated_hash_is_replaced_by_one_of_today(
        self, blog: Blog, corey: User
    ) -> None:
        await blog.change_stored(corey.with_password(f"plain$0$1${PASSWORD}"))

        await blog.token()

        stored = blog.database.committed().users[corey.id].password_hash
        assert not blog.passwords.is_outdated(stored)
        assert await blog.passwords.verify(PASSWORD, stored)

    async def test_a_wrong_password_does_not_replace_an_outdated_hash(
        self, blog: Blog, corey: User
    ) -> None:
        outdated = f"plain$0$1${PASSWORD}"
        await blog.change_stored(corey.with_password(outdated))

        with pytest.raises(BadCredentials):
            await blog.access.log_in(email="corey@example.com", password="another password")

        assert blog.database.committed().users[corey.id].password_hash == outdated

    async def test_a_password_that_was_reset_while_it_was_verified_opens_no_session(
        self, blog: Blog, corey: User
    ) -> None:
        blog.passwords.meanwhile = lambda: blog.reset_password(corey)

        with pytest.raises(BadCredentials):
            await blog.token()

        assert blog.database.committed().sessions == {}

    async def test_a_password_that_got_a_newer_hash_while_it_was_verified_is_still_right(
        self, blog: Blog, corey: User
    ) -> None:
        await blog.change_stored(corey.with_password(f"plain$0$1${PASSWORD}"))
        blog.passwords.meanwhile = blog.token  # another login of the same person

        await blog.token(user_agent="curl/8")

        sessions = blog.database.committed().sessions.values()
        assert sorted(session.user_agent for session in sessions) == ["", "curl/8"]

    async def test_an_account_that_was_deleted_while_it_was_verified_opens_no_session(
        self, blog: Blog, corey: User
    ) -> None:
        actor = await blog.actor()
        blog.passwords.meanwhile = lambda: blog.users.delete(actor=actor, user_id=corey.id)

        with pytest.raises(BadCredentials):
            await blog.token()


class TestBeingLetIn:
    @pytest.mark.parametrize(
        ("age", "good"),
        [
            (minutes(30), True),
            (minutes(30) + 30 * SECOND, True),
            (minutes(30) + 31 * SECOND, False),
        ],
    )
    async def test_a_token_is_good_for_half_an_hour_and_the_leeway(
        self, blog: Blog, age: timedelta, good: bool
    ) -> None:
        token = await blog.token()
        blog.clock.now = NOW + age

        assert await blog.lets_in(token) is good

    async def test_a_token_outlives_no_session(self, blog: Blog, corey: User) -> None:
        session_id = (await blog.actor()).session.id
        claims = AccessClaims(user_id=corey.id, session_id=session_id)
        token = blog.tokens.issue(claims, now=NOW, expires_at=NOW + timedelta(days=100))
        blog.clock.now = NOW + timedelta(days=15)

        with pytest.raises(SessionEnded):
            await blog.access.authenticate(token=token)

    async def test_a_token_that_is_not_ours_is_invalid(self, blog: Blog) -> None:
        with pytest.raises(InvalidAccessToken):
            await blog.access.authenticate(token="forged")

    async def test_a_token_of_one_user_for_anothers_session_is_invalid(
        self, blog: Blog, corey: User
    ) -> None:
        other = await given_user(blog.database.unit_of_work, builders.new_user("other"))
        session = builders.session(other.id)
        async with blog.database.unit_of_work() as unit:
            await unit.sessions.add(session)
            await unit.commit()
        claims = AccessClaims(user_id=corey.id, session_id=session.id)
        token = blog.tokens.issue(claims, now=NOW, expires_at=NOW + minutes(30))

        with pytest.raises(InvalidAccessToken):
            await blog.access.authenticate(token=token)

    async def test_a_token_of_a_session_that_never_was_is_over(
        self, blog: Blog, corey: User
    ) -> None:
        claims = AccessClaims(user_id=corey.id, session_id=uuid4())
        token = blog.tokens.issue(claims, now=NOW, expires_at=NOW + minutes(30))

        with pytest.raises(SessionEnded):
            await blog.access.authenticate(token=token)

    @pytest.mark.parametrize(
        ("uses", "last_used"),
        [([4, 4.9], 0), ([5], 5), ([5, 6, 9.9], 5), ([5, 10], 10)],
    )
    async def test_the_last_use_is_written_every_five_minutes_at_most(
        self, blog: Blog, uses: list[float], last_used: float
    ) -> None:
        token = await blog.token()

        for use in uses:
            blog.clock.now = NOW + minutes(use)
            await blog.access.authenticate(token=token)

        (session,) = blog.database.committed().sessions.values()
        assert session.last_used_at == NOW + minutes(last_used)


class TestRenewing:
    async def test_the_next_tokens_let_in(self, blog: Blog, corey: User) -> None:
        token = await blog.tokens_of()

        renewed = await blog.access.refresh(token=token.refresh_token)

        assert (await blog.access.authenticate(token=renewed.value)).user == corey

    async def test_the_session_stays_the_same(self, blog: Blog) -> None:
        token = await blog.tokens_of()
        before = await blog.access.authenticate(token=token.value)

        renewed = await blog.access.refresh(token=token.refresh_token)

        after = await blog.access.authenticate(token=renewed.value)
        assert after.session.id == before.session.id

    async def test_an_access_token_that_expired_can_be_renewed(self, blog: Blog) -> None:
        token = await blog.tokens_of()
        blog.clock.now = NOW + timedelta(days=13)

        renewed = await blog.access.refresh(token=token.refresh_token)

        assert await blog.lets_in(renewed.value)

    async def test_renewing_is_a_use_of_the_session(self, blog: Blog) -> None:
        token = await blog.tokens_of()
        blog.clock.now = NOW + minutes(1)

        await blog.access.refresh(token=token.refresh_token)

        (session,) = blog.database.committed().sessions.values()
        assert session.last_used_at == NOW + minutes(1)

    async def test_the_last_access_token_stays_good_for_its_time(self, blog: Blog) -> None:
        token = await blog.tokens_of()

        await blog.access.refresh(token=token.refresh_token)

        assert await blog.lets_in(token.value)

    async def test_a_chain_of_refresh_tokens_goes_on(self, blog: Blog) -> None:
        token = await blog.tokens_of()

        for _ in range(3):
            token = await blog.access.refresh(token=token.refresh_token)

        (session,) = blog.database.committed().sessions.values()
        assert session.generation == 4

    async def test_a_refresh_token_used_again_is_refused(self, blog: Blog) -> None:
        token = await blog.tokens_of()
        await blog.access.refresh(token=token.refresh_token)

        with pytest.raises(SessionEnded):
            await blog.access.refresh(token=token.refresh_token)

    async def test_a_refresh_token_used_again_ends_the_session(self, blog: Blog) -> None:
        token = await blog.tokens_of()
        renewed = await blog.access.refresh(token=token.refresh_token)
        with pytest.raises(SessionEnded):
            await blog.access.refresh(token=token.refresh_token)

        assert not await blog.lets_in(renewed.value)
        with pytest.raises(SessionEnded):
            await blog.access.refresh(token=renewed.refresh_token)

    async def test_a_refresh_token_used_again_ends_no_other_session(self, blog: Blog) -> None:
        token, other = await blog.tokens_of(), await blog.tokens_of()
        await blog.access.refresh(token=token.refresh_token)
        with pytest.raises(SessionEnded):
            await blog.access.refresh(token=token.refresh_token)

        assert await blog.lets_in(other.value)

    async def test_a_forged_refresh_token_ends_nothing(self, blog: Blog) -> None:
        token = await blog.tokens_of()
        sid, _, mac = token.refresh_token.split(".")

        with pytest.raises(InvalidRefreshToken):
            await blog.access.refresh(token=f"{sid}.2.{mac}")

        assert await blog.lets_in(token.value)

    @pytest.mark.parametrize(
        ("pause", "good"),
        [
            (timedelta(days=14) + 30 * SECOND, True),
            (timedelta(days=14) + 31 * SECOND, False),
        ],
    )
    async def test_a_session_that_nobody_renews_for_two_weeks_is_over(
        self, blog: Blog, pause: timedelta, good: bool
    ) -> None:
        token = await blog.tokens_of()
        blog.clock.now = NOW + pause

        assert await blog.renews(token.refresh_token) is good

    async def test_a_session_lasts_ninety_days_however_often_it_is_renewed(
        self, blog: Blog
    ) -> None:
        token = await blog.tokens_of()
        for _ in range(8):
            blog.clock.now += timedelta(days=11)
            token = await blog.access.refresh(token=token.refresh_token)
        blog.clock.now = NOW + timedelta(days=90) + 31 * SECOND

        assert not await blog.renews(token.refresh_token)

    @pytest.mark.parametrize(("left", "good"), [(SECOND, True), (SECOND / 2, False)])
    async def test_what_would_last_less_than_a_second_is_not_given_out(
        self, blog: Blog, left: timedelta, good: bool
    ) -> None:
        token = await blog.tokens_of()
        for _ in range(8):
            blog.clock.now += timedelta(days=11)
            token = await blog.access.refresh(token=token.refresh_token)
        blog.clock.now = NOW + timedelta(days=90) - left

        assert await blog.renews(token.refresh_token) is good

    async def test_an_access_token_does_not_outlive_its_session(self, blog: Blog) -> None:
        token = await blog.tokens_of()
        for _ in range(8):
            blog.clock.now += timedelta(days=11)
            token = await blog.access.refresh(token=token.refresh_token)
        blog.clock.now = NOW + timedelta(days=90) - minutes(10)

        token = await blog.access.refresh(token=token.refresh_token)

        assert token.expires_in == minutes(10)

    async def test_of_many_who_use_one_refresh_token_one_gets_in(self, blog: Blog) -> None:
        token = await blog.tokens_of()

        renewed = await asyncio.gather(*(blog.renews(token.refresh_token) for _ in range(5)))

        assert renewed.count(True) == 1


class TestSessions:
    async def test_ones_open_sessions_are_listed_the_last_begun_first(self, blog: Blog) -> None:
        await blog.token(user_agent="phone")
        blog.clock.now = NOW + minutes(1)
        actor = await blog.access.authenticate(token=await blog.token(user_agent="laptop"))

        listed = await blog.access.sessions(actor=actor)

        assert [session.user_agent for session in listed] == ["laptop", "phone"]

    async def test_an_expired_session_is_not_listed(self, blog: Blog) -> None:
        actor = await blog.actor()
        blog.clock.now = NOW + timedelta(days=15)

        assert await blog.access.sessions(actor=actor) == []

    async def test_anothers_sessions_are_not_listed(self, blog: Blog) -> None:
        await given_other(blog)
        actor = await blog.actor()
        await blog.token("other")

        assert await blog.access.sessions(actor=actor) == [actor.session]

    async def test_anothers_session_cannot_be_ended(self, blog: Blog) -> None:
        await given_other(blog)
        actor, other = await blog.actor(), await blog.actor("other")

        with pytest.raises(SessionNotFound):
            await blog.access.end_session(actor=actor, session_id=other.session.id)

        assert await blog.access.sessions(actor=other) == [other.session]

    async def test_an_ended_session_cannot_be_ended_again(self, blog: Blog) -> None:
        actor = await blog.actor()
        await blog.access.end_session(actor=actor, session_id=actor.session.id)

        with pytest.raises(SessionNotFound):
            await blog.access.end_session(actor=actor, session_id=actor.session.id)


async def given_other(blog: Blog) -> None:
    await blog.users.register(
        username="other", email="other@example.com", password="password of other"
    )


Event = Callable[[Blog, Actor], Awaitable[object]]


async def nothing(_blog: Blog, _actor: Actor) -> None:
    pass


async def log_out(blog: Blog, actor: Actor) -> None:
    await blog.access.log_out(actor=actor)


async def end_this_session(blog: Blog, actor: Actor) -> None:
    await blog.access.end_session(actor=actor, session_id=actor.session.id)


async def end_the_other_session(blog: Blog, actor: Actor) -> None:
    others = [s for s in await blog.access.sessions(actor=actor) if s != actor.session]
    await blog.access.end_session(actor=actor, session_id=others[0].id)


async def change_password(blog: Blog, actor: Actor) -> None:
    await blog.access.change_password(
        actor=actor, current_password=PASSWORD, new_password="a new password"
    )


async def reset_password(blog: Blog, actor: Actor) -> None:
    await blog.reset_password(actor.user)


async def change_email(blog: Blog, actor: Actor) -> None:
    await blog.users.update(actor=actor, user_id=actor.user.id, email="new@example.com")


async def change_username(blog: Blog, actor: Actor) -> None:
    await blog.users.update(actor=actor, user_id=actor.user.id, username="new")


async def delete_account(blog: Blog, actor: Actor) -> None:
    await blog.users.delete(actor=actor, user_id=actor.user.id)


@pytest.mark.parametrize(
    ("event", "this_session", "other_session"),
    [
        (nothing, True, True),
        (log_out, False, False),
        (end_this_session, False, True),
        (end_the_other_session, True, False),
        (change_password, True, False),
        (reset_password, False, False),
        (change_email, False, False),
        (change_username, True, True),
        (delete_account, False, False),
    ],
)
async def test_which_of_ones_tokens_still_work_after(
    blog: Blog, event: Event, this_session: bool, other_session: bool
) -> None:
    await given_other(blog)
    other, this, strangers = [await blog.tokens_of(name) for name in ("corey", "corey", "other")]
    actor = await blog.access.authenticate(token=this.value)

    await event(blog, actor)

    for tokens, good in ((this, this_session), (other, other_session), (strangers, True)):
        assert await blog.lets_in(tokens.value) is good
        assert await blog.renews(tokens.refresh_token) is good


async def test_an_actor_is_as_the_account_is_now(blog: Blog, corey: User) -> None:
    token = await blog.token()
    await blog.change_stored(replace(corey, username="new"))

    actor = await blog.access.authenticate(token=token)

    assert actor.user.username == "new"


class EndsMeanwhile(MemoryUserQueries):
    """Somebody ends every session between two looks at it."""

    async def actor(self, session_id: UUID) -> Actor:
        actor = await super().actor(session_id)
        async with self._database.unit_of_work() as unit:
            await unit.sessions.end_all(actor.user.id)
            await unit.commit()
        return actor


class TestKeepingASession:
    async def test_whoever_keeps_it_is_known(self, blog: Blog, corey: User) -> None:
        token = await blog.kept()

        assert (await blog.access.recognise(token=token)).user == corey

    async def test_it_lasts_as_long_as_a_session_can(self, blog: Blog) -> None:
        token = await blog.access.open_session(
            email="corey@example.com", password="password of corey"
        )

        assert token.lasts == timedelta(days=90)

    async def test_it_is_not_shown(self, blog: Blog) -> None:
        token = await blog.access.open_session(
            email="corey@example.com", password="password of corey"
        )

        assert token.value not in repr(token)

    async def test_it_remembers_the_browser(self, blog: Blog) -> None:
        token = await blog.access.open_session(
            email="corey@example.com", password="password of corey", user_agent="Firefox"
        )

        actor = await blog.access.recognise(token=token.value)
        assert actor.session.user_agent == "Firefox"

    @pytest.mark.parametrize(("email", "password"), [("corey@example.com", "x"), ("x", "x")])
    async def test_with_the_wrong_words_there_is_none(
        self, blog: Blog, email: str, password: str
    ) -> None:
        with pytest.raises(BadCredentials):
            await blog.access.open_session(email=email, password=password)

    async def test_a_forged_one_lets_nobody_in(self, blog: Blog) -> None:
        await blog.kept()

        with pytest.raises(InvalidAccessToken):
            await blog.access.recognise(token=f"{uuid4().hex}.{'A' * 43}")

    async def test_neither_an_access_nor_a_refresh_token_is_one(self, blog: Blog) -> None:
        tokens = await blog.tokens_of()

        for token in (tokens.value, tokens.refresh_token):
            with pytest.raises(InvalidAccessToken):
                await blog.access.recognise(token=token)

    async def test_after_the_session_nobody_is_let_in(self, blog: Blog) -> None:
        token = await blog.kept()
        await blog.access.log_out(actor=await blog.actor())

        with pytest.raises(SessionEnded):
            await blog.access.recognise(token=token)

    @pytest.mark.parametrize(
        ("pause", "good"),
        [(timedelta(days=14) + 30 * SECOND, True), (timedelta(days=14) + 31 * SECOND, False)],
    )
    async def test_a_session_that_nobody_uses_for_two_weeks_is_over(
        self, blog: Blog, pause: timedelta, good: bool
    ) -> None:
        token = await blog.kept()
        blog.clock.now = NOW + pause

        assert await blog.knows(token) is good

    async def test_using_it_renews_the_session(self, blog: Blog) -> None:
        token = await blog.kept()
        for _ in range(3):
            blog.clock.now += timedelta(days=10)
            await blog.access.recognise(token=token)

        assert await blog.knows(token)

    async def test_after_ninety_days_it_is_over(self, blog: Blog) -> None:
        token = await blog.kept()
        for _ in range(9):
            blog.clock.now += timedelta(days=10)
            await blog.access.recognise(token=token)
        blog.clock.now += 31 * SECOND

        assert not await blog.knows(token)

    async def test_it_is_renewed_every_five_minutes_at_most(self, blog: Blog) -> None:
        token = await blog.kept()
        before = await blog.access.recognise(token=token)
        blog.clock.now += minutes(5) - SECOND
        await blog.access.recognise(token=token)

        assert (await blog.access.recognise(token=token)).session == before.session

    async def test_who_is_ended_meanwhile_is_not_let_in(self, blog: Blog) -> None:
        token = await blog.kept()
        blog.clock.now += minutes(5)
        blog.access._queries = EndsMeanwhile(blog.database)

        assert not await blog.knows(token)

    async def test_the_token_of_an_older_key_is_replaced_before_the_key_goes(
        self, blog: Blog
    ) -> None:
        token = await blog.kept()
        blog.sign_with(b"n" * 32, b"k" * 32)
        actor = await blog.access.recognise(token=token)

        renewed = blog.access.renewed_token(actor=actor, token=token)

        assert renewed is not None
        blog.sign_with(b"n" * 32)
        assert await blog.knows(renewed.value)

    async def test_the_token_of_the_first_key_stays(self, blog: Blog) -> None:
        token = await blog.kept()
        actor = await blog.access.recognise(token=token)

        assert blog.access.renewed_token(actor=actor, token=token) is None

    async def test_another_token_does_not_last_longer(self, blog: Blog) -> None:
        token = await blog.kept()
        blog.clock.now += timedelta(days=10)
        actor = await blog.access.recognise(token=token)

        renewed = blog.access.renewed_token(actor=actor, token="of an older key")

        assert renewed is not None
        assert renewed.lasts == timedelta(days=80)
