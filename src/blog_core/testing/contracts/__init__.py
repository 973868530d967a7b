"""What every adapter of a port must do, as test classes to inherit: one clause per test.

    @pytest.fixture
    def blog_adapter() -> Adapter:
        return Adapter(uow=my_unit_of_work)

    class TestMyPosts(PostRepositoryContract):
        pass

`docs/clauses.md` lists the clauses. A subclass may add tests but not change those it inherits.
"""

from blog_core.testing.contracts.access import (
    ResetTokenRepositoryContract,
    SessionRepositoryContract,
)
from blog_core.testing.contracts.base import Clause, Contract, clause_of
from blog_core.testing.contracts.idempotency import IdempotencyKeysContract
from blog_core.testing.contracts.limits import RateLimiterContract
from blog_core.testing.contracts.mail import MailerContract
from blog_core.testing.contracts.outbox import OutboxContract
from blog_core.testing.contracts.pictures import ImageProcessorContract, ImageStorageContract
from blog_core.testing.contracts.post_queries import PostQueriesContract
from blog_core.testing.contracts.posts import PostRepositoryContract
from blog_core.testing.contracts.secrets import AccessTokensContract, PasswordHasherContract
from blog_core.testing.contracts.unit_of_work import UnitOfWorkContract
from blog_core.testing.contracts.user_queries import UserQueriesContract
from blog_core.testing.contracts.users import UserRepositoryContract

SUITES: tuple[type[Contract], ...] = (
    UnitOfWorkContract,
    PostRepositoryContract,
    UserRepositoryContract,
    SessionRepositoryContract,
    ResetTokenRepositoryContract,
    OutboxContract,
    IdempotencyKeysContract,
    PostQueriesContract,
    UserQueriesContract,
    ImageStorageContract,
    ImageProcessorContract,
    MailerContract,
    PasswordHasherContract,
    AccessTokensContract,
    RateLimiterContract,
)
"""Every suite there is."""

__all__ = [
    "SUITES",
    "AccessTokensContract",
    "Clause",
    "Contract",
    "IdempotencyKeysContract",
    "ImageProcessorContract",
    "ImageStorageContract",
    "MailerContract",
    "OutboxContract",
    "PasswordHasherContract",
    "PostQueriesContract",
    "PostRepositoryContract",
    "RateLimiterContract",
    "ResetTokenRepositoryContract",
    "SessionRepositoryContract",
    "UnitOfWorkContract",
    "UserQueriesContract",
    "UserRepositoryContract",
    "clause_of",
]
