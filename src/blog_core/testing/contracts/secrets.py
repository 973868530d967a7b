"""The contracts of what keeps passwords and tokens from being guessed."""

from datetime import timedelta
from uuid import uuid4

import pytest

from blog_core.domain.access import AccessClaims
from blog_core.domain.users import UserId
from blog_core.errors import (
    InvalidAccessToken,
)
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import Contract, clause


class PasswordHasherContract(Contract):
    """`PasswordHasher`."""

    ports = ("passwords",)

    @clause("PASSWORDS-01")
    @pytest.mark.parametrize("password", ["password", "ünïcödé 🙂", " " * 8, "x" * 128, "nul\0nul"])
    async def test_a_password_belongs_to_its_hash(self, password: str) -> None:
        """A password belongs to its hash, whatever characters it has."""
        assert await self.passwords.verify(password, await self.passwords.hash(password)) is True

    @clause("PASSWORDS-02")
    @pytest.mark.parametrize("other", ["Password1", "password1 ", "", "password", "p\ud800"])
    async def test_another_password_does_not(self, other: str) -> None:
        """Another password does not belong to it, however alike."""
        assert await self.passwords.verify(other, await self.passwords.hash("password1")) is False

    @clause("PASSWORDS-03")
    async def test_what_follows_a_long_beginning_counts(self) -> None:
        """Every one of 128 characters counts."""
        password_hash = await self.passwords.hash("x" * 127 + "a")

        assert await self.passwords.verify("x" * 127 + "b", password_hash) is False

    @clause("PASSWORDS-04")
    async def test_no_password_belongs_to_none(self) -> None:
        """No password belongs to a missing hash."""
        assert await self.passwords.verify("password", None) is False

    @clause("PASSWORDS-05")
    async def test_hashes_of_one_password_differ(self) -> None:
        """Two hashes of one password differ."""
        assert await self.passwords.hash("password") != await self.passwords.hash("password")

    @clause("PASSWORDS-06")
    async def test_a_hash_fits_its_column(self) -> None:
        """A hash has at most 200 characters."""
        assert len(await self.passwords.hash("password")) <= 200

    @clause("PASSWORDS-07")
    async def test_a_fresh_hash_is_not_outdated(self) -> None:
        """A fresh hash is not outdated."""
        assert self.passwords.is_outdated(await self.passwords.hash("password")) is False


class AccessTokensContract(Contract):
    """`AccessTokens`."""

    ports = ("tokens",)

    @clause("TOKENS-01")
    async def test_a_token_is_read_as_it_was_issued(self) -> None:
        """A token is read as it was issued."""
        claims = AccessClaims(user_id=UserId(2**62 + 1), session_id=uuid4())

        token = self.tokens.issue(claims, now=NOW, expires_at=NOW + minutes(30))

        assert self.tokens.read(token, now=NOW + minutes(29)) == claims

    @clause("TOKENS-02")
    async def test_a_token_expires(self) -> None:
        """A token expires, half a minute after its time at the latest."""
        token = self._issued()

        with pytest.raises(InvalidAccessToken):
            self.tokens.read(token, now=NOW + minutes(30) + timedelta(seconds=32))

    @clause("TOKENS-03")
    async def test_a_clock_that_is_half_a_minute_off_is_forgiven(self) -> None:
        """A clock that is half a minute off, either way, is forgiven."""
        token = self._issued()

        early = self.tokens.read(token, now=NOW - timedelta(seconds=29))
        late = self.tokens.read(token, now=NOW + minutes(30) + timedelta(seconds=29))

        assert early.user_id == late.user_id == 1

    @clause("TOKENS-04")
    @pytest.mark.parametrize(
        "token", ["", "x", "a.b.c", "é", "\ud800", "\0", "eyJhbGciOiJub25lIn0.e30.", "x" * 100_000]
    )
    async def test_anything_else_is_invalid(self, token: str) -> None:
        """Anything that is no token raises InvalidAccessToken, whatever it holds."""
        with pytest.raises(InvalidAccessToken):
            self.tokens.read(token, now=NOW)

    @clause("TOKENS-05")
    async def test_a_token_changed_anywhere_is_invalid(self) -> None:
        """A token changed in any place raises InvalidAccessToken."""
        token = self._issued()

        for place in range(0, len(token), 7):
            other = "A" if token[place] != "A" else "B"
            with pytest.raises(InvalidAccessToken):
                self.tokens.read(token[:place] + other + token[place + 1 :], now=NOW)

    @clause("TOKENS-06")
    async def test_tokens_of_one_moment_keep_their_own_claims(self) -> None:
        """Tokens issued at one moment each lead to their own claims."""
        claims = [AccessClaims(user_id=UserId(n), session_id=uuid4()) for n in (1, 2)]

        issued = [self.tokens.issue(c, now=NOW, expires_at=NOW + minutes(30)) for c in claims]

        assert [self.tokens.read(token, now=NOW) for token in issued] == claims

    def _issued(self) -> str:
        claims = AccessClaims(user_id=UserId(1), session_id=uuid4())
        return self.tokens.issue(claims, now=NOW, expires_at=NOW + minutes(30))
