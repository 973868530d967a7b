"""The contracts of what stores accounts and what shows them."""

from dataclasses import replace
from uuid import uuid4

import pytest

from blog_core.domain.access import Actor
from blog_core.domain.users import UserId
from blog_core.errors import (
    EmailTaken,
    InvalidResetToken,
    PostNotFound,
    SessionEnded,
    SessionNotFound,
    StaleVersion,
    UsernameTaken,
    UserNotFound,
)
from blog_core.ports import (
    UnitOfWorkFactory,
    UserQueries,
)
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import NO_ROWS_ID, Contract, given_posts, given_user

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


class UserQueriesContract(Contract):
    """`UserQueries`. Supply `uow`, a `UnitOfWorkFactory`, and `queries` over the same data."""

    async def test_an_account_has_a_public_face(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)

        assert await queries.public(user.id) == user.author

    @pytest.mark.parametrize("user_id", NO_ROWS_ID)
    async def test_any_id_without_an_account_is_not_found(
        self, queries: UserQueries, user_id: int
    ) -> None:
        with pytest.raises(UserNotFound):
            await queries.public(UserId(user_id))

    async def test_an_account_is_found_by_an_address_of_the_same_key(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)

        assert await queries.by_email("COREY@example.com") == user

    @pytest.mark.parametrize("email", ["", "nobody@example.com", "nul\0@example.com", "\ud800"])
    async def test_any_text_without_an_account_is_not_found(
        self, queries: UserQueries, email: str
    ) -> None:
        with pytest.raises(UserNotFound):
            await queries.by_email(email)

    async def test_a_session_leads_to_its_actor(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        session, theirs = builders.session(user.id), builders.session(other.id)
        async with uow() as unit:
            await unit.sessions.add(session)
            await unit.sessions.add(theirs)
            await unit.commit()

        assert await queries.actor(session.id) == Actor(user=user, session=session)

    async def test_a_session_nobody_has_is_ended(self, queries: UserQueries) -> None:
        with pytest.raises(SessionEnded):
            await queries.actor(uuid4())

    async def test_sessions_are_listed_last_begun_first(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)
        begun = [builders.session(user.id, NOW + minutes(age)) for age in (1, 3, 2)]
        async with uow() as unit:
            for session in begun:
                await unit.sessions.add(session)
            await unit.commit()

        assert await queries.sessions(user.id) == [begun[1], begun[2], begun[0]]

    async def test_sessions_of_one_moment_are_listed_by_id(
        self, uow: UnitOfWorkFactory, queries: UserQueries
    ) -> None:
        user = await given_user(uow)
        begun = [replace(builders.session(user.id), id=uuid4()) for _ in range(4)]
        async with uow() as unit:
            for session in begun:
                await unit.sessions.add(session)
            await unit.commit()

        assert await queries.sessions(user.id) == sorted(begun, key=lambda session: session.id)

    async def test_who_has_no_session_lists_none(self, queries: UserQueries) -> None:
        assert await queries.sessions(UserId(2**63)) == []
