from collections.abc import Iterator

import argon2
import pytest
from argon2.exceptions import VerifyMismatchError
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from blog_adapters.passwords import Argon2Passwords
from blog_adapters.workers import Workers
from blog_core.testing import Adapter
from blog_core.testing.contracts import PasswordHasherContract

MALFORMED = {
    "nothing": "",
    "a locked account": "!",
    "a word": "hash",
    "bcrypt": "$2b$12$" + "a" * 53,
    "a name alone": "$argon2id$",
    "no salt": "$argon2id$v=19$m=8,t=1,p=1",
    "no tag": "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0",
    "no base64": "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$?????????????",
    "no numbers": "$argon2id$v=19$m=x,t=1,p=1$c2FsdHNhbHRzYWx0$dGFndGFndGFndGFn",
    "not ASCII": "$argon2id$v=19$m=8,t=1,p=\u0661$c2FsdHNhbHRzYWx0$dGFndGFndGFndGFn",
    "a line break": "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$dGFndGFndGFndGFn\n",
    "a lone surrogate": "\ud800",
    "a NUL": "\0",
    "very long": "$argon2id$v=19$m=8,t=1,p=1$" + "A" * 100_000,
}


class CountingHasher(Argon2Hasher):
    """Remembers which hashes it was asked to verify against."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.asked: list[str] = []

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - its name there
        self.asked.append(hash if isinstance(hash, str) else hash.decode())
        return super().verify(password, hash)


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers("hashing", threads=1, waiting=10)
    yield workers
    workers.close()


@pytest.fixture
def passwords(workers: Workers) -> Argon2Passwords:
    """At the least cost that Argon2 allows."""
    return Argon2Passwords(workers=workers, time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def hasher(passwords: Argon2Passwords) -> CountingHasher:
    """What works for `passwords`, counting."""
    hasher = CountingHasher()
    passwords._hasher = hasher
    return hasher


def costs_a_whole_hash(password_hash: str) -> bool:
    """Whether a wrong password is refused by its tag, and not by the shape of the hash."""
    with pytest.raises(VerifyMismatchError):
        argon2.PasswordHasher().verify(password_hash, "another password")
    return True


class TestArgon2Passwords(PasswordHasherContract):
    """At the least cost that Argon2 allows."""

    @pytest.fixture
    def blog_adapter(self, passwords: Argon2Passwords) -> Adapter:
        return Adapter(passwords=passwords)


def test_by_default_the_cost_is_the_one_rfc_9106_recommends(workers: Workers) -> None:
    passwords = Argon2Passwords(workers=workers)

    parameters = argon2.extract_parameters(passwords._decoy)

    assert parameters == argon2.profiles.RFC_9106_LOW_MEMORY


def test_by_default_the_cost_is_the_one_pwdlib_recommends(workers: Workers) -> None:
    passwords = Argon2Passwords(workers=workers)

    password_hash = PasswordHash.recommended().hash("password1")

    assert passwords.is_outdated(password_hash) is False


@pytest.mark.anyio
async def test_a_hash_says_how_it_was_made(passwords: Argon2Passwords) -> None:
    password_hash = await passwords.hash("password1")

    assert password_hash.startswith("$argon2id$v=19$m=8,t=1,p=1$")


@pytest.mark.anyio
async def test_a_hash_of_the_tutorial_is_verified(passwords: Argon2Passwords) -> None:
    password_hash = Argon2Hasher(time_cost=2, memory_cost=16, parallelism=2).hash("password1")

    assert await passwords.verify("password1", password_hash) is True


@pytest.mark.anyio
async def test_a_known_account_costs_one_verification(
    passwords: Argon2Passwords, hasher: CountingHasher
) -> None:
    password_hash = await passwords.hash("password1")

    await passwords.verify("password2", password_hash)

    assert hasher.asked == [password_hash]


@pytest.mark.anyio
async def test_an_unknown_account_costs_one_verification(
    passwords: Argon2Passwords, hasher: CountingHasher
) -> None:
    await passwords.verify("password1", None)

    assert hasher.asked == [passwords._decoy]


@pytest.mark.anyio
async def test_the_decoy_costs_what_a_hash_costs(passwords: Argon2Passwords) -> None:
    password_hash = await passwords.hash("password1")

    decoy = passwords._decoy

    assert costs_a_whole_hash(decoy)
    assert argon2.extract_parameters(decoy) == argon2.extract_parameters(password_hash)


def test_two_decoys_differ(workers: Workers) -> None:
    one, other = Argon2Passwords(workers=workers), Argon2Passwords(workers=workers)

    assert one._decoy != other._decoy


@pytest.mark.anyio
@pytest.mark.parametrize("stored", MALFORMED.values(), ids=MALFORMED.keys())
async def test_no_password_belongs_to_what_is_no_hash(
    passwords: Argon2Passwords, stored: str
) -> None:
    assert await passwords.verify("password1", stored) is False


@pytest.mark.anyio
@pytest.mark.parametrize("stored", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_no_hash_costs_one_verification(
    passwords: Argon2Passwords, hasher: CountingHasher, stored: str
) -> None:
    await passwords.verify("password1", stored)

    assert hasher.asked == [passwords._decoy]


@pytest.mark.anyio
async def test_a_password_that_cannot_be_encoded_costs_one_verification(
    passwords: Argon2Passwords, hasher: CountingHasher
) -> None:
    known = await passwords.verify("\ud800", await passwords.hash("password1"))

    assert known is False
    assert hasher.asked == [passwords._decoy]


@pytest.mark.anyio
async def test_a_password_that_cannot_be_encoded_is_not_the_empty_one(
    passwords: Argon2Passwords,
) -> None:
    assert await passwords.verify("\ud800", await passwords.hash("")) is False


@pytest.mark.parametrize("costs", [(2, 16, 1), (1, 32, 1), (1, 16, 2)])
def test_a_hash_made_at_another_cost_is_outdated(
    workers: Workers, costs: tuple[int, int, int]
) -> None:
    passwords = Argon2Passwords(workers=workers, time_cost=1, memory_cost=16, parallelism=1)

    password_hash = Argon2Hasher(*costs).hash("password1")

    assert passwords.is_outdated(password_hash) is True


@pytest.mark.parametrize("stored", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_hash_is_outdated(passwords: Argon2Passwords, stored: str) -> None:
    assert passwords.is_outdated(stored) is True
