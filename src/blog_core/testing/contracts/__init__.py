"""What every adapter of a port must do, as test classes to inherit: one fact per test.

    class TestMyPosts(PostRepositoryContract):
        @pytest.fixture
        def uow(self) -> UnitOfWorkFactory:
            return my_unit_of_work

Each class says in its docstring which fixtures to supply; what they open must be empty, and new
for each test. A subclass may add tests but not change those it inherits.
"""

from blog_core.testing.contracts.access import (
    AccessTokensContract,
    PasswordHasherContract,
    ResetTokenRepositoryContract,
    SessionRepositoryContract,
)
from blog_core.testing.contracts.mail import MailerContract, ReceivedMail
from blog_core.testing.contracts.outbox import OutboxContract
from blog_core.testing.contracts.pictures import (
    ImageProcessorContract,
    ImageStorageContract,
    StoredPictures,
)
from blog_core.testing.contracts.posts import PostQueriesContract, PostRepositoryContract
from blog_core.testing.contracts.unit_of_work import UnitOfWorkContract
from blog_core.testing.contracts.users import UserQueriesContract, UserRepositoryContract

__all__ = [
    "AccessTokensContract",
    "ImageProcessorContract",
    "ImageStorageContract",
    "MailerContract",
    "OutboxContract",
    "PasswordHasherContract",
    "PostQueriesContract",
    "PostRepositoryContract",
    "ReceivedMail",
    "ResetTokenRepositoryContract",
    "SessionRepositoryContract",
    "StoredPictures",
    "UnitOfWorkContract",
    "UserQueriesContract",
    "UserRepositoryContract",
]
