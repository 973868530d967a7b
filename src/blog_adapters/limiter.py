"""`RateLimiter` over any storage of the library `limits`."""

from datetime import timedelta
from time import time

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage, Storage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import ConfigurationError, StorageError

from blog_core.domain.limits import Attempt
from blog_core.errors import LimitsUnavailable

ANSWER_SECONDS = 2.0
"""How long Redis may take to connect, or to answer."""

_SOONEST = timedelta(milliseconds=1)


class SharedRateLimiter:
    """See `RateLimiter`: exact over all processes that share the storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._windows = FixedWindowRateLimiter(storage)

    async def admit(self, attempt: Attempt) -> None:
        """See `RateLimiter`. Raises LimitsUnavailable, or what the storage is unavailable with."""
        limit = attempt.limit
        item = RateLimitItemPerSecond(limit.amount, int(limit.per.total_seconds()), limit.name)
        try:
            if await self._windows.hit(item, attempt.key):
                return
            ends_at = await self._storage.get_expiry(item.key_for(attempt.key))
        except StorageError as error:
            raise LimitsUnavailable from error
        # The window may have ended since.
        raise limit.exceeded(max(timedelta(seconds=ends_at - time()), _SOONEST))


class RedisCounters(RedisStorage):
    """The library's storage on Redis, as we use it.

    Args:
        url: `redis://host:port`, or `rediss://` for TLS.

    Raises:
        ValueError: the URL is not understood.
    """

    def __init__(self, url: str) -> None:
        try:
            super().__init__(
                f"async+{url}",
                wrap_exceptions=True,
                implementation="redispy",
                key_prefix="blog",
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=ANSWER_SECONDS,
            )
        except ConfigurationError:  # it quotes the URL, and with it the password
            raise ValueError("must have a host and a port") from None

    async def close(self) -> None:
        """Close all connections."""
        assert isinstance(self.bridge, RedispyBridge)  # noqa: S101 - for the type checker
        await self.bridge.get_connection().aclose()  # type: ignore[attr-defined] # redis-py has it
