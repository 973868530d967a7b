"""The contract of what stores accounts."""

import asyncio
from dataclasses import replace

import pytest

from blog_core.domain.users import UserId
from blog_core.errors import (
    EmailTaken,
    InvalidResetToken,
    PostNotFound,
    SessionNotFound,
    StaleVersion,
    UsernameTaken,
    UserNotFound,
)
from blog_core.testing import builders
from blog_core.testing.contracts.base import (
    NO_ROWS_ID,
    Contract,
    clause,
    given_posts,
    given_two_users,
    given_user,
)

SAME_NAMES = [("corey", "COREY"), ("straße", "STRASSE"), ("é", "e\u0301"), ("ﬁ", "fi"), ("ς", "Σ")]
"""Pairs of names that have one key."""


class UserRepositoryContract(Contract):
    """`UserRepository`."""

    ports = ("uow",)

    @clause("USER-REPO-01")
    async def test_an_added_account_comes_back_as_it_was(self) -> None:
        """An added account comes back as it was, with an id, version 1 and no picture."""
        draft = builders.new_user("Corey Ünal", "corey@example.com", "h" * 200)

        user = await given_user(self.uow, draft)

        async with self.uow() as unit:
            assert await unit.users.get(user.id) == user
        assert (user.username, user.email, user.password_hash, user.image_file, user.version) == (
            "Corey Ünal", "corey@example.com", "h" * 200, None, 1,
        )  # fmt: skip

    @clause("USER-REPO-02")
    @pytest.mark.parametrize(("taken", "wanted"), SAME_NAMES)
    async def test_a_name_with_the_same_key_is_taken(self, taken: str, wanted: str) -> None:
        """Adding a name with the key of another (case, width, composition) raises UsernameTaken."""
        await given_user(self.uow, builders.new_user(taken, "a@example.com"))
        async with self.uow() as unit:
            with pytest.raises(UsernameTaken):
                await unit.users.add(builders.new_user(wanted, "b@example.com"))

    @clause("USER-REPO-03")
    @pytest.mark.parametrize(("taken", "wanted"), SAME_NAMES)
    async def test_an_address_with_the_same_key_is_taken(self, taken: str, wanted: str) -> None:
        """Adding an address with the key of another raises EmailTaken."""
        await given_user(self.uow, builders.new_user("a", f"{taken}@example.com"))
        async with self.uow() as unit:
            with pytest.raises(EmailTaken):
                await unit.users.add(builders.new_user("b", f"{wanted}@example.com"))

    @clause("USER-REPO-04")
    async def test_on_a_double_clash_the_name_comes_first(self) -> None:
        """When name and address are both taken, UsernameTaken is raised."""
        await given_user(self.uow, builders.new_user("first", "mail@example.com"))
        await given_user(self.uow, builders.new_user("name", "second@example.com"))
        async with self.uow() as unit:
            with pytest.raises(UsernameTaken):
                await unit.users.add(builders.new_user("NAME", "mail@example.com"))

    @clause("USER-REPO-05")
    @pytest.mark.parametrize("user_id", NO_ROWS_ID)
    async def test_any_id_without_an_account_is_not_found(self, user_id: int) -> None:
        """Getting an account by any int that no account has raises UserNotFound."""
        async with self.uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.users.get(UserId(user_id))

    @clause("USER-REPO-06")
    async def test_an_account_is_found_by_an_address_of_the_same_key(self) -> None:
        """by_email finds, among others, the account whose address has the same key."""
        await given_user(self.uow, builders.new_user("before"))
        user = await given_user(self.uow, builders.new_user("corey", "corey@example.com"))
        await given_user(self.uow, builders.new_user("after"))

        async with self.uow() as unit:
            assert await unit.users.by_email("Corey@Example.com") == user

    @clause("USER-REPO-07")
    @pytest.mark.parametrize("email", ["", "nobody@example.com", "nul\0@example.com", "\ud800"])
    async def test_any_text_without_an_account_is_not_found(self, email: str) -> None:
        """by_email raises UserNotFound for any other text, whatever it holds."""
        async with self.uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.users.by_email(email)

    @clause("USER-REPO-08")
    async def test_saving_stores_everything_and_the_next_version(self) -> None:
        """Saving stores name, address, password and picture and returns the next version."""
        user = await given_user(self.uow)
        changed = (
            user.renamed(username="New", email="new@example.com")
            .with_password("other")
            .with_picture("picture.jpg")
        )
        async with self.uow() as unit:
            saved = await unit.users.save(changed)
            await unit.commit()

        assert saved == replace(changed, version=2)
        async with self.uow() as unit:
            assert await unit.users.get(user.id) == saved
            assert await unit.users.by_email("new@example.com") == saved

    @clause("USER-REPO-09")
    async def test_ones_own_name_may_change_its_case(self) -> None:
        """One's own name may change its case only."""
        user = await given_user(self.uow)
        async with self.uow() as unit:
            saved = await unit.users.save(user.renamed(username="COREY"))

        assert saved.username == "COREY"

    @clause("USER-REPO-10")
    async def test_saving_anothers_name_is_taken(self) -> None:
        """Saving another's name raises UsernameTaken, also when the address is taken too."""
        user = await given_user(self.uow)
        await given_user(self.uow, builders.new_user("other"))
        async with self.uow() as unit:
            with pytest.raises(UsernameTaken):
                await unit.users.save(user.renamed(username="OTHER", email="other@example.com"))

    @clause("USER-REPO-11")
    async def test_saving_anothers_address_is_taken(self) -> None:
        """Saving another's address raises EmailTaken."""
        user = await given_user(self.uow)
        await given_user(self.uow, builders.new_user("other"))
        async with self.uow() as unit:
            with pytest.raises(EmailTaken):
                await unit.users.save(user.renamed(email="Other@example.com"))

    @clause("USER-REPO-12")
    async def test_a_name_given_up_is_free(self) -> None:
        """A name and an address that were given up are free for others."""
        user = await given_user(self.uow)
        async with self.uow() as unit:
            await unit.users.save(user.renamed(username="new", email="new@example.com"))
            await unit.commit()

        assert (await given_user(self.uow)).username == user.username

    @clause("USER-REPO-13")
    async def test_saving_an_old_version_is_stale(self) -> None:
        """Saving a version that is no longer the stored one raises StaleVersion."""
        user = await given_user(self.uow)
        async with self.uow() as unit:
            await unit.users.save(user.renamed(username="first"))
            await unit.commit()

        async with self.uow() as unit:
            with pytest.raises(StaleVersion):
                await unit.users.save(user.renamed(username="second"))

    @clause("USER-REPO-14")
    async def test_saving_a_deleted_account_is_not_found(self) -> None:
        """Saving an account that is gone raises UserNotFound."""
        user = await given_user(self.uow)
        async with self.uow() as unit:
            await unit.users.delete(user.id)

            with pytest.raises(UserNotFound):
                await unit.users.save(user)

    @clause("USER-REPO-15", "posts")
    async def test_deleting_an_account_deletes_its_posts(self) -> None:
        """Deleting an account deletes its posts and nobody else's."""
        user, other = await given_two_users(self.uow)
        mine, others = await given_posts(
            self.uow, builders.new_post(user.id), builders.new_post(other.id)
        )
        async with self.uow() as unit:
            await unit.users.delete(user.id)
            await unit.commit()

        async with self.uow() as unit:
            assert await unit.posts.get(others.id) == others
            with pytest.raises(PostNotFound):
                await unit.posts.get(mine.id)

    @clause("USER-REPO-16", "sessions")
    async def test_deleting_an_account_deletes_its_sessions(self) -> None:
        """Deleting an account deletes its sessions and nobody else's."""
        user, other = await given_two_users(self.uow)
        mine, others = builders.session(user.id), builders.session(other.id)
        async with self.uow() as unit:
            await unit.sessions.add(mine)
            await unit.sessions.add(others)
            await unit.users.delete(user.id)

            await unit.sessions.end(others.id, other.id)
            with pytest.raises(SessionNotFound):
                await unit.sessions.end(mine.id, user.id)

    @clause("USER-REPO-17", "reset_tokens")
    async def test_deleting_an_account_deletes_its_reset_token(self) -> None:
        """Deleting an account deletes its reset token and nobody else's."""
        user, other = await given_two_users(self.uow)
        mine, others = builders.reset_token(user.id, "a"), builders.reset_token(other.id, "b")
        async with self.uow() as unit:
            await unit.reset_tokens.replace(mine)
            await unit.reset_tokens.replace(others)
            await unit.users.delete(user.id)

            assert await unit.reset_tokens.get(others.digest) == others
            with pytest.raises(InvalidResetToken):
                await unit.reset_tokens.get(mine.digest)

    @clause("USER-REPO-18")
    @pytest.mark.parametrize("user_id", NO_ROWS_ID)
    async def test_deleting_who_is_not_there_is_not_found(self, user_id: int) -> None:
        """Deleting by any int that no account has raises UserNotFound."""
        async with self.uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.users.delete(UserId(user_id))

    @clause("USER-REPO-19")
    async def test_a_picture_is_shown_while_an_account_has_it(self) -> None:
        """A picture is shown while any account has it, and no longer."""
        first, second = await given_two_users(self.uow)
        async with self.uow() as unit:
            former = await unit.users.save(first.with_picture("former.jpg"))
            await unit.users.save(former.with_picture(None))
            await unit.users.save(second.with_picture("shown.jpg"))

            assert await unit.users.shows_picture("shown.jpg")
            assert not await unit.users.shows_picture("former.jpg")
            assert not await unit.users.shows_picture("shown")

    @clause("USER-REPO-20")
    async def test_changing_one_account_leaves_the_others(self) -> None:
        """Saving or deleting one account leaves the others as they were."""
        saved, kept, deleted = [
            await given_user(self.uow, builders.new_user(name)) for name in ("one", "two", "three")
        ]
        async with self.uow() as unit:
            await unit.users.save(saved.renamed(username="new").with_picture("new.jpg"))
            await unit.users.delete(deleted.id)
            await unit.commit()

        async with self.uow() as unit:
            assert await unit.users.get(kept.id) == kept

    @clause("USER-REPO-21")
    async def test_a_deleted_account_is_gone_and_its_name_is_free(self) -> None:
        """A deleted account is gone, and its name and address are free for others."""
        user = await given_user(self.uow)
        async with self.uow() as unit:
            await unit.users.delete(user.id)
            await unit.commit()

        async with self.uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.users.get(user.id)
            with pytest.raises(UserNotFound):
                await unit.users.by_email(user.email)
            assert (await unit.users.add(builders.new_user())).username == user.username

    @clause("USER-REPO-22")
    async def test_an_account_gets_an_id_that_no_other_has_had(self) -> None:
        """An account gets an id that no other has had; ids are positive."""
        first, second = await given_two_users(self.uow)
        async with self.uow() as unit:
            await unit.users.delete(second.id)
            await unit.commit()

        third = await given_user(self.uow, builders.new_user("third"))

        assert len({first.id, second.id, third.id}) == 3
        assert min(first.id, second.id, third.id) > 0

    @clause("USER-REPO-23")
    @pytest.mark.parametrize("found_by", ["id", "address"])
    async def test_units_side_by_side_keep_every_change(self, found_by: str) -> None:
        """Of units side by side that read and change an account, none loses another's change."""
        user = await given_user(self.uow)

        async def append(letter: str) -> None:
            async with self.uow() as unit:
                if found_by == "id":
                    current = await unit.users.get(user.id)
                else:
                    current = await unit.users.by_email(user.email)
                await asyncio.sleep(0)
                await unit.users.save(current.renamed(username=current.username + letter))
                await unit.commit()

        await asyncio.gather(*(append(letter) for letter in "abcd"))

        async with self.uow() as unit:
            assert sorted((await unit.users.get(user.id)).username) == sorted("coreyabcd")
