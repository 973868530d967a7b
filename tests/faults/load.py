"""People who go on using a blog, whatever happens to it, and remember what it acknowledged."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from statistics import quantiles
from typing import Any

import httpx
from pwdlib.hashers.argon2 import Argon2Hasher

from blog_core.testing import builders
from faults.world import Postgres, World
from servers import MailServer

PASSWORD = "testpassword123"

_PAUSE = 0.05
"""Seconds before somebody who got no answer, or a 503, goes on."""

_TRIES = 40
_UNCERTAIN = {0, 409, 503}
"""No answer, the first is still in hand, or it may have been done all the same."""

_MANY_USERS = """
    INSERT INTO users (username, username_key, email, email_key, password_hash, version)
    SELECT :name || n, :name || n, :name || n || '@example.com', :name || n || '@example.com',
        :password_hash, 1
    FROM generate_series(1, :count) AS n
"""


@dataclass(slots=True)
class Ledger:
    """What the blog has acknowledged, and how it has answered."""

    posts: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    pictures: dict[int, str] = field(default_factory=dict)
    """The last one that each account was told; none when a later upload got no answer."""
    statuses: Counter[int] = field(default_factory=Counter)
    cut_off: list[float] = field(default_factory=list)
    """When those requests began that were sent and never answered, by `time.monotonic`."""
    errors: Counter[str] = field(default_factory=Counter)
    """What went wrong with requests that got no answer, by the name of the client's error."""
    refused: int = 0
    """How many requests found nobody who listens."""
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """How long answers took, by what was done."""
    last_write: float = 0.0
    """When a write was acknowledged last, by `time.monotonic`."""

    @property
    def answers(self) -> int:
        """How many there were."""
        return self.statuses.total()

    @property
    def unanswered(self) -> int:
        """How many requests got no answer."""
        return self.refused + len(self.cut_off)

    @property
    def writes(self) -> int:
        """How many writes were acknowledged, but for pictures that were replaced since."""
        return len(self.posts) + len(self.accounts) + len(self.asked) + len(self.pictures)

    @property
    def failures(self) -> dict[int, int]:
        """The 5xx, by status."""
        return {status: count for status, count in self.statuses.items() if status >= 500}

    def slowest(self) -> float:
        """Return the 99th percentile of how long answers took, in milliseconds."""
        taken = [seconds for deed in self.seconds.values() for seconds in deed]
        return 1000 * quantiles(taken, n=100)[98] if len(taken) > 1 else 0.0

    async def twice(self, database: Postgres) -> list[str]:
        """Return the titles of posts that are there more than once; each was sent under a key."""
        return await database.column("SELECT title FROM posts GROUP BY title HAVING count(*) > 1")

    def missing(self, mail_server: MailServer) -> set[str]:
        """Return who was promised a mail and got none."""
        return self.asked - {str(mail["To"]) for mail in mail_server.messages}

    async def lost(self, database: Postgres) -> set[str]:
        """Return what was acknowledged and is not there."""
        posts = set(await database.column("SELECT title FROM posts"))
        accounts = set(await database.column("SELECT username FROM users"))
        rows = await database.rows("SELECT id, image_file FROM users")
        shown = {(user_id, image_file) for user_id, image_file in rows}
        pictures = {
            picture for user_id, picture in self.pictures.items() if (user_id, picture) not in shown
        }
        return (self.posts - posts) | (self.accounts - accounts) | pictures


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who is logged in."""

    id: int
    token: str
    refresh_token: str


async def people(database: Postgres, name: str, count: int) -> list[str]:
    """Open so many accounts, without the blog's doing; return their addresses."""
    password_hash = await asyncio.to_thread(Argon2Hasher().hash, PASSWORD)
    await database.rows(_MANY_USERS, name=name, count=count, password_hash=password_hash)
    return [f"{name}{number}@example.com" for number in range(1, count + 1)]


async def log_in(client: httpx.AsyncClient, url: str, email: str) -> Account:
    """Log an account in."""
    form = {"username": email, "password": PASSWORD}
    answer = await client.post(f"{url}/api/users/token", data=form)
    tokens = answer.raise_for_status().json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = (await client.get(f"{url}/api/users/me", headers=headers)).raise_for_status().json()
    return Account(me["id"], tokens["access_token"], tokens["refresh_token"])


def somewhere(random: Random) -> dict[str, str]:
    """Return the header by which a proxy says that a request comes from anywhere in the world.

    So many people do not share one address, for which there are limits.
    """
    return {"X-Forwarded-For": ".".join(str(part) for part in (100, *random.randbytes(3)))}


def browser(**keywords: Any) -> httpx.AsyncClient:  # noqa: ANN401 - httpx's own
    """Return a client that many can share; it waits for an answer longer than any may take."""
    # Let go of before the server does, which would cut off whoever takes it up at that moment.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=2)
    return httpx.AsyncClient(timeout=40, limits=limits, **keywords)


class Writer:
    """Somebody who does one thing after another.

    Args:
        account: who they are.
        client: what they use.
        doors: where the blog is served; any will do.
        ledger: where they note what was acknowledged.
        random: chooses what they do.
        known: addresses of accounts whose password nobody has asked to reset yet.
    """

    def __init__(
        self,
        account: Account,
        client: httpx.AsyncClient,
        doors: Callable[[], Sequence[str]],
        *,
        ledger: Ledger,
        random: Random,
        known: Iterator[str],
    ) -> None:
        self.ledger = ledger
        self._account = account
        self._headers = {"Authorization": f"Bearer {account.token}"}
        self._client = client
        self._doors = doors
        self._random = random
        self._known = known

    async def publish(self) -> None:
        """Publish a post; while it is not known whether it was taken, send it again."""
        title = self._random.randbytes(8).hex()
        body, once = {"title": title, "content": "Some words."}, {"Idempotency-Key": title}
        for _ in range(_TRIES):
            status = await self.ask("publish", "POST", "/api/posts", json=body, headers=once)
            if status == 201:
                self.ledger.posts.add(title)
            if status not in _UNCERTAIN:
                return

    async def register(self) -> None:
        """Open an account."""
        name = self._random.randbytes(8).hex()
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        if await self.ask("register", "POST", "/api/users", json=body) == 201:
            self.ledger.accounts.add(name)

    async def upload(self) -> None:
        """Show another picture."""
        self.ledger.pictures.pop(self._account.id, None)
        path = f"/api/users/{self._account.id}/picture"
        await self.ask("upload", "PATCH", path, files={"file": builders.png()})

    async def forget(self) -> None:
        """Ask for a reset mail, once for each account, so that none replaces another."""
        email = next(self._known, None)
        if email is None:
            return
        body = {"email": email}
        if await self.ask("forget", "POST", "/api/users/forgot-password", json=body) == 202:
            self.ledger.asked.add(email)

    async def read(self) -> None:
        """Look at the newest posts."""
        await self.ask("read", "GET", "/api/posts")

    async def look_up(self) -> None:
        """Look at one's own account, for which the database is always asked."""
        await self.ask("look up", "GET", "/api/users/me")

    async def ask(
        self,
        deed: str,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **arguments: Any,  # noqa: ANN401 - httpx's own
    ) -> int:
        """Return the status of the answer, 0 when none came."""
        url = self._random.choice(self._doors()) + path
        sent = {**self._headers, **somewhere(self._random), **(headers or {})}
        begun = time.monotonic()
        try:
            answer = await self._client.request(method, url, headers=sent, **arguments)
        except httpx.TransportError as error:
            self.ledger.errors[type(error).__name__] += 1
            if isinstance(error, httpx.ConnectError):
                self.ledger.refused += 1
            else:
                self.ledger.cut_off.append(begun)
            await asyncio.sleep(_PAUSE)
            return 0
        self._note(deed, answer, time.monotonic() - begun)
        if answer.status_code == 503:
            await asyncio.sleep(_PAUSE)
        return answer.status_code

    def _note(self, deed: str, answer: httpx.Response, seconds: float) -> None:
        self.ledger.statuses[answer.status_code] += 1
        self.ledger.seconds.setdefault(deed, []).append(seconds)
        if answer.is_success and answer.request.method != "GET":
            self.ledger.last_write = time.monotonic()
            if deed == "upload":
                self.ledger.pictures[self._account.id] = answer.json()["image_file"]


Deed = Callable[[Writer], Awaitable[None]]

EVERYTHING: Sequence[Deed] = (
    *[Writer.publish] * 12,
    *[Writer.forget] * 6,
    *[Writer.upload] * 2,
    Writer.register,
    *[Writer.read] * 8,
    *[Writer.look_up] * 4,
)
"""What people do, the frequent more often. Registrations are rare: their hashes take a core."""


@asynccontextmanager
async def writers(
    world: World, count: int, *, seed: int, name: str = "writer"
) -> AsyncIterator[list[Writer]]:
    """Lend people who share a ledger, each logged in to an account of their own.

    Args:
        world: has at least one process that serves.
        count: how many.
        seed: chooses what they write.
        name: what they are called; another for each such group of a world.
    """
    known = iter(await people(world.database, f"{name}-knows", 10_000))
    emails = await people(world.database, name, count)
    random, ledger = Random(seed), Ledger()

    def doors() -> Sequence[str]:
        return [process.url for process in world.processes if process.url]

    async with browser() as client:
        accounts = [await log_in(client, doors()[0], email) for email in emails]
        yield [
            Writer(account, client, doors, ledger=ledger, random=random, known=known)
            for account in accounts
        ]


@asynccontextmanager
async def load(
    world: World,
    count: int,
    *,
    seed: int,
    deeds: Sequence[Deed] = EVERYTHING,
    pause: float = 0.02,
    name: str = "writer",
) -> AsyncIterator[Ledger]:
    """Let people use the blog meanwhile; on leaving, wait until their last requests are answered.

    Args:
        world, count, seed, name: see `writers`.
        deeds: what they choose from.
        pause: seconds between two deeds of one of them, on average.
    """
    random, stop = Random(seed), asyncio.Event()

    async def go_on(writer: Writer) -> None:
        while not stop.is_set():
            await random.choice(deeds)(writer)
            await asyncio.sleep(random.uniform(0, 2 * pause))

    async with writers(world, count, seed=seed, name=name) as group:
        tasks = [asyncio.create_task(go_on(writer)) for writer in group]
        try:
            yield group[0].ledger
        finally:
            stop.set()
            await asyncio.gather(*tasks)
