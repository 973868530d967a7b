"""A few threads for blocking work, with a bounded queue in front of them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import ParamSpec, TypeVar

from blog_core.errors import Busy

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """Runs blocking functions in threads of its own, so many at a time and no more.

    Each kind of work has its own workers: a storage that does not answer must not keep people
    from logging in.

    Args:
        name: what the threads are called in a debugger.
        threads: how many jobs run at a time.
        waiting: how many more may wait for their turn; the next one is refused.
    """

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        self.threads = threads
        self._places = BoundedSemaphore(threads + waiting)
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function returns, or raise what it raises.

        To cancel this call drops a job that waits. One that runs cannot be stopped: it keeps its
        thread, and its place, until it is done.

        Raises:
            Busy: all places are taken, or the workers are closed.
        """
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            job = self._executor.submit(function, *args, **kwargs)
        except RuntimeError as closed:
            raise Busy from closed
        # The place belongs to the job and not to this call, which may be cancelled long before
        # the thread is free again.
        job.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(job)

    def close(self) -> None:
        """Refuse new jobs and wait until those in hand are done."""
        self._executor.shutdown()
