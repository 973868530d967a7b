"""What all contract suites share: clauses, and the one fixture that they ask for."""

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import pytest

from blog_core.domain.posts import NewPost, Post
from blog_core.domain.users import NewUser, User
from blog_core.ports import (
    AccessTokens,
    ImageProcessor,
    ImageStorage,
    Mailer,
    PasswordHasher,
    PostQueries,
    RateLimiter,
    UnitOfWorkFactory,
    UserQueries,
)
from blog_core.testing import builders
from blog_core.testing.adapter import Adapter, Part, Port, ReceivedMail, StoredPictures, TimePasses

NOT_OFFERED = pytest.StashKey[bool]()
"""Set on a test that is passed over because the adapter does not offer what it is about."""

NO_ROWS_ID = [0, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30]
"""Ids that no row has, of every size a caller may send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One promise of a port, which one test proves.

    Args:
        id: never changes and is never given to another promise.
        sentence: what is promised.
        needs: the parts of the unit of work without which it cannot be seen.
    """

    id: str
    sentence: str
    needs: frozenset[Part]


def clause(clause_id: str, *needs: Part) -> pytest.MarkDecorator:
    """Make a test the proof of a clause; its docstring is the clause's sentence."""
    return pytest.mark.clause(clause_id, frozenset(needs))


# One loop for all, as connections that outlive a test need; trio has no driver to offer.
_ON_ASYNCIO = pytest.mark.parametrize(
    "anyio_backend", [pytest.param("asyncio", id=pytest.HIDDEN_PARAM)], scope="session"
)


@_ON_ASYNCIO
@pytest.mark.anyio
@pytest.mark.usefixtures("blog_clause")
class Contract:
    """A suite of clauses about one port. Supply the fixture `blog_adapter`: an `Adapter`.

    The clauses stand as they are: a subclass may add tests, and one that redefines a clause is
    refused. Those of the ports below that the suite names are at hand in each test.
    """

    ports: ClassVar[tuple[Port, ...]] = ()
    """What the adapter has to offer: the port that is proven first, then what looks at it."""

    needs: ClassVar[frozenset[Part]] = frozenset()
    """The parts of the unit of work that every clause of the suite needs."""

    def __init_subclass__(cls) -> None:
        """Refuse to change what an earlier class already states."""
        stated = Counter(name for kind in cls.__mro__ for name in vars(kind))
        changed = sorted(
            name
            for name, times in stated.items()
            if times > 1 and (name.startswith("test_") or name == "take")
        )
        if changed:
            raise TypeError(f"{cls.__name__} must not redefine {', '.join(changed)}")

    @classmethod
    def changes(cls) -> list[str]:
        """Return what no longer stands as its suite states it, however that was done."""
        return sorted(
            name
            for suite in cls.__mro__
            if Contract in suite.__bases__
            for name in {*vars(suite), "ports", "needs", "take"}
            if name.startswith(("test_", "ports", "needs", "take"))
            and getattr(cls, name) is not getattr(suite, name)
        )

    @classmethod
    def clauses(cls) -> list[Clause]:
        """Return the suite's clauses in the order of their ids."""
        found = (_clause_in(getattr(cls, name)) for name in dir(cls))
        return sorted(filter(None, found), key=lambda each: each.id)

    uow: UnitOfWorkFactory
    post_queries: PostQueries
    user_queries: UserQueries
    storage: ImageStorage
    stored: StoredPictures
    images: ImageProcessor
    mailer: Mailer
    received: ReceivedMail
    passwords: PasswordHasher
    tokens: AccessTokens
    limiter: RateLimiter
    passes: TimePasses

    def take(self, adapter: Adapter, test: pytest.Item) -> None:
        """Take the ports that a test needs; pass over one about something the adapter has not.

        The kit's fixture `blog_clause` calls it before each test of a suite.
        """
        found = clause_of(test)
        for part in sorted(self.needs | (found.needs if found else frozenset())):
            if part in adapter.lacks:
                test.stash[NOT_OFFERED] = True
                pytest.skip(f"lacks {part}: {adapter.lacks[part]}")
        if missing := adapter.missing(*self.ports):
            pytest.fail(f"the adapter offers no {', '.join(missing)}", pytrace=False)
        for port in self.ports:
            setattr(self, port, getattr(adapter, port))


def clause_of(item: pytest.Item) -> Clause | None:
    """Return the clause that a collected test proves, if it proves one."""
    return _clause_in(getattr(item, "function", None))


def _clause_in(test: object) -> Clause | None:
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "clause":
            clause_id, needs = mark.args
            return Clause(id=clause_id, sentence=" ".join(str(test.__doc__).split()), needs=needs)
    return None


async def given_user(uow: UnitOfWorkFactory, user: NewUser | None = None) -> User:
    """Commit an account and return it."""
    async with uow() as unit:
        added = await unit.users.add(user or builders.new_user())
        await unit.commit()
    return added


async def given_two_users(uow: UnitOfWorkFactory) -> tuple[User, User]:
    """Commit two accounts and return them."""
    return await given_user(uow), await given_user(uow, builders.new_user("other"))


async def given_posts(uow: UnitOfWorkFactory, *posts: NewPost) -> list[Post]:
    """Commit posts, in this order, and return them."""
    async with uow() as unit:
        added = [await unit.posts.add(post) for post in posts]
        await unit.commit()
    return added
