"""The contract of the unit of work."""

import asyncio

import pytest

from blog_core.errors import (
    InvalidResetToken,
    UsernameTaken,
    UserNotFound,
)
from blog_core.ports import (
    UnitOfWorkFactory,
)
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import Contract, given_posts, given_user


class UnitOfWorkContract(Contract):
    """One transaction over all repositories. Supply `uow`, a `UnitOfWorkFactory`."""

    async def test_what_was_committed_is_there(self, uow: UnitOfWorkFactory) -> None:
        async with uow() as unit:
            user = await unit.users.add(builders.new_user())
            await unit.commit()

        async with uow() as unit:
            assert await unit.users.get(user.id) == user

    async def test_leaving_without_commit_rolls_back(self, uow: UnitOfWorkFactory) -> None:
        async with uow() as unit:
            user = await unit.users.add(builders.new_user())

        async with uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.users.get(user.id)

    async def test_leaving_by_an_error_rolls_back(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        with pytest.raises(ZeroDivisionError):
            async with uow() as unit:
                await unit.users.delete(user.id)
                raise ZeroDivisionError

        async with uow() as unit:
            assert await unit.users.get(user.id) == user

    async def test_all_repositories_are_rolled_back_together(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        async with uow() as unit:
            await unit.posts.add(builders.new_post(user.id))
            await unit.reset_tokens.replace(builders.reset_token(user.id, "token"))
            await unit.outbox.add(builders.entry())

        async with uow() as unit:
            assert await unit.outbox.claim(now=NOW, until=NOW + minutes(1), limit=9) == []
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(builders.reset_token(user.id, "token").digest)

    async def test_what_follows_a_commit_is_rolled_back(self, uow: UnitOfWorkFactory) -> None:
        async with uow() as unit:
            kept = await unit.users.add(builders.new_user("kept"))
            await unit.commit()
            lost = await unit.users.add(builders.new_user("lost"))

        async with uow() as unit:
            assert await unit.users.get(kept.id) == kept
            with pytest.raises(UserNotFound):
                await unit.users.get(lost.id)

    async def test_a_unit_sees_its_own_changes(self, uow: UnitOfWorkFactory) -> None:
        async with uow() as unit:
            user = await unit.users.add(builders.new_user())

            assert await unit.users.get(user.id) == user

    async def test_a_refused_change_leaves_what_was_committed(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        with pytest.raises(UsernameTaken):
            async with uow() as unit:
                await unit.users.save(user.with_picture("new.jpg"))
                await unit.users.add(builders.new_user())

        async with uow() as unit:
            assert (await unit.users.get(user.id)).image_file is None

    async def test_units_side_by_side_keep_every_change(self, uow: UnitOfWorkFactory) -> None:
        post = (await given_posts(uow, builders.new_post((await given_user(uow)).id)))[0]

        async def append(letter: str) -> None:
            async with uow() as unit:
                current = await unit.posts.get(post.id)
                await asyncio.sleep(0)
                await unit.posts.save(current.revised(title=current.title + letter))
                await unit.commit()

        await asyncio.gather(*(append(letter) for letter in "abcd"))

        async with uow() as unit:
            assert sorted((await unit.posts.get(post.id)).title) == sorted("A titleabcd")
