"""What people, relays and the world do to a blog: a hypothesis machine that does it to two."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, multiple, rule, run_state_machine_as_test

from blog_core.domain.idempotency import REMEMBERED_FOR
from blog_core.domain.outbox import Entry
from blog_core.errors import PostNotFound
from blog_core.services.delivery import LEASE
from blog_core.testing import builders
from people import EMAILS, LIMITS, POSTS, USERS, People
from twins import Twin, Twins
from worlds import Trouble

Claims = dict[Twin, list[Entry]]

SPANS = st.sampled_from(
    [
        timedelta(seconds=-5),  # another host's clock
        timedelta(seconds=1),
        timedelta(seconds=30),
        LEASE,
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(minutes=60),
        timedelta(hours=3),
        REMEMBERED_FOR,
    ]
)

OpenTwins = Callable[[], AbstractContextManager[Twins]]
"""Lends two blogs in which nothing has happened yet."""


def require_alike(open_twins: OpenTwins, extent: settings) -> None:
    """Try the machine on pairs of blogs.

    Raises:
        AssertionError: they differ; the shortest program that shows it is printed.
    """

    class Alike(Model):
        def __init__(self) -> None:
            super().__init__(open_twins())

    run_state_machine_as_test(Alike, settings=extent)


class Model(People):
    """People, and with them relays and the world."""

    claims: Bundle[Claims] = Bundle("claims")

    # Relays

    @rule(
        target=People.reset_tokens,
        limit=st.sampled_from([1, 2, 10]),
        rounds=st.sampled_from([1, 1, 2, 12]),
    )
    def deliver(self, limit: int, rounds: int) -> MultipleResults[str]:
        return multiple(*self.delivered(limit, rounds))

    @rule(target=claims, email=EMAILS, limit=LIMITS, deaths=st.sampled_from([1, 2, 2, 12]))
    def lose_relays(self, email: str, limit: int, deaths: int) -> MultipleResults[Claims]:
        """Let relays claim what is due and die over it, each when the last one's lease is over."""
        self.forget_password_while_no_relay_runs(email)

        async def claim(twin: Twin) -> list[Entry]:
            now = self.world.clock()
            async with twin.uow() as unit:
                claimed = await unit.outbox.claim(now=now, until=now + LEASE, limit=limit)
                await unit.commit()
            return claimed

        claims = self.tell(claim)
        for _ in range(deaths - 1):
            self.world.clock.now += LEASE
            claims += self.tell(claim)
        return multiple(*claims)

    @rule(claimed=claims, verdict=st.sampled_from(["finish", "postpone", "bury"]))
    def hear_a_late_relay(self, claimed: Claims, verdict: str) -> None:
        async def settle(twin: Twin) -> None:
            async with twin.uow() as unit:
                for entry in claimed[twin]:
                    match verdict:
                        case "finish":
                            await unit.outbox.finish(entry)
                        case "postpone":
                            due_at = self.world.clock() + LEASE
                            await unit.outbox.postpone(entry, due_at=due_at, error="late")
                        case _:
                            await unit.outbox.bury(entry, error="late")
                await unit.commit()

        self.tell(settle)

    # The world

    @rule(span=SPANS)
    def let_time_pass(self, span: timedelta) -> None:
        self.world.clock.now += span

    @rule(
        storage=st.sampled_from([Trouble.NONE, Trouble.DOWN, Trouble.ANSWER_LOST]),
        mail=st.sampled_from([Trouble.NONE, *Trouble]),
    )
    def make_trouble(self, storage: Trouble, mail: Trouble) -> None:
        self.world.storage, self.world.mail = storage, mail

    @rule(who=USERS, post=POSTS, commits=st.booleans())
    def leave_a_unit(self, who: int, post: int, commits: bool) -> None:
        """Change much in one unit, past what it does not find, and leave with a word or without."""

        async def work(twin: Twin) -> list[object]:
            async with twin.uow() as unit:
                user = await unit.users.get(twin.user_id(who))
                await unit.posts.add(builders.new_post(user.id))
                with suppress(PostNotFound):
                    await unit.posts.delete(twin.post_id(post))
                await unit.users.save(user.with_picture("picture.jpg"))
                await unit.sessions.end_all(user.id)
                await unit.reset_tokens.discard(user.id)
                shown = await unit.users.shows_picture("picture.jpg")
                if commits:
                    await unit.commit()
                await unit.users.delete(user.id)
                hidden = await unit.users.shows_picture("picture.jpg")
            return [shown, hidden]

        self.tell(work)
