"""The contract of the unit of work."""

import asyncio
from uuid import uuid4

import pytest

from blog_core.domain.access import digest_of
from blog_core.domain.posts import PostId
from blog_core.domain.users import UserId
from blog_core.errors import (
    InvalidResetToken,
    PostNotFound,
    SessionNotFound,
    UsernameTaken,
    UserNotFound,
)
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import Contract, clause, given_posts, given_user


class UnitOfWorkContract(Contract):
    """One transaction over all repositories."""

    ports = ("uow",)

    @clause("UOW-01")
    async def test_what_was_committed_is_there(self) -> None:
        """What was committed is there for the next unit."""
        async with self.uow() as unit:
            user = await unit.users.add(builders.new_user())
            await unit.commit()

        async with self.uow() as unit:
            assert await unit.users.get(user.id) == user

    @clause("UOW-02")
    async def test_leaving_without_commit_rolls_back(self) -> None:
        """Leaving a unit without commit rolls back."""
        async with self.uow() as unit:
            user = await unit.users.add(builders.new_user())

        async with self.uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.users.get(user.id)

    @clause("UOW-03")
    async def test_leaving_by_an_error_rolls_back(self) -> None:
        """Leaving a unit by an error rolls back, and the error goes on."""
        user = await given_user(self.uow)
        with pytest.raises(ZeroDivisionError):
            async with self.uow() as unit:
                await unit.users.delete(user.id)
                raise ZeroDivisionError

        async with self.uow() as unit:
            assert await unit.users.get(user.id) == user

    @clause("UOW-04", "posts", "sessions", "reset_tokens", "outbox")
    async def test_all_repositories_are_rolled_back_together(self) -> None:
        """All repositories are rolled back together."""
        user = await given_user(self.uow)
        session, token = builders.session(user.id), builders.reset_token(user.id)
        async with self.uow() as unit:
            post = await unit.posts.add(builders.new_post(user.id))
            await unit.sessions.add(session)
            await unit.reset_tokens.replace(token)
            await unit.outbox.add(builders.entry())

        async with self.uow() as unit:
            assert await unit.outbox.claim(now=NOW, until=NOW + minutes(1), limit=9) == []
            with pytest.raises(PostNotFound):
                await unit.posts.get(post.id)
            with pytest.raises(SessionNotFound):
                await unit.sessions.end(session.id, user.id)
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(token.digest)

    @clause("UOW-05")
    async def test_what_follows_a_commit_is_rolled_back(self) -> None:
        """What follows a commit is rolled back unless committed again."""
        async with self.uow() as unit:
            kept = await unit.users.add(builders.new_user("kept"))
            await unit.commit()
            lost = await unit.users.add(builders.new_user("lost"))

        async with self.uow() as unit:
            assert await unit.users.get(kept.id) == kept
            with pytest.raises(UserNotFound):
                await unit.users.get(lost.id)

    @clause("UOW-06")
    async def test_a_unit_sees_its_own_changes(self) -> None:
        """A unit sees its own changes before they are committed."""
        async with self.uow() as unit:
            user = await unit.users.add(builders.new_user())

            assert await unit.users.get(user.id) == user

    @clause("UOW-07")
    async def test_a_refused_change_leaves_what_was_committed(self) -> None:
        """A unit that is left after a refused change leaves what was committed as it was."""
        user = await given_user(self.uow)
        with pytest.raises(UsernameTaken):
            async with self.uow() as unit:
                await unit.users.save(user.with_picture("new.jpg"))
                await unit.users.add(builders.new_user())

        async with self.uow() as unit:
            assert (await unit.users.get(user.id)).image_file is None

    @clause("UOW-08", "posts")
    async def test_units_side_by_side_keep_every_change(self) -> None:
        """Of units side by side that read and change one post, none overwrites another's change."""
        post = (await given_posts(self.uow, builders.new_post((await given_user(self.uow)).id)))[0]

        async def append(letter: str) -> None:
            async with self.uow() as unit:
                current = await unit.posts.get(post.id)
                await asyncio.sleep(0)
                await unit.posts.save(current.revised(title=current.title + letter))
                await unit.commit()

        await asyncio.gather(*(append(letter) for letter in "abcd"))

        async with self.uow() as unit:
            assert sorted((await unit.posts.get(post.id)).title) == sorted("A titleabcd")

    @clause("UOW-09")
    async def test_a_unit_goes_on_after_something_was_not_found(self) -> None:
        """After something was not found a unit goes on, and its commit counts."""
        async with self.uow() as unit:
            user = await unit.users.add(builders.new_user())
            with pytest.raises(UserNotFound):
                await unit.users.get(UserId(user.id + 1))
            await unit.commit()

        async with self.uow() as unit:
            assert await unit.users.get(user.id) == user

    @clause("UOW-10")
    async def test_a_unit_may_commit_more_than_once(self) -> None:
        """A unit may commit more than once; each commit makes what preceded it last."""
        async with self.uow() as unit:
            first = await unit.users.add(builders.new_user("first"))
            await unit.commit()
            second = await unit.users.add(builders.new_user("second"))
            await unit.commit()

        async with self.uow() as unit:
            assert await unit.users.get(first.id) == first
            assert await unit.users.get(second.id) == second

    @clause("UOW-11", "posts", "sessions", "reset_tokens")
    async def test_a_unit_goes_on_after_anything_was_not_found(self) -> None:
        """After a post, session or reset token was not found a unit goes on, and can commit."""
        async with self.uow() as unit:
            user = await unit.users.add(builders.new_user())
            with pytest.raises(PostNotFound):
                await unit.posts.get(PostId(2**40))
            with pytest.raises(SessionNotFound):
                await unit.sessions.end(uuid4(), user.id)
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.take(digest_of("nobody's"))
            await unit.commit()

        async with self.uow() as unit:
            assert await unit.users.get(user.id) == user
