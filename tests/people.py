"""What people do to a blog: the first half of a hypothesis machine that does it to two."""

import re
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from sys import exc_info
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
)

from blog_core.domain.access import AccessToken, Actor, Session
from blog_core.domain.idempotency import IdempotencyKey
from blog_core.domain.keys import KeyRing
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostPage
from blog_core.domain.users import UserId
from blog_core.testing import builders
from twins import Request, Twin, Twins

T = TypeVar("T")
Cursors = dict[Twin, Cursor]
Seen = frozenset[int] | None

_TOKEN = re.compile(r"#token=(\S+)")

# Few of everything, so that names clash, passwords are right and rows are there.
NAMES = st.sampled_from(
    ["ada", "ADA", "\uff41\uff44\uff41", "Straße", "STRASSE", "corey", "corey ", "co\u200brey"]
)
EMAILS = st.sampled_from(
    [
        "ada@example.com",
        "ADA@example.com",
        "\ufb01sh@example.com",
        "Fish@example.com",
        "no address",
    ]
)
PASSWORDS = st.sampled_from(["testpassword123", "correct horse", "7 signs"])
TITLES = st.text(max_size=3)
CONTENTS = st.text(max_size=5)
UPLOADS = {
    "a PNG": builders.png(),
    "a JPEG": builders.JPEG,
    "half a PNG": builders.png()[:-12],
    "too many pixels": builders.png(6_000, 6_000, complete=False),
    "too many bytes": bytes(5 * 1024 * 1024 + 1),
}
USERS = st.sampled_from([1, 2, 1, 2, 3, 4, 0])  # numbers of accounts; nobody is number 0
WHOSE = st.none() | USERS  # None is one's own
POSTS = st.integers(0, 6)
SEEN = st.sampled_from([None, None, frozenset({1}), frozenset({1, 2, 3, 4}), frozenset()])
KEYS = st.sampled_from([None, IdempotencyKey("key", KeyRing((b"s" * 32,)))])
LIMITS = st.sampled_from([1, 1, 2, 3])


@dataclass(frozen=True)
class Caller:
    """A token, or who it stood for once: whoever acts on that acts on what may be over."""

    token: str
    held: dict[Twin, Actor] | None = None

    async def on(self, twin: Twin) -> Actor:
        """Return who acts."""
        return self.held[twin] if self.held else await twin.access.authenticate(token=self.token)


class People(RuleBasedStateMachine):
    """Do the same to two blogs, step by step; they must answer the same and stay the same."""

    callers: Bundle[Caller] = Bundle("callers")
    refresh_tokens: Bundle[str] = Bundle("refresh_tokens")
    reset_tokens: Bundle[str] = Bundle("reset_tokens")
    cursors: Bundle[Cursors] = Bundle("cursors")

    def __init__(self, opened: AbstractContextManager[Twins]) -> None:
        super().__init__()
        self._exits = ExitStack()
        self.twins = self._exits.enter_context(opened)
        self.world = self.twins.world
        self._tokens: set[str] = set()

    def teardown(self) -> None:
        """Compare both at the end, unless an error has brought it, and let go of them."""
        with self._exits:
            if exc_info()[0] is None:
                self.look_around()

    def tell(self, request: Request[T]) -> list[dict[Twin, T]]:
        return self.twins.tell(request)

    def _by(
        self, caller: Caller, request: Callable[[Twin, Actor], Awaitable[T]]
    ) -> list[dict[Twin, T]]:
        async def acted(twin: Twin) -> T:
            return await request(twin, await caller.on(twin))

        return self.twins.tell(acted)

    def _logged_in(self, email: str, password: str) -> list[Caller]:
        """Log in, and return who is in now."""
        return _callers(self.tell(lambda twin: twin.access.log_in(email=email, password=password)))

    def _mailed(self, email: str, *, behind: timedelta = timedelta()) -> list[str]:
        """Ask for a reset mail, on a host whose clock is behind; return the tokens that come."""
        self.world.clock.now -= behind
        self.tell(lambda twin: twin.access.forgot_password(email=email))
        self.world.clock.now += behind
        return self.delivered(limit=10, rounds=2)

    def delivered(self, limit: int, rounds: int) -> list[str]:
        """Let a relay do what is due, as often as that; return the tokens that are new."""
        for number in range(rounds):
            if number:  # long enough for whatever failed to be due again
                self.world.clock.now += min(timedelta(seconds=3) * 2**number, timedelta(minutes=15))
            self.tell(lambda twin: twin.delivery.deliver_due(limit=limit))
        mailed = {token for mail in self.twins.mails() for token in _TOKEN.findall(mail.text)}
        new = mailed - self._tokens
        self._tokens |= new
        return sorted(new)

    @initialize(target=callers)
    def two_people_who_write(self) -> MultipleResults[Caller]:
        """Begin with people and posts: most runs would else end before anything happened."""
        callers: list[Caller] = []
        for name, email in (("ada", "ada@example.com"), ("corey", "\ufb01sh@example.com")):
            self.register(name, email, "testpassword123")
            callers.extend(self._logged_in(email, "testpassword123"))
        for number in range(4):
            self.publish(callers[number % 2], f"Post {number}", "Some words.")
            self.world.clock.now += number % 3 * timedelta(seconds=1)
        self.change_picture(callers[1], None, "a PNG", None)
        return multiple(*callers)

    @initialize(target=reset_tokens)
    def forgets_who_writes(self) -> MultipleResults[str]:
        """Have a reset token at hand, if there is an account by now."""
        return multiple(*self._mailed("ada@example.com"))

    # Accounts

    @rule(name=NAMES, email=EMAILS, password=PASSWORDS, key=KEYS)
    def register(
        self, name: str, email: str, password: str, key: IdempotencyKey | None = None
    ) -> None:
        self.tell(
            lambda twin: twin.users.register(username=name, email=email, password=password, key=key)
        )

    @rule(
        by=callers,
        whose=WHOSE,
        name=st.none() | NAMES,
        email=st.none() | EMAILS,
        seen=SEEN,
    )
    def update_account(
        self, by: Caller, whose: int | None, name: str | None, email: str | None, seen: Seen
    ) -> None:
        self._by(
            by,
            lambda twin, actor: twin.users.update(
                actor=actor, user_id=_id(twin, whose, actor), username=name, email=email, seen=seen
            ),
        )

    @rule(by=callers, whose=WHOSE, seen=SEEN)
    def delete_account(self, by: Caller, whose: int | None, seen: Seen) -> None:
        self._by(
            by,
            lambda twin, actor: twin.users.delete(
                actor=actor, user_id=_id(twin, whose, actor), seen=seen
            ),
        )

    @rule(by=callers, whose=WHOSE, upload=st.sampled_from(sorted(UPLOADS)), seen=SEEN)
    def change_picture(self, by: Caller, whose: int | None, upload: str, seen: Seen) -> None:
        self._by(
            by,
            lambda twin, actor: twin.users.change_picture(
                actor=actor, user_id=_id(twin, whose, actor), upload=UPLOADS[upload], seen=seen
            ),
        )

    @rule(by=callers, whose=WHOSE, seen=SEEN)
    def remove_picture(self, by: Caller, whose: int | None, seen: Seen) -> None:
        self._by(
            by,
            lambda twin, actor: twin.users.remove_picture(
                actor=actor, user_id=_id(twin, whose, actor), seen=seen
            ),
        )

    # Getting in

    @rule(target=callers, email=EMAILS, password=PASSWORDS)
    def log_in(self, email: str, password: str) -> MultipleResults[Caller]:
        return multiple(*self._logged_in(email, password))

    @rule(target=callers)
    def log_everybody_in(self) -> MultipleResults[Caller]:
        async def log_in(twin: Twin, number: int) -> AccessToken:
            async with twin.uow() as unit:
                user = await unit.users.get(twin.user_id(number))
            password = user.password_hash.split("$", 3)[3]  # the fake hides nothing
            return await twin.access.log_in(
                email=user.email, password=password, user_agent="curl\0/8"
            )

        return multiple(
            *(
                caller
                for number in range(1, 5)
                for caller in _callers(self.tell(partial(log_in, number=number)))
            )
        )

    @rule(target=callers, caller=callers)
    def authenticate(self, caller: Caller) -> MultipleResults[Caller]:
        held = self.tell(lambda twin: twin.access.authenticate(token=caller.token))
        return multiple(*(Caller(caller.token, actors) for actors in held))

    @rule(target=refresh_tokens, email=EMAILS, password=PASSWORDS)
    def log_in_to_stay(self, email: str, password: str) -> MultipleResults[str]:
        return _refresh_tokens(
            self.tell(lambda twin: twin.access.log_in(email=email, password=password))
        )

    @rule(
        target=refresh_tokens,
        token=refresh_tokens,
        later=st.sampled_from([timedelta(), timedelta(), timedelta(days=13)]),
    )
    def refresh(self, token: str, later: timedelta) -> MultipleResults[str]:
        self.world.clock.now += later
        return _refresh_tokens(self.tell(lambda twin: twin.access.refresh(token=token)))

    @rule(by=callers)
    def log_out(self, by: Caller) -> None:
        self._by(by, lambda twin, actor: twin.access.log_out(actor=actor))

    @rule(by=callers, of=callers)
    def end_session(self, by: Caller, of: Caller) -> None:
        async def end(twin: Twin, actor: Actor) -> list[Session]:
            ended = (await of.on(twin)).session
            await twin.access.end_session(actor=actor, session_id=ended.id)
            return await twin.access.sessions(actor=actor)

        self._by(by, end)

    @rule(by=callers, current=PASSWORDS, new=PASSWORDS)
    def change_password(self, by: Caller, current: str, new: str) -> None:
        self._by(
            by,
            lambda twin, actor: twin.access.change_password(
                actor=actor, current_password=current, new_password=new
            ),
        )

    @rule(
        target=reset_tokens,
        email=EMAILS,
        behind=st.sampled_from([timedelta(), timedelta(), timedelta(minutes=10)]),
    )
    def forget_password(self, email: str, behind: timedelta) -> MultipleResults[str]:
        return multiple(*self._mailed(email, behind=behind))

    @rule(email=EMAILS)
    def forget_password_while_no_relay_runs(self, email: str) -> None:
        self.tell(lambda twin: twin.access.forgot_password(email=email))

    @rule(token=reset_tokens, new=PASSWORDS)
    def reset_password(self, token: str, new: str) -> None:
        self.tell(lambda twin: twin.access.reset_password(token=token, new_password=new))

    @rule(token=st.sampled_from(["", "\0", "\ud800", "token-1", "A" * 43]), new=PASSWORDS)
    def guess_a_token(self, token: str, new: str) -> None:
        self.tell(lambda twin: twin.access.authenticate(token=token))
        self.tell(lambda twin: twin.access.refresh(token=token))
        self.tell(lambda twin: twin.access.reset_password(token=token, new_password=new))

    # Posts

    @rule(by=callers, title=TITLES, content=CONTENTS, key=KEYS, times=st.sampled_from([1, 2]))
    def publish(
        self,
        by: Caller,
        title: str,
        content: str,
        key: IdempotencyKey | None = None,
        times: int = 1,
    ) -> None:
        for _ in range(times):
            self._by(
                by,
                lambda twin, actor: twin.posts.publish(
                    actor=actor, title=title, content=content, key=key
                ),
            )

    @rule(by=callers, post=POSTS, title=st.none() | TITLES, content=st.none() | CONTENTS, seen=SEEN)
    def revise(
        self, by: Caller, post: int, title: str | None, content: str | None, seen: Seen
    ) -> None:
        self._by(
            by,
            lambda twin, actor: twin.posts.revise(
                actor=actor, post_id=twin.post_id(post), title=title, content=content, seen=seen
            ),
        )

    @rule(by=callers, post=POSTS, seen=SEEN)
    def delete_post(self, by: Caller, post: int, seen: Seen) -> None:
        self._by(
            by,
            lambda twin, actor: twin.posts.delete(
                actor=actor, post_id=twin.post_id(post), seen=seen
            ),
        )

    # Readers

    @rule(post=POSTS, user=USERS)
    def read(self, post: int, user: int) -> None:
        self.tell(lambda twin: twin.post_queries.get(twin.post_id(post)))
        self.tell(lambda twin: twin.user_queries.public(twin.user_id(user)))

    @rule(target=cursors, author=WHOSE, limit=LIMITS, skip=st.sampled_from([0, 0, 1, 2, 5]))
    def read_page(self, author: int | None, limit: int, skip: int) -> MultipleResults[Cursors]:
        async def page(twin: Twin) -> PostPage:
            author_id = None if author is None else twin.user_id(author)
            return await twin.post_queries.page(author_id=author_id, limit=limit, skip=skip)

        return _cursors(self.tell(page))

    @rule(target=cursors, cursor=cursors, limit=LIMITS)
    def read_on(self, cursor: Cursors, limit: int) -> MultipleResults[Cursors]:
        async def page(twin: Twin) -> PostPage:
            here = cursor[twin]
            author_id = None if here.author_id is None else UserId(here.author_id)
            return await twin.post_queries.page(author_id=author_id, limit=limit, cursor=here)

        return _cursors(self.tell(page))

    @rule()
    def look_around(self) -> None:
        self.twins.compare(self._tokens)


def _id(twin: Twin, whose: int | None, actor: Actor) -> UserId:
    return actor.user.id if whose is None else twin.user_id(whose)


def _callers(answers: Iterable[dict[Twin, AccessToken]]) -> list[Caller]:
    """Return who got in; both blogs give the same token."""
    return [Caller(tokens.popitem()[1].value) for tokens in answers]


def _refresh_tokens(answers: Iterable[dict[Twin, AccessToken]]) -> MultipleResults[str]:
    """Return what to come back with; both blogs give the same token."""
    return multiple(*(tokens.popitem()[1].refresh_token for tokens in answers))


def _cursors(pages: Iterable[dict[Twin, PostPage]]) -> MultipleResults[Cursors]:
    """Return the ways on from a page."""
    found: list[Cursors] = []
    for page in pages:
        for way in ("next_cursor", "prev_cursor"):
            cursors = {twin: getattr(shown, way) for twin, shown in page.items()}
            if all(cursors.values()):
                found.append(cursors)
    return multiple(*found)
