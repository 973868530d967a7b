"""What happens when many do the same at once: only separate connections can show it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from functools import partial
from typing import TypeVar
from uuid import UUID

import pytest

from blog_adapters.sql import PooledDatabase, SqlPostQueries, SqlUserQueries, sql_unit_of_work
from blog_core.domain.access import ResetToken
from blog_core.domain.posts import Post
from blog_core.domain.users import NewUser, User
from blog_core.errors import EmailTaken, InvalidResetToken, StaleVersion, UsernameTaken
from blog_core.ports import UnitOfWorkFactory
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import given_posts, given_user

pytestmark = pytest.mark.anyio

T = TypeVar("T")


@pytest.fixture
def uow(blog_committing_database: PooledDatabase) -> UnitOfWorkFactory:
    return partial(sql_unit_of_work, blog_committing_database)


async def at_once(*tries: Awaitable[T]) -> tuple[list[T], Counter[type[BaseException]]]:
    """Return what came of those that succeeded, and how often the others raised what."""
    results = await asyncio.gather(*tries, return_exceptions=True)
    raised = Counter(type(result) for result in results if isinstance(result, BaseException))
    return [result for result in results if not isinstance(result, BaseException)], raised


async def register(uow: UnitOfWorkFactory, user: NewUser) -> User:
    async with uow() as unit:
        added = await unit.users.add(user)
        await unit.commit()
    return added


async def test_of_many_who_register_one_name_one_gets_it(uow: UnitOfWorkFactory) -> None:
    names = ["straße", "STRASSE", "Straße", "strasse", "\u017ftrasse"] * 10

    winners, raised = await at_once(
        *(
            register(uow, builders.new_user(name, f"{i}@example.com"))
            for i, name in enumerate(names)
        )
    )

    assert len(winners) == 1
    assert raised == {UsernameTaken: 49}


async def test_of_many_who_register_one_address_one_gets_it(uow: UnitOfWorkFactory) -> None:
    emails = ["corey@example.com", "Corey@Example.com"] * 25

    winners, raised = await at_once(
        *(register(uow, builders.new_user(f"u{i}", email)) for i, email in enumerate(emails))
    )

    assert len(winners) == 1
    assert raised == {EmailTaken: 49}


async def test_of_many_who_register_the_same_all_hear_of_the_name(uow: UnitOfWorkFactory) -> None:
    winners, raised = await at_once(*(register(uow, builders.new_user()) for _ in range(50)))

    assert len(winners) == 1
    assert raised == {UsernameTaken: 49}


async def test_of_many_who_save_one_version_one_wins(uow: UnitOfWorkFactory) -> None:
    (post,) = await given_posts(uow, builders.new_post((await given_user(uow)).id))

    async def save(title: str) -> Post:
        async with uow() as unit:
            saved = await unit.posts.save(post.revised(title=title))
            await unit.commit()
        return saved

    winners, raised = await at_once(*(save(f"Title {i}") for i in range(20)))

    assert [winner.version for winner in winners] == [2]
    assert raised == {StaleVersion: 19}


async def test_of_many_who_save_one_account_one_wins(uow: UnitOfWorkFactory) -> None:
    user = await given_user(uow)

    async def save(image_file: str) -> User:
        async with uow() as unit:
            saved = await unit.users.save(user.with_picture(image_file))
            await unit.commit()
        return saved

    winners, raised = await at_once(*(save(f"{i}.jpg") for i in range(20)))

    assert [winner.version for winner in winners] == [2]
    assert raised == {StaleVersion: 19}


async def test_of_many_who_take_one_reset_token_one_gets_it(uow: UnitOfWorkFactory) -> None:
    token = builders.reset_token((await given_user(uow)).id)
    async with uow() as unit:
        await unit.reset_tokens.replace(token)
        await unit.commit()

    async def take() -> ResetToken:
        async with uow() as unit:
            taken = await unit.reset_tokens.take(token.digest)
            await unit.commit()
        return taken

    winners, raised = await at_once(*(take() for _ in range(50)))

    assert winners == [token]
    assert raised == {InvalidResetToken: 49}


async def test_of_many_reset_tokens_the_latest_stays(uow: UnitOfWorkFactory) -> None:
    user = await given_user(uow)
    tokens = [builders.reset_token(user.id, str(i), NOW + minutes(i)) for i in range(20)]

    async def replace_by(token: ResetToken) -> None:
        async with uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.commit()

    await asyncio.gather(*(replace_by(token) for token in tokens))

    async with uow() as unit:
        assert await unit.reset_tokens.get(tokens[-1].digest) == tokens[-1]


async def test_claims_at_once_share_no_entry_and_leave_none(uow: UnitOfWorkFactory) -> None:
    entries = [builders.entry() for _ in range(100)]
    async with uow() as unit:
        for entry in entries:
            await unit.outbox.add(entry)
        await unit.commit()

    async def claim() -> list[UUID]:
        async with uow() as unit:
            claimed = await unit.outbox.claim(now=NOW, until=NOW + minutes(1), limit=2)
            await unit.commit()
        return [entry.id for entry in claimed]

    claims = await asyncio.gather(*(claim() for _ in range(50)))

    assert Counter(entry_id for ids in claims for entry_id in ids) == Counter(
        entry.id for entry in entries
    )


async def test_a_claim_does_not_wait_for_another(uow: UnitOfWorkFactory) -> None:
    async with uow() as unit:
        for _ in range(2):
            await unit.outbox.add(builders.entry())
        await unit.commit()

    async with uow() as first, uow() as second:
        (mine,) = await first.outbox.claim(now=NOW, until=NOW + minutes(1), limit=1)
        (theirs,) = await second.outbox.claim(now=NOW, until=NOW + minutes(1), limit=1)

    assert mine.id != theirs.id


async def test_an_account_that_is_being_changed_does_not_hold_up_its_new_posts(
    uow: UnitOfWorkFactory,
) -> None:
    user = await given_user(uow)
    async with uow() as changing:
        await changing.users.get(user.id)

        (post,) = await given_posts(uow, builders.new_post(user.id))

    assert post.author_id == user.id


async def test_a_post_is_not_changed_while_another_unit_has_it(uow: UnitOfWorkFactory) -> None:
    (post,) = await given_posts(uow, builders.new_post((await given_user(uow)).id))

    async def append(letter: str) -> None:
        async with uow() as unit:
            current = await unit.posts.get(post.id)
            await unit.posts.save(current.revised(title=current.title + letter))
            await unit.commit()

    await asyncio.gather(*(append(letter) for letter in "abcdefgh"))

    async with uow() as unit:
        assert sorted((await unit.posts.get(post.id)).title) == sorted(post.title + "abcdefgh")


async def test_readers_see_nothing_before_the_commit(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    user = await given_user(uow)
    queries = SqlUserQueries(blog_committing_database)
    async with uow() as unit:
        await unit.users.save(user.renamed(username="other"))
        before = await queries.public(user.id)
        await unit.commit()
    after = await queries.public(user.id)

    assert (before.username, after.username) == (user.username, "other")


async def test_total_and_posts_come_from_one_snapshot(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    author = await given_user(uow)
    posts = await given_posts(uow, *[builders.new_post(author.id)] * 3)
    queries = SqlPostQueries(blog_committing_database)

    async def replace_all() -> None:
        current = posts
        for number in [7, 3] * 20:
            async with uow() as unit:
                for post in current:
                    await unit.posts.delete(post.id)
                current = [
                    await unit.posts.add(builders.new_post(author.id)) for _ in range(number)
                ]
                await unit.commit()

    writing = asyncio.create_task(replace_all())
    pages = []
    while not writing.done():
        pages.append(await queries.page(author_id=author.id, limit=10))
    await writing

    assert {(page.total, len(page.posts)) for page in pages} == {(3, 3), (7, 7)}


async def test_walking_neither_repeats_nor_misses_while_posts_come_and_go(
    uow: UnitOfWorkFactory, blog_committing_database: PooledDatabase
) -> None:
    author = await given_user(uow)
    # Five to a moment: within it only the id decides.
    old = await given_posts(
        uow, *(builders.new_post(author.id, date_posted=NOW - minutes(i // 5)) for i in range(40))
    )
    doomed, lasting = old[::8], [post for i, post in enumerate(old) if i % 8]
    queries = SqlPostQueries(blog_committing_database)

    seen = []
    page = await queries.page(limit=3)
    seen += [view.post.id for view in page.posts]
    while page.next_cursor:
        async with uow() as unit:
            await unit.posts.add(builders.new_post(author.id, date_posted=NOW + minutes(1)))
            if doomed:
                await unit.posts.delete(doomed.pop().id)
            await unit.commit()
        page = await queries.page(limit=3, cursor=page.next_cursor)
        seen += [view.post.id for view in page.posts]

    assert len(seen) == len(set(seen))
    assert {post.id for post in lasting} <= set(seen) <= {post.id for post in old}
