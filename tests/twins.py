"""Two blogs that are told the same, and have to answer and to look the same."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from dependency_injector import providers

from blog_adapters.container import in_memory_container
from blog_adapters.memory import MemoryPasswords
from blog_adapters.settings import Settings
from blog_core.domain.access import Actor, ResetToken, Session, digest_of
from blog_core.domain.mail import Mail
from blog_core.domain.outbox import DeadLetter, Entry, ResetMail
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import Post, PostId, PostPage, PostView
from blog_core.domain.users import Author, User, UserId
from blog_core.errors import BlogError, UserNotFound
from worlds import TroubledMailer, TroubledStorage, World, counted_ids

T = TypeVar("T")
Request = Callable[["Twin"], Awaitable[T]]

_NOBODY = 2**63  # an id that no row can have
_EVER = timedelta(days=9_999)
_ALL = 1_000


class Twin:
    """One of the blogs: its doors, and names for its rows that both blogs share.

    Which id a row gets is the database's business. Here the account that is seen first is
    account 1, and the post that is seen first is post 1.

    Args:
        name: what to call it in a failure.
        world: what is around it.
        parts: what takes the place of a fake, by the container's name for it.
    """

    def __init__(self, name: str, world: World, **parts: object) -> None:
        self.name = name
        self.world = world
        self.storage = TroubledStorage(world)
        self.mailer = TroubledMailer(world)
        self.passwords = MemoryPasswords()
        parts = {
            "clock": world.clock,
            "new_id": partial(next, counted_ids()),
            "secret_key": "the same for both, as reset tokens come from it",
            "storage": self.storage,
            "mailer": self.mailer,
            "passwords": self.passwords,
            **parts,
        }
        container = in_memory_container(Settings(access_token_expire_minutes=120))
        container.override_providers(**{k: providers.Object(part) for k, part in parts.items()})
        self.uow = container.unit_of_work()
        self.post_queries = container.post_queries()
        self.user_queries = container.user_queries()
        self.posts = container.posts()
        self.users = container.users()
        self.access = container.access()
        self.delivery = container.delivery()
        self._users: list[UserId] = []
        self._posts: dict[PostId, datetime] = {}

    def user_id(self, number: int) -> UserId:
        """Return the id of an account by its number, or one that nobody has."""
        return dict(enumerate(self._users, 1)).get(number, UserId(_NOBODY))

    def post_id(self, number: int) -> PostId:
        """Return the id of a post by its number, or one that none has."""
        return dict(enumerate(self._posts, 1)).get(number, PostId(_NOBODY))

    async def outcome(self, answer: Awaitable[object]) -> object:
        """Return an answer or an error as both blogs would put it."""
        try:
            return self.told(await answer)
        except BlogError as error:
            return type(error), error.code, str(error)

    def told(self, answer: object) -> object:  # noqa: C901 - one line for each type
        """Return an answer with the numbers of rows in place of their ids."""
        match answer:
            case User() | Author():
                return replace(answer, id=UserId(self._user(answer.id)))
            case Session() | ResetToken():
                return replace(answer, user_id=UserId(self._user(answer.user_id)))
            case Actor():
                return self.told(answer.user), self.told(answer.session)
            case Post():
                author = UserId(self._user(answer.author_id))
                return replace(answer, id=PostId(self._post(answer)), author_id=author)
            case PostView():
                return self.told(answer.author), self.told(answer.post)
            case PostPage():
                ways = answer.next_cursor, answer.prev_cursor
                return self.told(answer.posts), answer.total, self.told(ways)
            case Cursor():
                return self._place(answer)
            case Entry(task=ResetMail(user_id)):
                return replace(answer, task=ResetMail(UserId(self._user(user_id))))
            case DeadLetter():
                return self.told(answer.entry), answer.error
            case list() | tuple():
                return [self.told(part) for part in answer]
        return answer

    def _user(self, user_id: UserId) -> int:
        if user_id not in self._users:
            self._users.append(user_id)
        return self._users.index(user_id) + 1

    def _post(self, post: Post) -> int:
        self._posts.setdefault(post.id, post.date_posted)
        return list(self._posts).index(post.id) + 1

    def _place(self, cursor: Cursor) -> object:
        """Tell a place by how many posts there ever were ahead of it, for ids have gaps."""
        here = cursor.date_posted, cursor.post_id
        posts = [(date_posted, post_id) for post_id, date_posted in self._posts.items()]
        ahead = sum(post > here if cursor.backward else post < here for post in posts)
        author = cursor.author_id and self._user(UserId(cursor.author_id))
        return cursor.date_posted, cursor.backward, author, ahead

    def outside(self) -> object:
        """Return what the blog has done to the parts outside."""
        return list(self.mailer.sent), dict(self.storage.pictures), self.passwords.verified

    async def everything(self, reset_tokens: set[str]) -> dict[str, object]:
        """Return all that can be seen of this blog, by what it is."""
        users = list(self._users)
        return {
            "lists": [await self._walk(author) for author in (None, *users)],
            "sessions": [await self.outcome(self.user_queries.sessions(user)) for user in users],
            "rows": await self._rows(users, sorted(reset_tokens)),
        }

    async def _walk(self, author_id: UserId | None) -> object:
        """Go through a list in small steps, to its end and back."""
        page_of = partial(self.post_queries.page, author_id=author_id, limit=3)
        try:
            page = await page_of()
        except UserNotFound:
            return UserNotFound
        steps = [self.told(page)]
        while page.next_cursor:
            page = await page_of(cursor=page.next_cursor)
            steps.append(self.told(page))
        while page.prev_cursor:
            page = await page_of(cursor=page.prev_cursor)
            steps.append(self.told(page))
        return steps

    async def _rows(self, users: list[UserId], reset_tokens: list[str]) -> object:
        """Look at what only a unit of work sees, and leave without a trace."""
        now = self.world.clock()
        async with self.uow() as unit:
            accounts = [await self.outcome(unit.users.get(user)) for user in users]
            digests = [digest_of(token) for token in reset_tokens]
            resets = [await self.outcome(unit.reset_tokens.get(digest)) for digest in digests]
            due = await unit.outbox.claim(now=now, until=now, limit=_ALL)
            all_entries = await unit.outbox.claim(now=now + _EVER, until=now + _EVER, limit=_ALL)
            dead = await unit.outbox.dead_letters()
            return accounts, resets, self.told([due, all_entries, dead])


class Twins:
    """Both blogs, in one world and on one event loop."""

    def __init__(self, runner: asyncio.Runner, one: Twin, other: Twin) -> None:
        self.world = one.world
        self._runner = runner
        self._both = (one, other)

    def tell(self, request: Request[T]) -> list[dict[Twin, T]]:
        """Ask both; return their answers by blog, or nothing when both refuse.

        What they did outside is compared with what they answer.

        Raises:
            AssertionError: they do not answer the same.
        """
        answers: dict[Twin, T] = {}

        async def kept(twin: Twin) -> T:
            answers[twin] = await request(twin)
            return answers[twin]

        async def outcomes() -> list[object]:
            return [await twin.outcome(kept(twin)) for twin in self._both]

        self._require_same("answer", *self._runner.run(outcomes()))
        self._require_same("mails, pictures, hashes", *(twin.outside() for twin in self._both))
        return [answers] if answers else []

    def mails(self) -> list[Mail]:
        """Return what both have sent."""
        return self._both[0].mailer.sent

    def compare(self, reset_tokens: set[str]) -> None:
        """Look at everything that can be seen of both.

        Raises:
            AssertionError: it is not the same.
        """

        async def views() -> list[dict[str, object]]:
            return [await twin.everything(reset_tokens) for twin in self._both]

        one, other = self._runner.run(views())
        for part, seen in one.items():
            self._require_same(part, seen, other[part])

    def _require_same(self, part: str, one: object, other: object) -> None:
        if one != other:
            names = [twin.name for twin in self._both]
            raise AssertionError(f"{part}:\n{names[0]}: {one}\n{names[1]}: {other}")
