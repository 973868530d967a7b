"""Mistakes in what hashes passwords and what signs access tokens."""

from dataclasses import replace
from datetime import datetime, timedelta

from blog_adapters.memory import MemoryAccessTokens, MemoryPasswords
from blog_core.domain.access import AccessClaims
from blog_core.domain.users import UserId
from blog_core.errors import InvalidAccessToken
from sabotage.saboteur import saboteur


@saboteur("PASSWORDS-01")
class StripsANewPassword(MemoryPasswords):
    async def hash(self, password: str) -> str:
        return await super().hash(password.strip())


@saboteur("PASSWORDS-01")
class ChokesOnNul(MemoryPasswords):
    async def hash(self, password: str) -> str:
        if "\0" in password:
            raise ValueError("embedded null byte")
        return await super().hash(password)


@saboteur("PASSWORDS-02")
class ComparesPasswordsWithoutCase(MemoryPasswords):
    async def verify(self, password: str, password_hash: str | None) -> bool:
        folded = password_hash and password_hash.lower()
        return await super().verify(password.lower(), folded)


@saboteur("PASSWORDS-02")
class ComparesTheBeginnings(MemoryPasswords):
    async def verify(self, password: str, password_hash: str | None) -> bool:
        return password_hash is not None and password_hash.split("$", 3)[-1].startswith(password)


@saboteur("PASSWORDS-02")
class CannotEncodeAWrongPassword(MemoryPasswords):
    async def verify(self, password: str, password_hash: str | None) -> bool:
        password.encode()
        return await super().verify(password, password_hash)


@saboteur("PASSWORDS-03")
class LooksAtTheFirst72Bytes(MemoryPasswords):
    async def hash(self, password: str) -> str:
        return await super().hash(password[:72])

    async def verify(self, password: str, password_hash: str | None) -> bool:
        return await super().verify(password[:72], password_hash)


@saboteur("PASSWORDS-04")
class LetsAnyoneInWithoutAHash(MemoryPasswords):
    async def verify(self, password: str, password_hash: str | None) -> bool:
        return password_hash is None or await super().verify(password, password_hash)


@saboteur("PASSWORDS-05")
class ForgetsTheSalt(MemoryPasswords):
    async def hash(self, password: str) -> str:
        return f"plain$1$0${password}"


@saboteur("PASSWORDS-06")
class WritesLongHashes(MemoryPasswords):
    async def hash(self, password: str) -> str:
        return (await super().hash(password)).replace("$1$", f"$1${'0' * 200}", 1)


@saboteur("PASSWORDS-07")
class FindsEveryHashOutdated(MemoryPasswords):
    def is_outdated(self, password_hash: str) -> bool:
        return True


@saboteur("TOKENS-01")
class CountsInFloats(MemoryAccessTokens):
    def read(self, token: str, *, now: datetime) -> AccessClaims:
        claims = super().read(token, now=now)
        return replace(claims, user_id=UserId(int(float(claims.user_id))))


@saboteur("TOKENS-02")
class NeverExpires(MemoryAccessTokens):
    def issue(self, claims: AccessClaims, *, now: datetime, expires_at: datetime) -> str:
        return super().issue(claims, now=now, expires_at=expires_at + timedelta(days=36_500))


@saboteur("TOKENS-02")
class ForgivesAWholeMinute(MemoryAccessTokens):
    def issue(self, claims: AccessClaims, *, now: datetime, expires_at: datetime) -> str:
        return super().issue(claims, now=now, expires_at=expires_at + timedelta(seconds=30))


@saboteur("TOKENS-03")
class ForgivesNoClock(MemoryAccessTokens):
    def issue(self, claims: AccessClaims, *, now: datetime, expires_at: datetime) -> str:
        return super().issue(claims, now=now, expires_at=expires_at - timedelta(seconds=30))


@saboteur("TOKENS-04")
class CannotEncodeAWrongToken(MemoryAccessTokens):
    def read(self, token: str, *, now: datetime) -> AccessClaims:
        token.encode()
        return super().read(token, now=now)


@saboteur("TOKENS-05")
class IgnoresHowATokenEnds(MemoryAccessTokens):
    def read(self, token: str, *, now: datetime) -> AccessClaims:
        for issued in self._issued:
            if token[:8] == issued[:8]:
                return super().read(issued, now=now)
        raise InvalidAccessToken


@saboteur("TOKENS-06")
class NamesATokenByItsMoment(MemoryAccessTokens):
    def issue(self, claims: AccessClaims, *, now: datetime, expires_at: datetime) -> str:
        self._issued.clear()
        return super().issue(claims, now=now, expires_at=expires_at)
