"""The fakes keep the contracts that the real adapters keep."""

import pytest

from blog_adapters.memory import MemoryRateLimiter
from blog_adapters.testing.adapters import memory_adapter
from blog_core.domain.limits import Attempt, Limit
from blog_core.testing import Adapter, contracts
from blog_core.testing.builders import StoppedClock, minutes


@pytest.fixture
def blog_adapter() -> Adapter:
    return memory_adapter()


class TestMemoryUnitOfWork(contracts.UnitOfWorkContract):
    pass


class TestMemoryPosts(contracts.PostRepositoryContract):
    pass


class TestMemoryUsers(contracts.UserRepositoryContract):
    pass


class TestMemorySessions(contracts.SessionRepositoryContract):
    pass


class TestMemoryResetTokens(contracts.ResetTokenRepositoryContract):
    pass


class TestMemoryOutbox(contracts.OutboxContract):
    pass


class TestMemoryIdempotencyKeys(contracts.IdempotencyKeysContract):
    pass


class TestMemoryPostQueries(contracts.PostQueriesContract):
    pass


class TestMemoryUserQueries(contracts.UserQueriesContract):
    pass


class TestMemoryImageStorage(contracts.ImageStorageContract):
    pass


class TestMemoryMailer(contracts.MailerContract):
    pass


class TestMemoryPasswords(contracts.PasswordHasherContract):
    pass


class TestMemoryAccessTokens(contracts.AccessTokensContract):
    pass


class TestMemoryImages(contracts.ImageProcessorContract):
    pass


class TestMemoryRateLimiter(contracts.RateLimiterContract):
    async def test_what_is_over_is_forgotten_when_others_come(self) -> None:
        clock = StoppedClock()
        limiter = MemoryRateLimiter(clock)
        limit = Limit("login", 3, minutes(5))
        for number in range(9):
            await limiter.admit(Attempt(limit, f"key {number}"))
        clock.now += minutes(5)

        for number in range(9):
            await limiter.admit(Attempt(limit, f"other {number}"))

        assert len(limiter._windows) == 9
