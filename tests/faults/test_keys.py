"""Another key for the tokens, while people are logged in."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import jwt
import psutil
import pytest

from faults.conftest import Scorecard
from faults.load import Writer, browser, load, log_in, people
from faults.world import Process, World, eventually

pytestmark = pytest.mark.anyio

OLD, NEW = "the old key of 32 bytes or more" * 2, "and a new one as long as that is" * 2


class Keys:
    """The files with the keys, and the server that reads them when it is told to."""

    def __init__(self, folder: Path) -> None:
        self._signs = folder / "signs"
        self._accepted = folder / "accepted"
        self.write(OLD)

    @property
    def settings(self) -> dict[str, str]:
        return {
            "SECRET_KEY": "",
            "SECRET_KEY_FILE": str(self._signs),
            "SECRET_KEYS_ACCEPTED_FILE": str(self._accepted),
        }

    def write(self, signs: str, *accepted: str) -> None:
        self._signs.write_text(signs)
        self._accepted.write_text(",".join(accepted))

    async def spread(self, blog: Process) -> None:
        """Have one worker after the other start again, and wait until all have."""
        before = workers(blog)
        psutil.Process(blog.pid).send_signal(signal.SIGHUP)
        await eventually(lambda: replaced(blog, before))


def workers(blog: Process) -> set[int]:
    return {child.pid for child in psutil.Process(blog.pid).children() if is_worker(child)}


def is_worker(child: psutil.Process) -> bool:
    with suppress(psutil.Error):  # it has ended since
        return "spawn_main" in " ".join(child.cmdline())
    return False


async def replaced(blog: Process, before: set[int]) -> bool:
    now = workers(blog)
    return not now & before and len(now) == len(before)


async def renew(url: str, refresh_token: str) -> tuple[int, str, str]:
    """Return the status, the id of the key that signed, and the next refresh token."""
    async with browser() as client:
        answer = await client.post(
            f"{url}/api/users/token/refresh", json={"refresh_token": refresh_token}
        )
    if answer.status_code != 200:
        return answer.status_code, "", ""
    tokens = answer.json()
    kid = jwt.get_unverified_header(tokens["access_token"])["kid"]
    return answer.status_code, kid, tokens["refresh_token"]


async def test_a_key_is_replaced_and_nobody_notices(
    world: World, scorecard: Scorecard, seed: int
) -> None:
    keys = Keys(world.folder)
    blog = await world.serve("--workers", "2", **keys.settings)
    (email,) = await people(world.database, "visitor", 1)
    async with browser() as client:
        visitor = await log_in(client, blog.url, email)
    kids, statuses = [], []
    token = visitor.refresh_token

    async with load(
        world, 6, seed=seed, deeds=[Writer.publish, Writer.look_up, Writer.look_up]
    ) as ledger:
        for step in [(OLD, NEW), (NEW, OLD)]:
            keys.write(*step)
            await keys.spread(blog)
            status, kid, token = await renew(blog.url, token)
            statuses.append(status)
            kids.append(kid)
            await asyncio.sleep(1)
    unnoticed = dict(ledger.statuses)
    keys.write(NEW)
    await keys.spread(blog)
    withdrawn = await status_of(blog.url, visitor.token)
    kept, _, _ = await renew(blog.url, token)

    scorecard.add(
        "a new key for tokens, spread over 2 workers under 6 writers",
        target="no 401; when the old key is withdrawn, its tokens are refused",
        result=f"{ledger.answers} answers, {unnoticed.get(401, 0)} of them 401, "
        f"{ledger.unanswered} requests without an answer; withdrawn: {withdrawn}",
    )
    assert set(unnoticed) <= {200, 201}
    assert statuses == [200, 200]
    assert kids[0] != kids[1]
    assert (withdrawn, kept) == (401, 200)


async def status_of(url: str, token: str) -> int:
    async with browser() as client:
        headers = {"Authorization": f"Bearer {token}"}
        return (await client.get(f"{url}/api/users/me", headers=headers)).status_code
