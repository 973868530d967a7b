"""Every suite as pytest collects it: what `pytest --blog-adapter=package:factory` runs."""

from blog_core.testing import contracts


class TestUnitOfWork(contracts.UnitOfWorkContract):
    """The unit of work."""


class TestPostRepository(contracts.PostRepositoryContract):
    """The posts of a unit of work."""


class TestUserRepository(contracts.UserRepositoryContract):
    """The accounts of a unit of work."""


class TestSessionRepository(contracts.SessionRepositoryContract):
    """The sessions of a unit of work."""


class TestResetTokenRepository(contracts.ResetTokenRepositoryContract):
    """The reset tokens of a unit of work."""


class TestOutbox(contracts.OutboxContract):
    """The outbox of a unit of work."""


class TestIdempotencyKeys(contracts.IdempotencyKeysContract):
    """The idempotency keys of a unit of work."""


class TestPostQueries(contracts.PostQueriesContract):
    """Posts for readers."""


class TestUserQueries(contracts.UserQueriesContract):
    """Accounts for readers."""


class TestImageStorage(contracts.ImageStorageContract):
    """The storage of pictures."""


class TestImageProcessor(contracts.ImageProcessorContract):
    """The processor of pictures."""


class TestMailer(contracts.MailerContract):
    """The mailer."""


class TestPasswordHasher(contracts.PasswordHasherContract):
    """The password hasher."""


class TestAccessTokens(contracts.AccessTokensContract):
    """The access tokens."""


class TestRateLimiter(contracts.RateLimiterContract):
    """The rate limiter."""
