"""Adapters without one of the repositories that an adapter may lack; to look for it fails."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from blog_adapters.memory import (
    MemoryDatabase,
    MemoryPostQueries,
    MemoryUnitOfWork,
    MemoryUserQueries,
)
from blog_core.testing import Adapter, Part


def _without(part: Part) -> Callable[[], Adapter]:
    def adapter() -> Adapter:
        database = MemoryDatabase()

        @asynccontextmanager
        async def unit_of_work() -> AsyncIterator[MemoryUnitOfWork]:
            async with database.unit_of_work() as unit:
                delattr(unit, part)
                yield unit

        return Adapter(
            uow=unit_of_work,
            post_queries=MemoryPostQueries(database),
            user_queries=MemoryUserQueries(database),
            lacks={part: "it was taken away"},
        )

    return adapter


no_posts = _without("posts")
no_sessions = _without("sessions")
no_reset_tokens = _without("reset_tokens")
no_outbox = _without("outbox")
no_idempotency = _without("idempotency")
