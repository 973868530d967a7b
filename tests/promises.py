"""The promise of the response cache, and a hypothesis machine that tries to have it broken.

No answer lacks a change of this process that was committed before the question came, nor one of
another process that was committed the bound before. Here commits, polls, questions and answers
overlap in any order, and any of them may be late, or lost.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blog_adapters.sql import SqlDataVersion
from blog_api.cache import ResponseCache
from blog_core.errors import DatabaseUnavailable

BOUND = 100
MAX_BYTES = 1 << 20

T = TypeVar("T")

PATHS = st.sampled_from(["/api/posts"] * 5 + ["/api/posts/1"])


@dataclass(eq=False)
class Wait:
    """Somebody on the way to the database and back."""

    back: asyncio.Future[None]
    found: int | None = None


@dataclass(eq=False)
class Reader:
    """A question, and the oldest data that may answer it."""

    task: asyncio.Task[int]
    at_least: int


Steps = st.SearchStrategy[Callable[["Promise"], None]]
MakeVersion = Callable[["Promise"], SqlDataVersion]
MakeCache = Callable[[ASGIApp, SqlDataVersion], ResponseCache]


def sound_version(promise: "Promise") -> SqlDataVersion:
    """Return the version as it is."""
    return SqlDataVersion(promise, bound=BOUND, clock=promise.clock)  # type: ignore[arg-type] # has one door


def sound_cache(app: ASGIApp, version: SqlDataVersion) -> ResponseCache:
    """Return the cache as it is."""
    return ResponseCache(app, version=version.current, max_bytes=MAX_BYTES)


class Promise(RuleBasedStateMachine):
    """One process with its cache, others that write, and the database between them.

    The data is the number of its changes, so an older answer is a smaller one.
    """

    def __init__(self, make_version: MakeVersion, make_cache: MakeCache) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self.now = 0.0
        self.changes = 0
        self.changed_at: list[float] = []
        self.of_ours = 0
        """What the data was after the last commit of this process that has ended."""
        self.ending: list[int] = []
        self.on_the_way: list[Wait] = []
        self.readers: list[Reader] = []
        self.poll: asyncio.Task[None] | None = None
        self.polled = Wait(self._loop.create_future())
        self.version = make_version(self)
        self.cache = make_cache(self.origin, self.version)
        self.time_passes(0, "quick")

    def teardown(self) -> None:
        """Let go of all who still wait."""
        self.readers.clear()
        for waiting in asyncio.all_tasks(self._loop):
            waiting.cancel()
        self._run()
        self._loop.close()

    def clock(self) -> float:
        return self.now

    # The database

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["Promise"]:
        yield self

    async def execute(self, _: object) -> list[tuple[int]]:
        return [(await self._find(),)]

    async def _find(self) -> int:
        wait = Wait(asyncio.get_running_loop().create_future())
        self.on_the_way.append(wait)
        await wait.back
        assert wait.found is not None
        return wait.found

    async def origin(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Answer with what the database has, and name it in the tag."""
        found = str(await self._find()).encode()
        headers = [(b"etag", b'"%s"' % found)]
        known = dict(scope["headers"]).get(b"if-none-match")
        status = 304 if known == headers[0][1] else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _read(self, path: str, known: int | None) -> int:
        """Return what the answer shows, or leaves to the reader, who knows some data already."""
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            messages.append(message)

        tags = [] if known is None else [(b"if-none-match", b'"%d"' % known)]
        scope: Scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": tags,
        }
        await self.cache(scope, receive, send)
        return int(dict(messages[0]["headers"])[b"etag"].strip(b'"'))

    def _started(self, doing: Coroutine[object, object, T]) -> asyncio.Task[T]:
        return self._loop.create_task(doing)

    def _run(self) -> None:
        """Let everybody come as far as they can, and look at what the readers were told."""

        async def pause() -> None:
            for _ in range(6):
                await asyncio.sleep(0)

        self._loop.run_until_complete(pause())
        for reader in [reader for reader in self.readers if reader.task.done()]:
            self.readers.remove(reader)
            if not reader.task.cancelled() and reader.task.exception() is None:
                shown = reader.task.result()
                assert shown >= reader.at_least, f"{shown} is older than {reader.at_least}"

    def _look(self, wait: Wait) -> None:
        wait.found = self.changes if wait.found is None else wait.found

    def _return(self, wait: Wait, *, is_lost: bool) -> None:
        if wait.back.done():  # whoever asked has gone away
            return
        if is_lost:
            wait.back.set_exception(DatabaseUnavailable())
        else:
            wait.back.set_result(None)

    # Writers

    def somebody_commits(self, here: bool, ends: bool) -> None:
        """Commit, in this process or another; here, the news may come later."""
        self.changes += 1
        self.changed_at.append(self.now)
        if here:
            self.ending.append(self.changes)
        if here and ends:
            self.a_commit_ends()

    def a_commit_ends(self) -> None:
        """End the oldest commit; one that nobody has seen begin has an outcome nobody knows."""
        self.version.move()
        if self.ending:
            self.of_ours = max(self.of_ours, self.ending.pop(0))

    # Time, and polls: one at a time, as in life

    def time_passes(self, span: int, poll: str) -> None:
        """Then a poll looks at the data, and is heard of now or the next time."""
        self.now += span
        if self.poll is None and poll != "none":
            self.poll = self._started(self.version.poll())
            self._run()
            self.polled = self.on_the_way.pop()
            self._look(self.polled)
            if poll == "slow":
                return
        if self.poll is not None:
            self._return(self.polled, is_lost=poll == "lost")
            self._run()
            self.poll.exception()
            self.poll = None

    # Readers

    def somebody_asks(self, path: str, back: int | None, comes: str) -> None:
        """Ask, with an earlier answer at hand or not; if the database is asked, come so far."""
        known = None if back is None else max(0, self.changes - back)
        due = sum(at <= self.now - BOUND for at in self.changed_at)
        reader = Reader(self._started(self._read(path, known)), at_least=max(self.of_ours, due))
        self.readers.append(reader)
        before = len(self.on_the_way)
        self._run()
        if len(self.on_the_way) > before and comes != "to the door":
            self._look(self.on_the_way[-1])
            if comes == "back":
                self.somebody_gets_on(-1, "found")

    def somebody_gets_on(self, which: int, how: str) -> None:
        """Have an answer come back, or be lost, or its reader go away before."""
        if how == "unheard of" and self.readers:
            self.readers[which % len(self.readers)].task.cancel()
        elif self.on_the_way:
            wait = self.on_the_way.pop(which % len(self.on_the_way))
            self._look(wait)
            self._return(wait, is_lost=how == "lost")
        self._run()


def _step(does: Callable[..., None], **choices: st.SearchStrategy[object]) -> Steps:
    return st.builds(partial, st.just(does), **choices)


# In one rule, since hypothesis leaves some rules out of each program, and here all are needed.
STEPS = st.one_of(
    _step(Promise.somebody_commits, here=st.booleans(), ends=st.booleans()),
    _step(Promise.a_commit_ends),
    _step(
        Promise.time_passes,
        span=st.sampled_from([20, 60, 100]),
        poll=st.sampled_from(["none", "quick", "slow", "lost"]),
    ),
    _step(
        Promise.somebody_asks,
        path=PATHS,
        back=st.sampled_from([None, None, 0, 1]),
        comes=st.sampled_from(["to the door", "to the data", "back"]),
    ),
    _step(Promise.somebody_asks, path=PATHS, back=st.none(), comes=st.just("back")),
    _step(
        Promise.somebody_gets_on,
        which=st.integers(0, 3),
        how=st.sampled_from(["found", "found", "found", "lost", "unheard of"]),
    ),
)


def require_kept(
    extent: settings,
    *,
    make_version: MakeVersion = sound_version,
    make_cache: MakeCache = sound_cache,
) -> None:
    """Try the machine on a cache and a version.

    Raises:
        AssertionError: an answer was older than promised.
    """

    class Kept(Promise):
        def __init__(self) -> None:
            super().__init__(make_version, make_cache)

        @rule(step=STEPS)
        def go_on(self, step: Callable[[Promise], None]) -> None:
            step(self)

    run_state_machine_as_test(Kept, settings=extent)
