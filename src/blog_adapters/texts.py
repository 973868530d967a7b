"""Texts that take long to make: made in threads, and kept."""

from asyncio import Task, create_task, shield
from collections import OrderedDict
from collections.abc import Callable, Hashable
from sys import getsizeof
from typing import ParamSpec

from blog_adapters.workers import Workers

P = ParamSpec("P")

_OVERHEAD = 512
"""About what a kept text takes beside itself, in bytes."""


class KeptTexts:
    """Makes each text once while it is asked for now and then.

    Args:
        workers: where the texts are made.
        max_bytes: how much to keep; what nobody has asked for the longest goes first.
    """

    def __init__(self, workers: Workers, *, max_bytes: int) -> None:
        self.workers = workers
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, str] = OrderedDict()
        self._kept_bytes = 0
        self._coming: dict[Hashable, Task[str]] = {}

    async def get(
        self, key: Hashable, make: Callable[P, str], *args: P.args, **kwargs: P.kwargs
    ) -> str:
        """Return the text of a key, which is always made in the same way.

        To cancel this call does not keep others from the text they wait for.

        Raises:
            Busy: too much else waits to be made.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        coming = self._coming.get(key)
        if coming is None:

            async def kept() -> str:
                try:
                    text = await self.workers.run(make, *args, **kwargs)
                finally:
                    del self._coming[key]
                self._keep(key, text)
                return text

            coming = self._coming[key] = create_task(kept())
        return await shield(coming)

    def _keep(self, key: Hashable, text: str) -> None:
        self._kept[key] = text
        self._kept_bytes += _size(text)
        while self._kept_bytes > self._max_bytes:
            self._kept_bytes -= _size(self._kept.popitem(last=False)[1])


def _size(text: str) -> int:
    """Return what a text takes: up to four bytes a character, by the widest in it."""
    return getsizeof(text) + _OVERHEAD
