import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from threading import Event, current_thread

import pytest

from blog_adapters.workers import Workers
from blog_core.errors import Busy

pytestmark = pytest.mark.anyio


@pytest.fixture
def workers() -> Iterator[Workers]:
    """One thread and room for one more job."""
    workers = Workers("test", threads=1, waiting=1)
    yield workers
    workers.close()


class Gate:
    """A job that tells when it has begun and runs until it is opened."""

    def __init__(self) -> None:
        self.begun = Event()
        self.opened = Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.opened.wait(10)
        return "done"


@pytest.fixture
async def gate(workers: Workers) -> AsyncIterator[Gate]:  # noqa: ARG001 - it opens before they close
    """A gate that opens at the latest when the test is over, so that its thread can end."""
    gate = Gate()
    yield gate
    gate.opened.set()


async def started(workers: Workers, job: Callable[[], str]) -> asyncio.Task[str]:
    """Hand in a job and go on when it has its place."""
    task = asyncio.create_task(workers.run(job))
    await asyncio.sleep(0)
    return task


async def begun(workers: Workers, gate: Gate) -> asyncio.Task[str]:
    """Hand in a gate and go on when its thread runs it."""
    task = await started(workers, gate)
    assert await asyncio.to_thread(gate.begun.wait, 10)
    return task


async def cancelled(task: asyncio.Task[str]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_job_returns_what_its_function_returns(workers: Workers) -> None:
    assert await workers.run(divmod, 17, 5) == (3, 2)


async def test_a_job_takes_keywords(workers: Workers) -> None:
    assert await workers.run(int, "ff", base=16) == 255


async def test_a_job_raises_what_its_function_raises(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        await workers.run(divmod, 17, 0)


async def test_a_job_runs_in_a_thread_of_that_name(workers: Workers) -> None:
    thread = await workers.run(current_thread)

    assert thread.name.startswith("test")


async def test_a_job_too_many_is_refused(workers: Workers, gate: Gate) -> None:
    running = await begun(workers, gate)
    waiting = await started(workers, gate)

    with pytest.raises(Busy):
        await workers.run(str)

    gate.opened.set()
    assert (await running, await waiting) == ("done", "done")


async def test_a_place_is_free_when_its_job_is_done(workers: Workers) -> None:
    results = [await workers.run(int, text) for text in "0123456789"]

    assert results == list(range(10))


async def test_a_place_is_free_when_its_job_has_failed(workers: Workers) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            await workers.run(divmod, 1, 0)

    assert await workers.run(str) == ""


async def test_a_cancelled_job_that_runs_keeps_its_place(workers: Workers, gate: Gate) -> None:
    running = await begun(workers, gate)
    await started(workers, gate)
    await cancelled(running)

    with pytest.raises(Busy):
        await workers.run(str)


async def test_the_place_of_a_cancelled_job_is_free_when_its_thread_is(
    workers: Workers, gate: Gate
) -> None:
    await cancelled(await begun(workers, gate))
    waiting = await started(workers, str)
    gate.opened.set()
    await waiting

    results = await asyncio.gather(workers.run(str), workers.run(str))

    assert len(results) == 2


async def test_a_cancelled_job_that_waits_frees_its_place_at_once(
    workers: Workers, gate: Gate
) -> None:
    await begun(workers, gate)
    await cancelled(await started(workers, str))

    next_one = await started(workers, str)

    assert not next_one.done()


async def test_a_cancelled_job_that_waits_never_runs(workers: Workers, gate: Gate) -> None:
    dropped = Gate()
    running = await begun(workers, gate)
    await cancelled(await started(workers, dropped))

    gate.opened.set()
    await running
    await workers.run(str)

    assert not dropped.begun.is_set()


async def test_no_more_jobs_run_at_once_than_there_are_threads() -> None:
    workers = Workers("test", threads=2, waiting=10)
    gates = [Gate() for _ in range(3)]
    tasks = [await started(workers, gate) for gate in gates]
    for gate in gates[:2]:
        assert await asyncio.to_thread(gate.begun.wait, 10)

    assert not gates[2].begun.is_set()

    for gate in gates:
        gate.opened.set()
    await asyncio.gather(*tasks)
    workers.close()


async def test_closing_waits_for_the_jobs_in_hand(workers: Workers, gate: Gate) -> None:
    running = await begun(workers, gate)
    waiting = await started(workers, gate)
    gate.opened.set()

    workers.close()

    assert (await running, await waiting) == ("done", "done")


async def test_closed_workers_take_no_job(workers: Workers) -> None:
    workers.close()

    for _ in range(5):
        with pytest.raises(Busy):
            await workers.run(str)
