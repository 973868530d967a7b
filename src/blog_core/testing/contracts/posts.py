"""The contract of what stores posts."""

from dataclasses import replace

import pytest

from blog_core.domain.posts import PostId
from blog_core.domain.users import UserId
from blog_core.errors import (
    PostNotFound,
    StaleVersion,
    UserNotFound,
)
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import (
    NO_ROWS_ID,
    Contract,
    clause,
    given_posts,
    given_user,
)


class PostRepositoryContract(Contract):
    """`PostRepository`."""

    ports = ("uow",)
    needs = frozenset({"posts"})

    @clause("POST-REPO-01")
    async def test_an_added_post_comes_back_as_it_was(self) -> None:
        """An added post comes back as it was, with an id and version 1."""
        author = await given_user(self.uow)
        draft = builders.new_post(author.id, title="T" * 100, content="tab\tline\nmarks “ß” 🙂")

        (post,) = await given_posts(self.uow, draft)

        async with self.uow() as unit:
            assert await unit.posts.get(post.id) == post
        assert (post.author_id, post.title, post.content, post.date_posted, post.version) == (
            author.id, draft.title, draft.content, NOW, 1,
        )  # fmt: skip

    @clause("POST-REPO-02")
    async def test_the_longest_content_comes_back_whole(self) -> None:
        """A content of 200,000 characters comes back whole."""
        content = "é" * 200_000

        (post,) = await given_posts(
            self.uow, builders.new_post((await given_user(self.uow)).id, content=content)
        )

        async with self.uow() as unit:
            assert (await unit.posts.get(post.id)).content == content

    @clause("POST-REPO-03")
    async def test_each_post_gets_a_higher_id(self) -> None:
        """Each post gets a higher id than any before, gone ones included; ids are positive."""
        author = await given_user(self.uow)
        first, second = await given_posts(self.uow, *[builders.new_post(author.id)] * 2)
        async with self.uow() as unit:
            await unit.posts.delete(second.id)
            await unit.commit()

        (third,) = await given_posts(self.uow, builders.new_post(author.id))

        assert 0 < first.id < second.id < third.id

    @clause("POST-REPO-04")
    @pytest.mark.parametrize("author_id", NO_ROWS_ID)
    async def test_an_author_who_does_not_exist_is_refused(self, author_id: int) -> None:
        """Adding a post by any int that no user has raises UserNotFound."""
        async with self.uow() as unit:
            with pytest.raises(UserNotFound):
                await unit.posts.add(builders.new_post(UserId(author_id)))

    @clause("POST-REPO-05")
    @pytest.mark.parametrize("post_id", NO_ROWS_ID)
    async def test_any_id_without_a_post_is_not_found(self, post_id: int) -> None:
        """Getting a post by any int that no post has raises PostNotFound."""
        async with self.uow() as unit:
            with pytest.raises(PostNotFound):
                await unit.posts.get(PostId(post_id))

    @clause("POST-REPO-06")
    async def test_saving_stores_the_new_texts_and_the_next_version(self) -> None:
        """Saving stores the new title and content and returns the post with the next version."""
        (post,) = await given_posts(self.uow, builders.new_post((await given_user(self.uow)).id))
        async with self.uow() as unit:
            saved = await unit.posts.save(post.revised(title="New", content="Newer"))
            await unit.commit()

        assert saved == replace(post, title="New", content="Newer", version=2)
        async with self.uow() as unit:
            assert await unit.posts.get(post.id) == saved

    @clause("POST-REPO-07")
    async def test_saving_never_changes_date_and_author(self) -> None:
        """Saving never changes a post's author and date."""
        other = await given_user(self.uow, builders.new_user("other"))
        (post,) = await given_posts(self.uow, builders.new_post((await given_user(self.uow)).id))
        async with self.uow() as unit:
            await unit.posts.save(replace(post, author_id=other.id, date_posted=NOW + minutes(1)))
            await unit.commit()

        async with self.uow() as unit:
            assert await unit.posts.get(post.id) == replace(post, version=2)

    @clause("POST-REPO-08")
    async def test_saving_an_old_version_is_stale(self) -> None:
        """Saving a version that is no longer the stored one raises StaleVersion."""
        (post,) = await given_posts(self.uow, builders.new_post((await given_user(self.uow)).id))
        async with self.uow() as unit:
            await unit.posts.save(post.revised(title="First"))
            await unit.commit()

        async with self.uow() as unit:
            with pytest.raises(StaleVersion):
                await unit.posts.save(post.revised(title="Second"))

    @clause("POST-REPO-09")
    async def test_saving_a_deleted_post_is_not_found(self) -> None:
        """Saving a post that is gone raises PostNotFound."""
        (post,) = await given_posts(self.uow, builders.new_post((await given_user(self.uow)).id))
        async with self.uow() as unit:
            await unit.posts.delete(post.id)

            with pytest.raises(PostNotFound):
                await unit.posts.save(post)

    @clause("POST-REPO-10")
    async def test_a_deleted_post_is_gone(self) -> None:
        """A deleted post is gone."""
        (post,) = await given_posts(self.uow, builders.new_post((await given_user(self.uow)).id))
        async with self.uow() as unit:
            await unit.posts.delete(post.id)
            await unit.commit()

        async with self.uow() as unit:
            with pytest.raises(PostNotFound):
                await unit.posts.get(post.id)

    @clause("POST-REPO-11")
    @pytest.mark.parametrize("post_id", NO_ROWS_ID)
    async def test_deleting_what_is_not_there_is_not_found(self, post_id: int) -> None:
        """Deleting by any int that no post has raises PostNotFound."""
        async with self.uow() as unit:
            with pytest.raises(PostNotFound):
                await unit.posts.delete(PostId(post_id))

    @clause("POST-REPO-12")
    async def test_changing_one_post_leaves_the_others(self) -> None:
        """Saving or deleting one post leaves the others as they were."""
        author = await given_user(self.uow)
        saved, kept, deleted = await given_posts(
            self.uow, *(builders.new_post(author.id, title=title) for title in "abc")
        )
        async with self.uow() as unit:
            await unit.posts.save(saved.revised(title="new"))
            await unit.posts.delete(deleted.id)
            await unit.commit()

        async with self.uow() as unit:
            assert await unit.posts.get(kept.id) == kept

    @clause("POST-REPO-13")
    async def test_changes_that_were_not_committed_are_undone(self) -> None:
        """Posts added, saved or deleted without a commit are as they were before."""
        author = await given_user(self.uow)
        kept, back = await given_posts(self.uow, *[builders.new_post(author.id)] * 2)
        async with self.uow() as unit:
            added = await unit.posts.add(builders.new_post(author.id))
            await unit.posts.save(kept.revised(title="new"))
            await unit.posts.delete(back.id)

        async with self.uow() as unit:
            assert await unit.posts.get(kept.id) == kept
            assert await unit.posts.get(back.id) == back
            with pytest.raises(PostNotFound):
                await unit.posts.get(added.id)
