"""The use cases count what is tried before they do any of it."""

from collections.abc import Awaitable, Callable

import pytest
from dependency_injector import providers

from blog_adapters.container import Container, in_memory_container
from blog_adapters.memory import MemoryPasswords
from blog_core.domain.idempotency import IdempotencyKey
from blog_core.domain.keys import KeyRing
from blog_core.domain.limits import Attempt
from blog_core.errors import (
    BadCredentials,
    InvalidResetToken,
    InvalidText,
    KeyReused,
    TooManyRequests,
    WrongPassword,
)
from blog_core.services import Access, Users
from blog_core.testing.builders import NOW

pytestmark = pytest.mark.anyio

EMAIL, PASSWORD, ADDRESS = "corey@example.com", "correct horse", "192.0.2.1"


class Counted:
    """Takes note of what is counted, and lets through until it is told not to."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.full = False

    async def admit(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        if self.full:
            raise attempt.limit.exceeded(attempt.limit.per)

    @property
    def names(self) -> list[str]:
        return [attempt.limit.name for attempt in self.attempts]


class Hashes(MemoryPasswords):
    """Counts all work."""

    def __init__(self) -> None:
        super().__init__()
        self.hashed = 0

    async def hash(self, password: str) -> str:
        self.hashed += 1
        return await super().hash(password)


@pytest.fixture
def limiter() -> Counted:
    return Counted()


@pytest.fixture
def passwords() -> Hashes:
    return Hashes()


@pytest.fixture
def container(limiter: Counted, passwords: Hashes) -> Container:
    container = in_memory_container()
    container.limiter.override(providers.Object(limiter))
    container.passwords.override(providers.Object(passwords))
    return container


@pytest.fixture
def access(container: Container) -> Access:
    return container.access()


@pytest.fixture
def users(container: Container) -> Users:
    return container.users()


Deed = Callable[[Access, Users], Awaitable[object]]

DEEDS = {
    "login": lambda access, _: access.log_in(email=EMAIL, password=PASSWORD, address=ADDRESS),
    "registration": lambda _, users: users.register(
        username="corey", email=EMAIL, password=PASSWORD, address=ADDRESS
    ),
    "forgot": lambda access, _: access.forgot_password(email=EMAIL, address=ADDRESS),
    "reset": lambda access, _: access.reset_password(
        token="x", new_password=PASSWORD, address=ADDRESS
    ),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
async def test_what_is_tried_too_often_is_refused_before_any_work(
    access: Access, users: Users, limiter: Counted, passwords: Hashes, deed: Deed
) -> None:
    limiter.full = True

    with pytest.raises(TooManyRequests):
        await deed(access, users)

    assert (passwords.hashed, passwords.verified) == (0, 0)
    assert len(limiter.attempts) == 1


async def test_a_registration_is_counted(users: Users, limiter: Counted) -> None:
    await users.register(username="corey", email=EMAIL, password=PASSWORD, address=ADDRESS)

    assert limiter.names == ["registration_address", "registration_total"]


async def test_another_registration_under_a_key_is_counted(users: Users, limiter: Counted) -> None:
    key = IdempotencyKey("key", KeyRing((b"s" * 32,)))
    await users.register(username="corey", email=EMAIL, password=PASSWORD, key=key)
    limiter.attempts.clear()

    with pytest.raises(KeyReused):
        await users.register(
            username="corey", email=EMAIL, password="another guess", key=key, address=ADDRESS
        )

    assert limiter.names == ["registration_address", "registration_total"]


async def test_a_login_is_counted_right_or_wrong(
    access: Access, users: Users, limiter: Counted
) -> None:
    await users.register(username="corey", email=EMAIL, password=PASSWORD)
    limiter.attempts.clear()

    await access.log_in(email=EMAIL, password=PASSWORD, address=ADDRESS)
    right = list(limiter.attempts)
    limiter.attempts.clear()
    with pytest.raises(BadCredentials):
        await access.log_in(email=EMAIL, password="wrong", address=ADDRESS)

    assert limiter.attempts == right
    assert limiter.names == ["login", "login_address", "login_account", "login_total"]


async def test_a_refresh_is_counted_before_the_token_is_used(
    access: Access, users: Users, limiter: Counted
) -> None:
    await users.register(username="corey", email=EMAIL, password=PASSWORD)
    tokens = await access.log_in(email=EMAIL, password=PASSWORD)
    limiter.attempts.clear()

    limiter.full = True
    with pytest.raises(TooManyRequests):
        await access.refresh(token=tokens.refresh_token, address=ADDRESS)
    limiter.full = False
    await access.refresh(token=tokens.refresh_token, address=ADDRESS)

    renewing = ["refresh_session", "refresh_address", "refresh_total"]
    assert limiter.names == ["refresh_session", *renewing]


async def test_a_change_of_password_is_counted_before_the_current_one_is_looked_at(
    access: Access, users: Users, limiter: Counted
) -> None:
    await users.register(username="corey", email=EMAIL, password=PASSWORD)
    tokens = await access.log_in(email=EMAIL, password=PASSWORD)
    actor = await access.authenticate(token=tokens.value)
    limiter.attempts.clear()

    with pytest.raises(WrongPassword):
        await access.change_password(
            actor=actor, current_password="wrong", new_password="another password"
        )
    limiter.full = True
    with pytest.raises(TooManyRequests):
        await access.change_password(
            actor=actor, current_password=PASSWORD, new_password="another password"
        )

    assert limiter.names == ["password_account", "password_account"]


async def test_asking_for_a_reset_mail_is_counted(access: Access, limiter: Counted) -> None:
    await access.forgot_password(email=EMAIL, address=ADDRESS)

    assert limiter.names == ["forgot_address", "forgot_account", "forgot_total"]


async def test_using_a_reset_token_is_counted(access: Access, limiter: Counted) -> None:
    with pytest.raises(InvalidResetToken):
        await access.reset_password(token="x", new_password=PASSWORD, address=ADDRESS)

    assert limiter.names == ["reset_address", "reset_total"]


async def test_a_reset_mail_that_is_refused_is_not_asked_for(
    access: Access, container: Container, limiter: Counted
) -> None:
    limiter.full = True

    with pytest.raises(TooManyRequests):
        await access.forgot_password(email=EMAIL)

    async with container.unit_of_work()() as unit:
        assert await unit.outbox.claim(now=NOW.replace(year=9999), until=NOW, limit=9) == []


BROKEN = {
    "username": lambda _, users: users.register(username="", email=EMAIL, password=PASSWORD),
    "password": lambda _, users: users.register(username="x", email=EMAIL, password="short"),
    "email": lambda access, _: access.forgot_password(email="no address"),
    "new password": lambda access, _: access.reset_password(token="x", new_password="short"),
}


@pytest.mark.parametrize("deed", BROKEN.values(), ids=BROKEN)
async def test_what_breaks_a_text_rule_is_not_counted(
    access: Access, users: Users, limiter: Counted, deed: Deed
) -> None:
    with pytest.raises(InvalidText):
        await deed(access, users)

    assert limiter.attempts == []
