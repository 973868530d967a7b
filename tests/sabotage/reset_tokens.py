"""Mistakes in what stores reset tokens."""

from contextlib import suppress

from blog_adapters.memory.repositories import MemoryResetTokens
from blog_core.domain.access import ResetToken
from blog_core.domain.users import UserId
from blog_core.errors import InvalidResetToken, UserNotFound
from blog_core.testing.builders import NOW
from sabotage.saboteur import saboteur


@saboteur("RESET-REPO-02")
class KeepsTheEarlierToken(MemoryResetTokens):
    async def replace(self, token: ResetToken) -> None:
        earlier = dict(self._tables.reset_tokens)
        await super().replace(token)
        self._tables.reset_tokens |= earlier


@saboteur("RESET-REPO-02", also="RESET-REPO-10")
class IgnoresTheLaterToken(MemoryResetTokens):
    async def replace(self, token: ResetToken) -> None:
        if all(other.user_id != token.user_id for other in self._tables.reset_tokens.values()):
            await super().replace(token)


@saboteur("RESET-REPO-03")
class LetsTheLastToComeWin(MemoryResetTokens):
    async def replace(self, token: ResetToken) -> None:
        await self.discard(token.user_id)
        await super().replace(token)


@saboteur("RESET-REPO-04", also="RESET-REPO-11")
class DiscardsTheTokensOfAll(MemoryResetTokens):
    async def discard(self, user_id: UserId) -> None:
        self._tables.reset_tokens = {}


@saboteur("RESET-REPO-04", also="RESET-REPO-03 11")
class KeepsOneTokenForAll(MemoryResetTokens):
    async def replace(self, token: ResetToken) -> None:
        await super().replace(token)
        self._tables.reset_tokens = {token.digest: token}


@saboteur("RESET-REPO-05")
class SwallowsAConstraintError(MemoryResetTokens):
    async def replace(self, token: ResetToken) -> None:
        with suppress(UserNotFound):
            await super().replace(token)


@saboteur("RESET-REPO-06", also="RESET-REPO-07")
class LetsATokenBeTakenAgain(MemoryResetTokens):
    async def take(self, digest: str) -> ResetToken:
        return await self.get(digest)


@saboteur("RESET-REPO-08", also="RESET-REPO-02")
class KeepsADiscardedToken(MemoryResetTokens):
    async def discard(self, user_id: UserId) -> None:
        pass


@saboteur("RESET-REPO-08", also="UOW-04 USER-REPO-17 RESET-REPO-02 03 11")
class AnswersNoneForAMissingToken(MemoryResetTokens):
    async def get(self, digest: str) -> ResetToken:
        return self._tables.reset_tokens.get(digest)  # type: ignore[return-value] # the mistake


@saboteur("RESET-REPO-09")
class HidesExpiredTokens(MemoryResetTokens):
    async def get(self, digest: str) -> ResetToken:
        token = await super().get(digest)
        if token.is_over(NOW):
            raise InvalidResetToken
        return token


@saboteur("RESET-REPO-10")
class ReplacesOnlyWhatIsEarlier(MemoryResetTokens):
    async def replace(self, token: ResetToken) -> None:
        stored = self._tables.reset_tokens.values()
        mine = [other for other in stored if other.user_id == token.user_id]
        if all(other.created_at != token.created_at for other in mine):
            await super().replace(token)
