"""The contracts of the unit of work and of the repositories in it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from blog_core.domain.outbox import (
    Entry,
    PictureDiscarded,
    ResetMail,
    ResetRequested,
    Task,
)
from blog_core.domain.posts import PostId
from blog_core.domain.users import UserId
from blog_core.errors import (
    EmailTaken,
    InvalidResetToken,
    LeaseLost,
    PostNotFound,
    SessionEnded,
    SessionNotFound,
    StaleVersion,
    UsernameTaken,
    UserNotFound,
)
from blog_core.ports import UnitOfWorkFactory, UserQueries
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import Contract, given_posts, given_user

NO_ROWS_ID = [0, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30]
"""Ids that no row has, of every size a caller may send."""


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


class PostRepositoryContract(Contract):
    """`PostRepository`. Supply `uow`, a `UnitOfWorkFactory`."""

    async def test_an_added_post_comes_back_as_it_was(self, uow: UnitOfWorkFactory) -> None:
        author = await given_user(uow)
        draft = builders.new_post(author.id, title="T" * 100, content="tab\tline\nmarks “ß” 🙂")

        (post,) = await given_posts(uow, draft)

        async with uow() as unit:
            assert await unit.posts.get(post.id) == post
        assert (post.author_id, post.title, post.content, post.date_posted, post.version) == (
            author.id, draft.title, draft.content, NOW, 1,
        )  # fmt: skip

    async def test_the_longest_content_comes_back_whole(self, uow: UnitOfWorkFactory) -> None:
        content = "é" * 200_000

        (post,) = await given_posts(
            uow, builders.new_post((await given_user(uow)).id, content=content)
        )

        async with uow() as unit:
            assert (await unit.posts.get(post.id)).content == content

    async def test_each_post_gets_a_higher_id(self, uow: UnitOfWorkFactory) -> None:
        author = await given_user(uow)

        first, second = await given_posts(uow, *[builders.new_post(author.id)] * 2)

        assert 0 < first.id < second.id

    @pytest.mark.parametrize("author_id", NO_ROWS_ID)
    async def test_an_author_who_does_not_exist_is_refused(
        self, uow: UnitOfWorkFactory, author_id: int
    ) -> None:
        async with uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.posts.add(builders.new_post(UserId(author_id)))

    @pytest.mark.parametrize("post_id", NO_ROWS_ID)
    async def test_any_id_without_a_post_is_not_found(
        self, uow: UnitOfWorkFactory, post_id: int
    ) -> None:
        async with uow() as unit:
            with pytest.raises(PostNotFound):
                await unit.posts.get(PostId(post_id))

    async def test_saving_stores_the_new_texts_and_the_next_version(
        self, uow: UnitOfWorkFactory
    ) -> None:
        (post,) = await given_posts(uow, builders.new_post((await given_user(uow)).id))
        async with uow() as unit:
            saved = await unit.posts.save(post.revised(title="New", content="Newer"))
            await unit.commit()

        assert saved == replace(post, title="New", content="Newer", version=2)
        async with uow() as unit:
            assert await unit.posts.get(post.id) == saved

    async def test_saving_never_changes_date_and_author(self, uow: UnitOfWorkFactory) -> None:
        other = await given_user(uow, builders.new_user("other"))
        (post,) = await given_posts(uow, builders.new_post((await given_user(uow)).id))
        async with uow() as unit:
            await unit.posts.save(replace(post, author_id=other.id, date_posted=NOW + minutes(1)))
            await unit.commit()

        async with uow() as unit:
            assert await unit.posts.get(post.id) == replace(post, version=2)

    async def test_saving_an_old_version_is_stale(self, uow: UnitOfWorkFactory) -> None:
        (post,) = await given_posts(uow, builders.new_post((await given_user(uow)).id))
        async with uow() as unit:
            await unit.posts.save(post.revised(title="First"))
            await unit.commit()

        async with uow() as unit:
            with pytest.raises(StaleVersion):
                await unit.posts.save(post.revised(title="Second"))

    async def test_saving_a_deleted_post_is_not_found(self, uow: UnitOfWorkFactory) -> None:
        (post,) = await given_posts(uow, builders.new_post((await given_user(uow)).id))
        async with uow() as unit:
            await unit.posts.delete(post.id)

            with pytest.raises(PostNotFound):
                await unit.posts.save(post)

    async def test_a_deleted_post_is_gone(self, uow: UnitOfWorkFactory) -> None:
        (post,) = await given_posts(uow, builders.new_post((await given_user(uow)).id))
        async with uow() as unit:
            await unit.posts.delete(post.id)
            await unit.commit()

        async with uow() as unit:
            with pytest.raises(PostNotFound):
                await unit.posts.get(post.id)

    @pytest.mark.parametrize("post_id", NO_ROWS_ID)
    async def test_deleting_what_is_not_there_is_not_found(
        self, uow: UnitOfWorkFactory, post_id: int
    ) -> None:
        async with uow() as unit:
            with pytest.raises(PostNotFound):
                await unit.posts.delete(PostId(post_id))


SAME_NAMES = [("corey", "COREY"), ("straße", "STRASSE"), ("é", "e\u0301"), ("ﬁ", "fi"), ("ς", "Σ")]
"""Pairs of names that have one key."""


class UserRepositoryContract(Contract):
    """`UserRepository`. Supply `uow`, a `UnitOfWorkFactory`."""

    async def test_an_added_account_comes_back_as_it_was(self, uow: UnitOfWorkFactory) -> None:
        draft = builders.new_user("Corey Ünal", "corey@example.com", "h" * 200)

        user = await given_user(uow, draft)

        async with uow() as unit:
            assert await unit.users.get(user.id) == user
        assert (user.username, user.email, user.password_hash, user.image_file, user.version) == (
            "Corey Ünal", "corey@example.com", "h" * 200, None, 1,
        )  # fmt: skip

    @pytest.mark.parametrize(("taken", "wanted"), SAME_NAMES)
    async def test_a_name_with_the_same_key_is_taken(
        self, uow: UnitOfWorkFactory, taken: str, wanted: str
    ) -> None:
        await given_user(uow, builders.new_user(taken, "a@example.com"))
        async with uow() as unit:
            with pytest.raises(UsernameTaken):
                await unit.users.add(builders.new_user(wanted, "b@example.com"))

    @pytest.mark.parametrize(("taken", "wanted"), SAME_NAMES)
    async def test_an_address_with_the_same_key_is_taken(
        self, uow: UnitOfWorkFactory, taken: str, wanted: str
    ) -> None:
        await given_user(uow, builders.new_user("a", f"{taken}@example.com"))
        async with uow() as unit:
            with pytest.raises(EmailTaken):
                await unit.users.add(builders.new_user("b", f"{wanted}@example.com"))

    async def test_on_a_double_clash_the_name_comes_first(self, uow: UnitOfWorkFactory) -> None:
        await given_user(uow, builders.new_user("first", "mail@example.com"))
        await given_user(uow, builders.new_user("name", "second@example.com"))
        async with uow() as unit:
            with pytest.raises(UsernameTaken):
                await unit.users.add(builders.new_user("NAME", "mail@example.com"))

    @pytest.mark.parametrize("user_id", NO_ROWS_ID)
    async def test_any_id_without_an_account_is_not_found(
        self, uow: UnitOfWorkFactory, user_id: int
    ) -> None:
        async with uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.users.get(UserId(user_id))

    async def test_an_account_is_found_by_an_address_of_the_same_key(
        self, uow: UnitOfWorkFactory
    ) -> None:
        user = await given_user(uow, builders.new_user("corey", "corey@example.com"))

        async with uow() as unit:
            assert await unit.users.by_email("Corey@Example.com") == user

    @pytest.mark.parametrize("email", ["", "nobody@example.com", "nul\0@example.com", "\ud800"])
    async def test_any_text_without_an_account_is_not_found(
        self, uow: UnitOfWorkFactory, email: str
    ) -> None:
        async with uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.users.by_email(email)

    async def test_saving_stores_everything_and_the_next_version(
        self, uow: UnitOfWorkFactory
    ) -> None:
        user = await given_user(uow)
        changed = (
            user.renamed(username="New", email="new@example.com")
            .with_password("other")
            .with_picture("picture.jpg")
        )
        async with uow() as unit:
            saved = await unit.users.save(changed)
            await unit.commit()

        assert saved == replace(changed, version=2)
        async with uow() as unit:
            assert await unit.users.get(user.id) == saved
            assert await unit.users.by_email("new@example.com") == saved

    async def test_ones_own_name_may_change_its_case(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        async with uow() as unit:
            saved = await unit.users.save(user.renamed(username="COREY"))

        assert saved.username == "COREY"

    async def test_saving_anothers_name_is_taken(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        await given_user(uow, builders.new_user("other"))
        async with uow() as unit:
            with pytest.raises(UsernameTaken):
                await unit.users.save(user.renamed(username="OTHER", email="other@example.com"))

    async def test_saving_anothers_address_is_taken(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        await given_user(uow, builders.new_user("other"))
        async with uow() as unit:
            with pytest.raises(EmailTaken):
                await unit.users.save(user.renamed(email="Other@example.com"))

    async def test_a_name_given_up_is_free(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        async with uow() as unit:
            await unit.users.save(user.renamed(username="new", email="new@example.com"))
            await unit.commit()

        assert (await given_user(uow)).username == user.username

    async def test_saving_an_old_version_is_stale(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        async with uow() as unit:
            await unit.users.save(user.renamed(username="first"))
            await unit.commit()

        async with uow() as unit:
            with pytest.raises(StaleVersion):
                await unit.users.save(user.renamed(username="second"))

    async def test_saving_a_deleted_account_is_not_found(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        async with uow() as unit:
            await unit.users.delete(user.id)

            with pytest.raises(UserNotFound):
                await unit.users.save(user)

    async def test_deleting_an_account_deletes_its_posts(self, uow: UnitOfWorkFactory) -> None:
        user, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        mine, others = await given_posts(
            uow, builders.new_post(user.id), builders.new_post(other.id)
        )
        async with uow() as unit:
            await unit.users.delete(user.id)
            await unit.commit()

        async with uow() as unit:
            assert await unit.posts.get(others.id) == others
            with pytest.raises(PostNotFound):
                await unit.posts.get(mine.id)

    async def test_deleting_an_account_deletes_its_sessions(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        session = builders.session(user.id)
        async with uow() as unit:
            await unit.sessions.add(session)
            await unit.users.delete(user.id)

            with pytest.raises(SessionNotFound):
                await unit.sessions.end(session.id, user.id)

    async def test_deleting_an_account_deletes_its_reset_token(
        self, uow: UnitOfWorkFactory
    ) -> None:
        user = await given_user(uow)
        token = builders.reset_token(user.id)
        async with uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.users.delete(user.id)

            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(token.digest)

    @pytest.mark.parametrize("user_id", NO_ROWS_ID)
    async def test_deleting_who_is_not_there_is_not_found(
        self, uow: UnitOfWorkFactory, user_id: int
    ) -> None:
        async with uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.users.delete(UserId(user_id))

    async def test_a_picture_is_shown_while_an_account_has_it(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        async with uow() as unit:
            await unit.users.save(user.with_picture("shown.jpg"))

            assert await unit.users.shows_picture("shown.jpg")
            assert not await unit.users.shows_picture("other.jpg")


class SessionRepositoryContract(Contract):
    """`SessionRepository`. Supply `uow`, a `UnitOfWorkFactory`, and `queries`, `UserQueries`."""

    async def test_a_session_comes_back_as_it_was(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)
        session = builders.session(user.id, user_agent="Mozilla/5.0 “x”")
        async with uow() as unit:
            await unit.sessions.add(session)
            await unit.commit()

        assert (await queries.actor(session.id)).session == session

    async def test_a_user_who_does_not_exist_has_no_session(self, uow: UnitOfWorkFactory) -> None:
        async with uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.sessions.add(builders.session(UserId(2**63)))

    async def test_touching_sets_when_it_was_last_used(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)
        session = builders.session(user.id)
        async with uow() as unit:
            await unit.sessions.add(session)
            await unit.sessions.touch(session.id, NOW + minutes(5))
            await unit.commit()

        touched = replace(session, last_used_at=NOW + minutes(5))
        assert (await queries.actor(session.id)).session == touched

    async def test_touching_an_ended_session_does_not_revive_it(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        session_id = uuid4()
        async with uow() as unit:
            await unit.sessions.touch(session_id, NOW)
            await unit.commit()

        with pytest.raises(SessionEnded):
            await queries.actor(session_id)

    async def test_an_ended_session_is_gone(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)
        session = builders.session(user.id)
        async with uow() as unit:
            await unit.sessions.add(session)
            await unit.sessions.end(session.id, user.id)
            await unit.commit()

        with pytest.raises(SessionEnded):
            await queries.actor(session.id)

    async def test_anothers_session_is_not_found(self, uow: UnitOfWorkFactory) -> None:
        user, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        session = builders.session(user.id)
        async with uow() as unit:
            await unit.sessions.add(session)

            with pytest.raises(SessionNotFound):
                await unit.sessions.end(session.id, other.id)

    async def test_all_sessions_of_one_user_end_but_the_one_spared(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        mine = [builders.session(user.id) for _ in range(3)]
        theirs = builders.session(other.id)
        async with uow() as unit:
            for session in [*mine, theirs]:
                await unit.sessions.add(session)
            await unit.sessions.end_all(user.id, but=mine[1].id)
            await unit.commit()

        assert await queries.sessions(user.id) == [mine[1]]
        assert await queries.sessions(other.id) == [theirs]

    async def test_all_sessions_of_one_user_end(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)
        async with uow() as unit:
            await unit.sessions.add(builders.session(user.id))
            await unit.sessions.end_all(user.id)
            await unit.commit()

        assert await queries.sessions(user.id) == []

    async def test_only_this_users_expired_sessions_are_swept(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        expired, open_ = builders.session(user.id), builders.session(user.id, NOW + minutes(1))
        theirs = builders.session(other.id)
        async with uow() as unit:
            for session in [expired, open_, theirs]:
                await unit.sessions.add(session)
            await unit.sessions.end_expired(user.id, NOW + minutes(31))
            await unit.commit()

        assert await queries.sessions(user.id) == [open_]
        assert await queries.sessions(other.id) == [theirs]


class ResetTokenRepositoryContract(Contract):
    """`ResetTokenRepository`. Supply `uow`, a `UnitOfWorkFactory`."""

    async def test_a_token_comes_back_as_it_was(self, uow: UnitOfWorkFactory) -> None:
        token = builders.reset_token((await given_user(uow)).id)
        async with uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.commit()

        async with uow() as unit:
            assert await unit.reset_tokens.get(token.digest) == token

    async def test_a_later_token_replaces_the_earlier(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        earlier = builders.reset_token(user.id, "earlier")
        later = builders.reset_token(user.id, "later", NOW + minutes(1))
        async with uow() as unit:
            await unit.reset_tokens.replace(earlier)
            await unit.reset_tokens.replace(later)

            assert await unit.reset_tokens.get(later.digest) == later
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(earlier.digest)

    async def test_an_earlier_token_does_not_replace_a_later(self, uow: UnitOfWorkFactory) -> None:
        user = await given_user(uow)
        earlier = builders.reset_token(user.id, "earlier")
        later = builders.reset_token(user.id, "later", NOW + minutes(1))
        async with uow() as unit:
            await unit.reset_tokens.replace(later)
            await unit.reset_tokens.replace(earlier)

            assert await unit.reset_tokens.get(later.digest) == later
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(earlier.digest)

    async def test_users_do_not_share_tokens(self, uow: UnitOfWorkFactory) -> None:
        user, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        token = builders.reset_token(user.id, "mine")
        async with uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.reset_tokens.replace(builders.reset_token(other.id, "theirs"))
            await unit.reset_tokens.discard(other.id)

            assert await unit.reset_tokens.get(token.digest) == token

    async def test_a_user_who_does_not_exist_has_no_token(self, uow: UnitOfWorkFactory) -> None:
        async with uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.reset_tokens.replace(builders.reset_token(UserId(2**40)))

    async def test_a_token_is_taken_once(self, uow: UnitOfWorkFactory) -> None:
        token = builders.reset_token((await given_user(uow)).id)
        async with uow() as unit:
            await unit.reset_tokens.replace(token)

            assert await unit.reset_tokens.take(token.digest) == token
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.take(token.digest)

    async def test_of_many_who_take_a_token_one_gets_it(self, uow: UnitOfWorkFactory) -> None:
        token = builders.reset_token((await given_user(uow)).id)
        async with uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.commit()

        async def take() -> None:
            async with uow() as unit:
                await unit.reset_tokens.take(token.digest)
                await unit.commit()

        results = await asyncio.gather(*(take() for _ in range(5)), return_exceptions=True)

        assert results.count(None) == 1
        assert sum(isinstance(result, InvalidResetToken) for result in results) == 4

    async def test_a_discarded_token_is_gone(self, uow: UnitOfWorkFactory) -> None:
        token = builders.reset_token((await given_user(uow)).id)
        async with uow() as unit:
            await unit.reset_tokens.replace(token)
            await unit.reset_tokens.discard(token.user_id)

            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(token.digest)


class OutboxContract(Contract):
    """`Outbox`. Supply `uow`, a `UnitOfWorkFactory`."""

    @pytest.mark.parametrize(
        "task",
        [
            ResetRequested("ünal@example.com"),
            ResetMail(UserId(2**62)),
            PictureDiscarded("a" * 32 + ".jpg"),
        ],
    )
    async def test_every_task_comes_back_as_it_was(
        self, uow: UnitOfWorkFactory, task: Task
    ) -> None:
        entry = builders.entry(task)
        await self._given(uow, entry)

        assert await self._claim(uow) == [replace(entry, attempts=1)]

    async def test_an_entry_not_yet_due_is_not_claimed(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, builders.entry(due_at=NOW + timedelta(microseconds=1)))

        assert await self._claim(uow) == []

    async def test_the_longest_due_comes_first_and_no_more_than_asked(
        self, uow: UnitOfWorkFactory
    ) -> None:
        entries = [builders.entry(due_at=NOW - minutes(age)) for age in (1, 3, 2)]
        await self._given(uow, *entries)

        claimed = await self._claim(uow, limit=2)

        assert [entry.id for entry in claimed] == [entries[1].id, entries[2].id]

    async def test_a_claimed_entry_is_not_claimed_again(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, builders.entry())
        await self._claim(uow)

        assert await self._claim(uow) == []

    async def test_two_claims_at_once_share_no_entry(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, *(builders.entry() for _ in range(6)))

        claims = await asyncio.gather(*(self._claim(uow, limit=2) for _ in range(3)))

        ids = [entry.id for claim in claims for entry in claim]
        assert len(ids) == len(set(ids)) == 6

    async def test_a_claim_ends_with_its_lease(self, uow: UnitOfWorkFactory) -> None:
        entry = builders.entry()
        await self._given(uow, entry)
        await self._claim(uow)

        later = await self._claim(uow, after=minutes(1))

        assert later == [replace(entry, attempts=2)]

    async def test_a_claim_that_was_rolled_back_was_none(self, uow: UnitOfWorkFactory) -> None:
        entry = builders.entry()
        await self._given(uow, entry)
        async with uow() as unit:
            await unit.outbox.claim(now=NOW, until=NOW + minutes(1), limit=9)

        assert await self._claim(uow) == [replace(entry, attempts=1)]

    async def test_a_finished_entry_is_gone(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, builders.entry())
        (claimed,) = await self._claim(uow)
        async with uow() as unit:
            await unit.outbox.finish(claimed)
            await unit.commit()

        assert await self._claim(uow, after=minutes(9)) == []

    async def test_a_cancelled_entry_is_gone(self, uow: UnitOfWorkFactory) -> None:
        entry = builders.entry()
        await self._given(uow, entry)
        async with uow() as unit:
            await unit.outbox.cancel(entry.id)
            await unit.outbox.cancel(uuid4())
            await unit.commit()

        assert await self._claim(uow) == []

    async def test_a_postponed_entry_is_due_again_then(self, uow: UnitOfWorkFactory) -> None:
        entry = builders.entry()
        await self._given(uow, entry)
        (claimed,) = await self._claim(uow)
        due_at = NOW + timedelta(seconds=5)
        async with uow() as unit:
            await unit.outbox.postpone(claimed, due_at=due_at, error="unavailable")
            await unit.commit()

        assert await self._claim(uow) == []
        assert await self._claim(uow, after=timedelta(seconds=5)) == [
            replace(entry, due_at=due_at, attempts=2)
        ]

    async def test_a_buried_entry_is_a_dead_letter_and_never_claimed(
        self, uow: UnitOfWorkFactory
    ) -> None:
        await self._given(uow, builders.entry())
        (claimed,) = await self._claim(uow)
        async with uow() as unit:
            await unit.outbox.bury(claimed, error="mail_refused")
            await unit.commit()

        assert await self._claim(uow, after=minutes(60)) == []
        async with uow() as unit:
            (letter,) = await unit.outbox.dead_letters()
        assert (letter.entry, letter.error) == (claimed, "mail_refused")

    async def test_entries_that_live_are_no_dead_letters(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, builders.entry())

        async with uow() as unit:
            assert await unit.outbox.dead_letters() == []

    @pytest.mark.parametrize("act", ["finish", "postpone", "bury"])
    async def test_who_lost_the_lease_changes_nothing(
        self, uow: UnitOfWorkFactory, act: str
    ) -> None:
        await self._given(uow, builders.entry())
        (lost,) = await self._claim(uow)
        (held,) = await self._claim(uow, after=minutes(1))
        async with uow() as unit:
            changes = {
                "finish": partial(unit.outbox.finish, lost),
                "postpone": partial(unit.outbox.postpone, lost, due_at=NOW, error="late"),
                "bury": partial(unit.outbox.bury, lost, error="late"),
            }
            with pytest.raises(LeaseLost):
                await changes[act]()

        async with uow() as unit:
            await unit.outbox.finish(held)

    async def test_a_finished_entry_cannot_be_finished_again(self, uow: UnitOfWorkFactory) -> None:
        await self._given(uow, builders.entry())
        (claimed,) = await self._claim(uow)
        async with uow() as unit:
            await unit.outbox.finish(claimed)

            with pytest.raises(LeaseLost):
                await unit.outbox.finish(claimed)

    async def _given(self, uow: UnitOfWorkFactory, *entries: Entry) -> None:
        async with uow() as unit:
            for entry in entries:
                await unit.outbox.add(entry)
            await unit.commit()

    async def _claim(
        self, uow: UnitOfWorkFactory, *, limit: int = 9, after: timedelta = timedelta()
    ) -> list[Entry]:
        now = NOW + after
        async with uow() as unit:
            claimed = await unit.outbox.claim(now=now, until=now + minutes(1), limit=limit)
            await unit.commit()
        return claimed
