"""`Access`: changing a password, and resetting one that was forgotten."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from dependency_injector import providers

from blog_adapters.container import Container, in_memory_container
from blog_adapters.memory import MemoryMailer, MemoryPasswords
from blog_adapters.memory.tables import Tables
from blog_core.domain.access import Actor
from blog_core.domain.outbox import ResetRequested
from blog_core.errors import (
    BadCredentials,
    InvalidResetToken,
    InvalidText,
    SessionEnded,
    WrongPassword,
)
from blog_core.testing.builders import NOW, StoppedClock, minutes

pytestmark = pytest.mark.anyio

EMAIL = "corey@example.com"
PASSWORD, NEW_PASSWORD = "password of corey", "a new password"


class SlowPasswords(MemoryPasswords):
    """Counts hashes too, and lets something happen while a password is hashed."""

    def __init__(self) -> None:
        super().__init__()
        self.hashed = 0
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def hash(self, password: str) -> str:
        self.hashed += 1
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return await super().hash(password)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def passwords() -> SlowPasswords:
    return SlowPasswords()


@pytest.fixture
def container(clock: StoppedClock, passwords: SlowPasswords) -> Container:
    container = in_memory_container()
    container.override_providers(
        clock=providers.Object(clock), passwords=providers.Object(passwords)
    )
    return container


@pytest.fixture
async def corey(container: Container) -> Actor:
    await container.users().register(username="corey", email=EMAIL, password=PASSWORD)
    return await logged_in(container, PASSWORD)


async def logged_in(container: Container, password: str) -> Actor:
    token = await container.access().log_in(email=EMAIL, password=password)
    return await container.access().authenticate(token=token.value)


async def works(container: Container, password: str) -> bool:
    try:
        await container.access().log_in(email=EMAIL, password=password)
    except BadCredentials:
        return False
    return True


async def mailed_token(container: Container) -> str:
    """Ask for a reset mail and return the token in it."""
    await container.access().forgot_password(email=EMAIL)
    await container.delivery().deliver_due()
    await container.delivery().deliver_due()
    mailer = container.mailer()
    assert isinstance(mailer, MemoryMailer)
    return mailer.sent[-1].text.partition("#token=")[2].split()[0]


async def reset(container: Container, token: str) -> None:
    await container.access().reset_password(token=token, new_password=NEW_PASSWORD)


def stored(container: Container) -> Tables:
    tables: Tables = container.database().committed()
    return tables


class TestChanging:
    async def test_the_new_password_works_and_the_old_no_longer(
        self, container: Container, corey: Actor
    ) -> None:
        await container.access().change_password(
            actor=corey, current_password=PASSWORD, new_password=NEW_PASSWORD
        )

        assert await works(container, NEW_PASSWORD)
        assert not await works(container, PASSWORD)

    async def test_the_new_password_may_be_the_old(
        self, container: Container, corey: Actor
    ) -> None:
        await container.access().change_password(
            actor=corey, current_password=PASSWORD, new_password=PASSWORD
        )

        assert await works(container, PASSWORD)

    async def test_without_the_current_password_nothing_changes(
        self, container: Container, corey: Actor
    ) -> None:
        before = stored(container)

        with pytest.raises(WrongPassword, match=r"^Current password is incorrect$"):
            await container.access().change_password(
                actor=corey, current_password=NEW_PASSWORD, new_password=NEW_PASSWORD
            )

        assert stored(container) == before

    async def test_a_new_password_that_breaks_a_rule_is_told_before_any_work(
        self, container: Container, passwords: SlowPasswords, corey: Actor
    ) -> None:
        work = (passwords.verified, passwords.hashed)

        with pytest.raises(InvalidText):
            await container.access().change_password(
                actor=corey, current_password=PASSWORD, new_password="7 signs"
            )

        assert (passwords.verified, passwords.hashed) == work

    async def test_a_change_voids_the_reset_token(self, container: Container, corey: Actor) -> None:
        token = await mailed_token(container)

        await container.access().change_password(
            actor=corey, current_password=PASSWORD, new_password=NEW_PASSWORD
        )

        with pytest.raises(InvalidResetToken):
            await reset(container, token)

    async def test_what_was_the_password_when_it_was_verified_may_no_longer_be(
        self, container: Container, passwords: SlowPasswords, corey: Actor
    ) -> None:
        token = await mailed_token(container)
        passwords.meanwhile = lambda: reset(container, token)

        with pytest.raises(WrongPassword):
            await container.access().change_password(
                actor=corey, current_password=PASSWORD, new_password="a third password"
            )

        assert await works(container, NEW_PASSWORD)

    async def test_who_was_deleted_meanwhile_changes_no_password(
        self, container: Container, passwords: SlowPasswords, corey: Actor
    ) -> None:
        passwords.meanwhile = lambda: container.users().delete(actor=corey, user_id=corey.user.id)

        with pytest.raises(SessionEnded):
            await container.access().change_password(
                actor=corey, current_password=PASSWORD, new_password=NEW_PASSWORD
            )


class TestForgetting:
    @pytest.mark.usefixtures("corey")
    @pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
    async def test_a_known_and_an_unknown_address_do_the_same_work(
        self, container: Container, email: str
    ) -> None:
        before = stored(container)

        await container.access().forgot_password(email=email)

        after = stored(container)
        (request,) = after.outbox.values()
        assert request.entry.task == ResetRequested(email)
        assert (request.entry.created_at, request.entry.due_at) == (NOW, NOW)
        assert (after.users, after.sessions, after.reset_tokens) == (
            before.users, before.sessions, {},
        )  # fmt: skip

    async def test_two_requests_are_two_entries(self, container: Container) -> None:
        await container.access().forgot_password(email=EMAIL)
        await container.access().forgot_password(email=EMAIL)

        assert len(stored(container).outbox) == 2

    async def test_what_is_no_address_is_told(self, container: Container) -> None:
        with pytest.raises(InvalidText):
            await container.access().forgot_password(email="corey")

        assert stored(container).outbox == {}


class TestResetting:
    @pytest.mark.usefixtures("corey")
    async def test_the_mailed_token_sets_a_new_password(self, container: Container) -> None:
        await reset(container, await mailed_token(container))

        assert await works(container, NEW_PASSWORD)
        assert not await works(container, PASSWORD)

    @pytest.mark.usefixtures("corey")
    async def test_a_token_is_good_once(self, container: Container) -> None:
        token = await mailed_token(container)
        await reset(container, token)

        with pytest.raises(InvalidResetToken, match=r"^Invalid or expired reset token$"):
            await reset(container, token)

    @pytest.mark.usefixtures("corey")
    async def test_of_many_who_use_a_token_at_once_one_does(self, container: Container) -> None:
        token = await mailed_token(container)

        results = await asyncio.gather(
            *(
                container.access().reset_password(token=token, new_password=f"new password {n}")
                for n in range(5)
            ),
            return_exceptions=True,
        )

        assert sum(isinstance(result, InvalidResetToken) for result in results) == 4
        assert await works(container, f"new password {results.index(None)}")

    @pytest.mark.usefixtures("corey")
    async def test_asking_again_replaces_the_token(
        self, container: Container, clock: StoppedClock
    ) -> None:
        replaced = await mailed_token(container)
        clock.now = NOW + minutes(1)
        current = await mailed_token(container)

        with pytest.raises(InvalidResetToken):
            await reset(container, replaced)

        await reset(container, current)
        assert await works(container, NEW_PASSWORD)

    @pytest.mark.usefixtures("corey")
    async def test_only_a_digest_of_the_token_is_stored(self, container: Container) -> None:
        token = await mailed_token(container)

        assert token not in repr(stored(container).reset_tokens.keys())
        assert len(stored(container).reset_tokens) == 1

    @pytest.mark.usefixtures("corey")
    async def test_a_token_is_good_for_an_hour_and_the_leeway(
        self, container: Container, clock: StoppedClock
    ) -> None:
        token = await mailed_token(container)
        clock.now = NOW + minutes(60) + timedelta(seconds=30)

        await reset(container, token)

        assert await works(container, NEW_PASSWORD)

    @pytest.mark.usefixtures("corey")
    async def test_an_expired_token_is_refused_and_deleted_when_tried(
        self, container: Container, clock: StoppedClock
    ) -> None:
        token = await mailed_token(container)
        clock.now = NOW + minutes(60) + timedelta(seconds=31)

        with pytest.raises(InvalidResetToken):
            await reset(container, token)

        assert stored(container).reset_tokens == {}
        assert await works(container, PASSWORD)

    @pytest.mark.usefixtures("corey")
    async def test_a_new_password_that_breaks_a_rule_does_not_use_the_token_up(
        self, container: Container
    ) -> None:
        token = await mailed_token(container)

        with pytest.raises(InvalidText):
            await container.access().reset_password(token=token, new_password="7 signs")

        await reset(container, token)
        assert await works(container, NEW_PASSWORD)

    async def test_another_address_voids_the_token(
        self, container: Container, corey: Actor
    ) -> None:
        token = await mailed_token(container)

        await container.users().update(actor=corey, user_id=corey.user.id, email="new@example.com")

        with pytest.raises(InvalidResetToken):
            await reset(container, token)

    async def test_the_token_of_a_deleted_account_is_invalid(
        self, container: Container, corey: Actor
    ) -> None:
        token = await mailed_token(container)

        await container.users().delete(actor=corey, user_id=corey.user.id)

        with pytest.raises(InvalidResetToken):
            await reset(container, token)

    async def test_the_token_of_an_account_deleted_meanwhile_is_invalid(
        self, container: Container, passwords: SlowPasswords, corey: Actor
    ) -> None:
        token = await mailed_token(container)
        passwords.meanwhile = lambda: container.users().delete(actor=corey, user_id=corey.user.id)

        with pytest.raises(InvalidResetToken):
            await reset(container, token)

    @pytest.mark.parametrize("token", ["", "x" * 43, "é", "nul\0", "half of a pair \ud83d"])
    async def test_a_token_that_was_never_ours_costs_no_hash(
        self, container: Container, passwords: SlowPasswords, token: str
    ) -> None:
        with pytest.raises(InvalidResetToken):
            await reset(container, token)

        assert passwords.hashed == 0
