"""What all contract suites share."""

from collections import Counter

import pytest

from blog_core.domain.posts import NewPost, Post
from blog_core.domain.users import NewUser, User
from blog_core.ports import UnitOfWorkFactory
from blog_core.testing import builders

NO_ROWS_ID = [0, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30]
"""Ids that no row has, of every size a caller may send."""


@pytest.mark.anyio
class Contract:
    """A suite whose tests stand as they are: a subclass that redefines one is refused."""

    def __init_subclass__(cls) -> None:
        """Refuse to change what an earlier class already states."""
        stated = Counter(name for kind in cls.__mro__ for name in vars(kind))
        changed = sorted(n for n, times in stated.items() if n.startswith("test_") and times > 1)
        if changed:
            raise TypeError(f"{cls.__name__} must not redefine {', '.join(changed)}")


async def given_user(uow: UnitOfWorkFactory, user: NewUser | None = None) -> User:
    """Commit an account and return it."""
    async with uow() as unit:
        added = await unit.users.add(user or builders.new_user())
        await unit.commit()
    return added


async def given_posts(uow: UnitOfWorkFactory, *posts: NewPost) -> list[Post]:
    """Commit posts, in this order, and return them."""
    async with uow() as unit:
        added = [await unit.posts.add(post) for post in posts]
        await unit.commit()
    return added
