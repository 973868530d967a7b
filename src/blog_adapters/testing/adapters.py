"""The adapters of this distribution, offered to the contract suites."""

from datetime import timedelta

from blog_adapters import memory
from blog_core.domain.mail import Mail
from blog_core.testing import Adapter
from blog_core.testing.builders import StoppedClock


def memory_adapter() -> Adapter:
    """Offer every port in memory: `pytest --blog-adapter=blog_adapters.testing:memory_adapter`."""
    database = memory.MemoryDatabase()
    storage, mailer = memory.MemoryImageStorage(), memory.MemoryMailer()
    clock = StoppedClock()

    async def stored() -> dict[str, bytes]:
        return dict(storage.pictures)

    async def received() -> list[Mail]:
        return list(mailer.sent)

    async def passes(span: timedelta) -> None:
        clock.now += span

    return Adapter(
        uow=database.unit_of_work,
        post_queries=memory.MemoryPostQueries(database),
        user_queries=memory.MemoryUserQueries(database),
        storage=storage,
        stored=stored,
        images=memory.MemoryImages(),
        mailer=mailer,
        received=received,
        passwords=memory.MemoryPasswords(),
        tokens=memory.MemoryAccessTokens(),
        limiter=memory.MemoryRateLimiter(clock),
        passes=passes,
    )
