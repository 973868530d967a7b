"""The fakes keep the contracts that the real adapters keep."""

import pytest

from blog_adapters.testing.adapters import memory_adapter
from blog_core.testing import Adapter, contracts


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
