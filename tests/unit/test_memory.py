"""The fakes keep the contracts that the real adapters keep."""

import pytest

from blog_adapters.memory import (
    MemoryAccessTokens,
    MemoryDatabase,
    MemoryImages,
    MemoryImageStorage,
    MemoryMailer,
    MemoryPasswords,
    MemoryPostQueries,
    MemoryUserQueries,
)
from blog_core.domain.mail import Mail
from blog_core.ports import UnitOfWorkFactory
from blog_core.testing import contracts


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def uow(database: MemoryDatabase) -> UnitOfWorkFactory:
    return database.unit_of_work


class TestMemoryUnitOfWork(contracts.UnitOfWorkContract):
    pass


class TestMemoryPosts(contracts.PostRepositoryContract):
    pass


class TestMemoryUsers(contracts.UserRepositoryContract):
    pass


class TestMemorySessions(contracts.SessionRepositoryContract):
    @pytest.fixture
    def queries(self, database: MemoryDatabase) -> MemoryUserQueries:
        return MemoryUserQueries(database)


class TestMemoryResetTokens(contracts.ResetTokenRepositoryContract):
    pass


class TestMemoryOutbox(contracts.OutboxContract):
    pass


class TestMemoryPostQueries(contracts.PostQueriesContract):
    @pytest.fixture
    def queries(self, database: MemoryDatabase) -> MemoryPostQueries:
        return MemoryPostQueries(database)


class TestMemoryUserQueries(contracts.UserQueriesContract):
    @pytest.fixture
    def queries(self, database: MemoryDatabase) -> MemoryUserQueries:
        return MemoryUserQueries(database)


class TestMemoryImageStorage(contracts.ImageStorageContract):
    @pytest.fixture
    def storage(self) -> MemoryImageStorage:
        return MemoryImageStorage()

    @pytest.fixture
    def stored(self, storage: MemoryImageStorage) -> contracts.StoredPictures:
        async def look() -> dict[str, bytes]:
            return dict(storage.pictures)

        return look


class TestMemoryMailer(contracts.MailerContract):
    @pytest.fixture
    def mailer(self) -> MemoryMailer:
        return MemoryMailer()

    @pytest.fixture
    def received(self, mailer: MemoryMailer) -> contracts.ReceivedMail:
        async def read() -> list[Mail]:
            return list(mailer.sent)

        return read


class TestMemoryPasswords(contracts.PasswordHasherContract):
    @pytest.fixture
    def passwords(self) -> MemoryPasswords:
        return MemoryPasswords()


class TestMemoryAccessTokens(contracts.AccessTokensContract):
    @pytest.fixture
    def tokens(self) -> MemoryAccessTokens:
        return MemoryAccessTokens()


class TestMemoryImages(contracts.ImageProcessorContract):
    @pytest.fixture
    def images(self) -> MemoryImages:
        return MemoryImages()
