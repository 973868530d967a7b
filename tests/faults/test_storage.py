"""A storage that is away, silent, slow or failing: only uploads are to notice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import pytest

import lines
from faults.conftest import Scorecard
from faults.load import Ledger, Writer, load, writers
from faults.world import World
from lines import Fault, Line, at_port
from servers import failing_server

pytestmark = pytest.mark.anyio

OTHERS = (Writer.read, Writer.look_up, Writer.publish, Writer.forget)


@asynccontextmanager
async def down(line: Line) -> AsyncIterator[None]:
    """Nobody listens meanwhile."""
    await line.cut()
    yield
    await line.mend()


@asynccontextmanager
async def failing(line: Line) -> AsyncIterator[None]:
    """Every request is answered with 500 meanwhile."""
    whole = line.connect
    async with failing_server() as port, down(line):
        line.connect = at_port(port)
        await line.mend()
        yield
        await line.cut()
        line.connect = whole


@asynccontextmanager
async def faulty(line: Line, fault: Fault) -> AsyncIterator[None]:
    """Whatever goes over the line goes through the fault meanwhile."""
    line.fault = fault
    yield
    line.fault = lines.none


Broken = Callable[[Line], AbstractAsyncContextManager[None]]

FAULTS: dict[str, Broken] = {
    "no fault": partial(faulty, fault=lines.none),
    "down": down,
    "reset": partial(faulty, fault=lines.reset),
    "500": failing,
    "black hole": partial(faulty, fault=lines.black_hole),
    "0.5 s late": partial(faulty, fault=lines.late(0.5)),
    "a byte in 0.2 s": partial(faulty, fault=lines.dripping(0.2)),
}


def told(name: str, uploads: Ledger, others: Ledger) -> str:
    slowest = max(uploads.seconds["upload"])
    statuses = ", ".join(f"{count} x {status}" for status, count in uploads.statuses.items())
    return f"{name}: {statuses} in {slowest:.1f} s, others {others.slowest():.0f} ms"


async def test_without_its_storage_the_blog_goes_on(
    world: World, scorecard: Scorecard, many: bool, seed: int
) -> None:
    waves, at_once, results, statuses = 5 if many else 1, 8, [], {}
    blog = await world.serve()

    async with (
        writers(world, at_once, seed=seed, name="uploader") as uploaders,
        load(world, 4, seed=seed, deeds=OTHERS) as others,
    ):
        uploads = uploaders[0].ledger
        for name, broken in FAULTS.items():
            for noted in (uploads.statuses, uploads.seconds, others.seconds):
                noted.clear()
            async with broken(world.storage):
                for _ in range(waves):
                    await asyncio.gather(*(uploader.upload() for uploader in uploaders))
            statuses[name] = dict(uploads.statuses)
            results.append(told(name, uploads, others))
    await blog.end()
    await blog.start()
    await world.deliver_all()

    stored, shown = await world.pictures()
    lost = await others.lost(world.database) | await uploads.lost(world.database)
    scorecard.add(
        "the storage is away, silent, slow or failing; 8 uploads at once",
        target="every upload is 503 within 12 s, nothing else fails or waits (99th percentile), "
        "no orphan",
        result=f"{'; '.join(results)}; {len(stored ^ shown)} orphans",
    )
    whole = {200: waves * at_once}
    away = {503: waves * at_once}
    assert statuses == dict.fromkeys(FAULTS, away) | {"no fault": whole, "0.5 s late": whole}
    assert (others.failures, others.unanswered, uploads.unanswered) == ({}, 0, 0)
    assert lost == set()
    assert stored == shown
