"""Every port in memory, on the standard library alone: complete, and with the same rules.

These are verified fakes: the contract suites in `blog_core.testing.contracts` run on them as
they run on the real adapters. Use them to try the library, to test a service that stands on it,
or to run the whole API without a database (`blog_adapters.container.in_memory_container`).
"""

from blog_adapters.memory.database import MemoryDatabase, MemoryUnitOfWork
from blog_adapters.memory.limiter import MemoryRateLimiter, Unlimited
from blog_adapters.memory.parts import (
    MemoryAccessTokens,
    MemoryImages,
    MemoryImageStorage,
    MemoryMailer,
    MemoryPasswords,
)
from blog_adapters.memory.queries import MemoryPostQueries, MemoryUserQueries

__all__ = [
    "MemoryAccessTokens",
    "MemoryDatabase",
    "MemoryImageStorage",
    "MemoryImages",
    "MemoryMailer",
    "MemoryPasswords",
    "MemoryPostQueries",
    "MemoryRateLimiter",
    "MemoryUnitOfWork",
    "MemoryUserQueries",
    "Unlimited",
]
