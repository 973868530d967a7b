"""What a saboteur is: a class of `blog_adapters.memory` with one thing broken.

    @saboteur("POST-QUERY-07", also="POST-QUERY-18")
    class ForgetsTheTieBreaker(MemoryPostQueries):
        ...

puts that class in the place of the sound one and says which clause has to find it, and which
others do besides. Where there are many, `POST-REPO-01 07` is short for two ids of one suite. The
name becomes a factory, so it can be watched at work:

    pytest --blog-adapter=sabotage.post_queries:ForgetsTheTieBreaker
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import TypeVar

from blog_adapters.memory import (
    MemoryAccessTokens,
    MemoryDatabase,
    MemoryImages,
    MemoryImageStorage,
    MemoryMailer,
    MemoryPasswords,
    MemoryPostQueries,
    MemoryRateLimiter,
    MemoryUnitOfWork,
    MemoryUserQueries,
)
from blog_adapters.memory.repositories import (
    MemoryIdempotencyKeys,
    MemoryOutbox,
    MemoryPosts,
    MemoryResetTokens,
    MemorySessions,
    MemoryUsers,
)
from blog_core.domain.mail import Mail
from blog_core.testing import Adapter, Port
from blog_core.testing.builders import StoppedClock

T = TypeVar("T")

_PARTS = {
    "posts": MemoryPosts,
    "users": MemoryUsers,
    "sessions": MemorySessions,
    "reset_tokens": MemoryResetTokens,
    "outbox": MemoryOutbox,
    "idempotency": MemoryIdempotencyKeys,
}

_PORTS: dict[type, Port] = {
    MemoryPostQueries: "post_queries",
    MemoryUserQueries: "user_queries",
    MemoryImageStorage: "storage",
    MemoryImages: "images",
    MemoryMailer: "mailer",
    MemoryPasswords: "passwords",
    MemoryAccessTokens: "tokens",
    MemoryRateLimiter: "limiter",
}


@dataclass(frozen=True, slots=True)
class Saboteur:
    """Makes adapters in memory of which one class is broken.

    Args:
        broken: the class.
        aims: the clauses that it is there to break.
        also: the other clauses that it breaks.
    """

    broken: type
    aims: frozenset[str]
    also: frozenset[str]

    @property
    def module(self) -> str:
        """The module that defines it."""
        return self.broken.__module__

    @property
    def name(self) -> str:
        """What `--blog-adapter` calls it, such as `sabotage.post_queries:ForgetsTheTieBreaker`."""
        return f"{self.module}:{self.broken.__name__}"

    @property
    def breaks(self) -> frozenset[str]:
        """Every clause that it breaks."""
        return self.aims | self.also

    @property
    def port(self) -> Port:
        """The port behind which it stands."""
        ports = (port for kind, port in _PORTS.items() if self._is_a(kind))
        return next(ports, "uow")

    @property
    def part(self) -> str | None:
        """The repository that it is, if it is one and not that of the accounts, which all use."""
        parts = (part for part, kind in _PARTS.items() if self._is_a(kind) and part != "users")
        return next(parts, None)

    def __call__(self) -> Adapter:
        """Return a new adapter that offers every port."""
        database = self._or(MemoryDatabase)()
        storage, mailer = self._or(MemoryImageStorage)(), self._or(MemoryMailer)()
        clock = StoppedClock()

        @asynccontextmanager
        async def unit_of_work() -> AsyncIterator[MemoryUnitOfWork]:
            async with database.unit_of_work() as sound:
                unit = self.broken(database) if self._is_a(MemoryUnitOfWork) else sound
                for part, kind in _PARTS.items():
                    if self._is_a(kind):
                        # With what the sound one was given.
                        setattr(unit, part, self.broken(*vars(getattr(unit, part)).values()))
                yield unit

        async def stored() -> dict[str, bytes]:
            return dict(storage.pictures)

        async def received() -> list[Mail]:
            return list(mailer.sent)

        async def passes(span: timedelta) -> None:
            clock.now += span

        return Adapter(
            uow=unit_of_work,
            post_queries=self._or(MemoryPostQueries)(database),
            user_queries=self._or(MemoryUserQueries)(database),
            storage=storage,
            stored=stored,
            images=self._or(MemoryImages)(),
            mailer=mailer,
            received=received,
            passwords=self._or(MemoryPasswords)(),
            tokens=self._or(MemoryAccessTokens)(),
            limiter=self._or(MemoryRateLimiter)(clock),
            passes=passes,
        )

    def _is_a(self, kind: type) -> bool:
        return issubclass(self.broken, kind)

    def _or(self, sound: type[T]) -> type[T]:
        return self.broken if self._is_a(sound) else sound


def saboteur(aims: str, *, also: str = "") -> Callable[[type], Saboteur]:
    """Say which clauses a broken class is there to break, and which it breaks besides."""
    return lambda broken: Saboteur(broken, _ids(aims), _ids(also))


def saboteurs_in(module: ModuleType) -> list[Saboteur]:
    """Return a module's saboteurs, in the order of their definitions."""
    return [value for value in vars(module).values() if isinstance(value, Saboteur)]


def _ids(said: str) -> frozenset[str]:
    """Return the ids in a list such as `UOW-04 POST-REPO-01 07`."""
    ids, suite = set(), ""
    for word in said.split():
        named, _, number = word.rpartition("-")
        suite = named or suite
        ids.add(f"{suite}-{number}")
    return frozenset(ids)
