"""The suites of the ports that are offered here."""

from blog_core.testing.contracts import (
    ImageStorageContract,
    PostQueriesContract,
    PostRepositoryContract,
    UnitOfWorkContract,
    UserRepositoryContract,
)


class TestUnitOfWork(UnitOfWorkContract):
    pass


class TestPosts(PostRepositoryContract):
    pass


class TestUsers(UserRepositoryContract):
    pass


class TestPostQueries(PostQueriesContract):
    pass


class TestPictures(ImageStorageContract):
    pass
