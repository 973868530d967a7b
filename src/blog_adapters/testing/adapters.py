"""The adapters of this distribution, offered to the contract suites."""

from blog_adapters import memory
from blog_core.domain.mail import Mail
from blog_core.testing import Adapter


def memory_adapter() -> Adapter:
    """Offer every port in memory: `pytest --blog-adapter=blog_adapters.testing:memory_adapter`."""
    database = memory.MemoryDatabase()
    storage, mailer = memory.MemoryImageStorage(), memory.MemoryMailer()

    async def stored() -> dict[str, bytes]:
        return dict(storage.pictures)

    async def received() -> list[Mail]:
        return list(mailer.sent)

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
    )
