"""What every adapter of a port must do, as test classes to inherit: one fact per test.

    class TestMyPosts(PostRepositoryContract):
        @pytest.fixture
        def uow(self) -> UnitOfWorkFactory:
            return my_unit_of_work

Each class says in its docstring which fixtures to supply; what they open must be empty, and new
for each test. A subclass may add tests but not change those it inherits.
"""

from blog_core.testing.contracts.parts import (
    AccessTokensContract,
    ImageProcessorContract,
    ImageStorageContract,
    MailerContract,
    PasswordHasherContract,
    ReceivedMail,
    StoredPictures,
)
from blog_core.testing.contracts.queries import PostQueriesContract, UserQueriesContract
from blog_core.testing.contracts.units import (
    OutboxContract,
    PostRepositoryContract,
    ResetTokenRepositoryContract,
    SessionRepositoryContract,
    UnitOfWorkContract,
    UserRepositoryContract,
)

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
