"""Broken and hostile uploads: shown or refused, and nothing of them but the picture is kept."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from io import BytesIO
from itertools import count
from random import Random

import httpx
import pytest
from PIL import Image

from faults.conftest import Scorecard
from faults.images import MARK, hostile, largest, mutants, sound
from faults.load import browser, log_in, people
from faults.meters import Peak
from faults.world import Process, World

pytestmark = pytest.mark.anyio

CLIENTS = 4


def blemishes(picture: bytes) -> list[str]:
    """Return what a picture has that it must not have."""
    found = ["the mark"] * (MARK in picture) + ["a payload"] * (picture[-2:] != b"\xff\xd9")
    with Image.open(BytesIO(picture)) as image:
        told = {"exif", "icc_profile", "xmp", "comment", "photoshop", "adobe"} & set(image.info)
        wrong = (image.format, image.size) != ("JPEG", (300, 300))
    return [*found, *sorted(told), *(["another shape"] * wrong)]


class Uploads:
    """Uploads by some people, each after the other, and what came of them."""

    def __init__(self, world: World, blog: Process) -> None:
        self.statuses: Counter[int] = Counter()
        self.blemishes: list[str] = []
        self._world = world
        self._url = blog.url
        self._groups = count(1)

    async def send(self, uploads: Iterable[bytes], *, clients: int) -> None:
        """Send them all, so many at a time."""
        waiting = iter(uploads)
        emails = await people(self._world.database, f"uploader-{next(self._groups)}-", clients)
        async with browser(base_url=self._url) as client:
            await asyncio.gather(*(self._send(client, email, waiting) for email in emails))

    async def _send(self, client: httpx.AsyncClient, email: str, waiting: Iterable[bytes]) -> None:
        account = await log_in(client, self._url, email)
        path, headers = (
            f"/api/users/{account.id}/picture",
            {"Authorization": f"Bearer {account.token}"},
        )
        for upload in waiting:
            answer = await client.patch(path, files={"file": upload}, headers=headers)
            self.statuses[answer.status_code] += 1
            if answer.is_success:
                key = f"profile_pics/{answer.json()['image_file']}"
                picture = await asyncio.to_thread(self._world.bucket.read, key)
                self.blemishes += blemishes(picture)


async def test_whatever_is_uploaded_is_shown_or_refused(
    world: World, scorecard: Scorecard, many: bool, seed: int
) -> None:
    number, blog = 5_000 if many else 500, await world.serve(RATE_LIMITS="off")
    pid, uploads = blog.pid, Uploads(world, blog)

    await uploads.send(sound(), clients=2)
    assert uploads.statuses == {200: len(sound())}
    peak = Peak(pid)
    await uploads.send(mutants(number, Random(seed)), clients=CLIENTS)
    await uploads.send(hostile(), clients=CLIENTS)
    growth, peak = peak.growth, Peak(pid)
    await uploads.send(largest() * 2, clients=2)

    most = peak.growth
    status = await blog.end()
    scorecard.add(
        "broken and hostile pictures",
        target="shown or refused, no 5xx, the same process, at most 300 MB more for what is "
        "broken or hostile; two at once of the largest that are taken cost as much as one; "
        "what is shown has no metadata and no payload",
        result=f"{number} mutants, {len(hostile())} bombs and polyglots: "
        f"{dict(sorted(uploads.statuses.items()))}, {growth:.0f} MB more; "
        f"two at once of the largest that are taken: {most:.0f} MB; "
        f"{len(uploads.blemishes)} blemishes",
    )
    assert set(uploads.statuses) == {200, 400}
    assert uploads.blemishes == []
    assert (pid, status) == (blog.pid, 0)
    assert growth < 300
    assert most < 550
