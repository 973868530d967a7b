"""No answer from the cache is older than promised; the machine that says so finds what is."""

from asyncio import Future
from collections.abc import Hashable
from math import inf
from typing import Any

import pytest
from hypothesis import Phase, settings
from starlette.types import ASGIApp, Receive, Scope, Send

from blog_adapters.sql import SqlDataVersion
from blog_api.cache import Answer, Key, ResponseCache
from promises import BOUND, MAX_BYTES, Promise, require_kept

EXTENT = settings(
    max_examples=2_000,
    stateful_step_count=40,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


def test_no_answer_is_older_than_promised() -> None:
    require_kept(settings(max_examples=300, stateful_step_count=40))


class KeepsForTheVersionAfter(ResponseCache):
    """Keeps an answer with the version that is current when it has come."""

    async def _fetch(
        self,
        version: Hashable,  # noqa: ARG002 - that is the fault
        key: Key,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> Answer | None:
        answer = await self._ask(scope, receive, send)
        now = self._version()
        if answer is not None and now is not None:
            self._keep(now, key, answer)
        return answer


class NeverForgets(ResponseCache):
    """Serves what it has, whatever the version."""

    def _find(self, version: Hashable, key: Key) -> Answer | None:  # noqa: ARG002 - that is the fault
        return self._kept.get(key)


class ForAnyVersion(dict[tuple[Hashable, Key], Future[Answer | None]]):
    """What is coming, by what was asked alone."""

    def get(self, asked: tuple[Hashable, Key], _: object = None) -> Any:  # noqa: ANN401 - a dictionary's
        return super().get((None, asked[1]))

    def __setitem__(self, asked: tuple[Hashable, Key], coming: Future[Answer | None]) -> None:
        super().__setitem__((None, asked[1]), coming)

    def __delitem__(self, asked: tuple[Hashable, Key]) -> None:
        super().__delitem__((None, asked[1]))


class WaitsForAnyAnswer(ResponseCache):
    """Lets readers wait for a question that came before a change they have to see."""

    def __init__(self, app: ASGIApp, **options: Any) -> None:  # noqa: ANN401 - its own
        super().__init__(app, **options)
        self._coming = ForAnyVersion()


class CountsFromTheAnswer(SqlDataVersion):
    """Takes what it has found for what was there when the answer came."""

    async def poll(self) -> None:
        await super().poll()
        self._found_at = self._clock()


class KnowsForEver(SqlDataVersion):
    """Trusts what it knows, however old."""

    def current(self) -> Hashable | None:
        return None if self._found_at == -inf else (self.changes, self._moves)


class HearsNoCommits(SqlDataVersion):
    """Waits for the next poll to learn what this process has done."""

    def move(self) -> None:
        pass


@pytest.mark.parametrize("saboteur", [KeepsForTheVersionAfter, NeverForgets, WaitsForAnyAnswer])
def test_a_cache_that_breaks_the_promise_is_found_out(saboteur: type[ResponseCache]) -> None:
    def make(app: ASGIApp, version: SqlDataVersion) -> ResponseCache:
        return saboteur(app, version=version.current, max_bytes=MAX_BYTES)

    with pytest.raises(AssertionError, match="is older than"):
        require_kept(EXTENT, make_cache=make)


@pytest.mark.parametrize("saboteur", [CountsFromTheAnswer, KnowsForEver, HearsNoCommits])
def test_a_version_that_breaks_the_promise_is_found_out(saboteur: type[SqlDataVersion]) -> None:
    def make(promise: Promise) -> SqlDataVersion:
        return saboteur(promise, bound=BOUND, clock=promise.clock)  # type: ignore[arg-type] # has one door

    with pytest.raises(AssertionError, match="is older than"):
        require_kept(EXTENT, make_version=make)
