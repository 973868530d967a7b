"""The contracts of what stores posts and what shows them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostId, PostPage, PostView
from blog_core.domain.users import User, UserId
from blog_core.errors import (
    PostNotFound,
    StaleVersion,
    UserNotFound,
)
from blog_core.ports import (
    PostQueries,
    UnitOfWorkFactory,
)
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import NO_ROWS_ID, Contract, given_posts, given_user


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


FIRST_MOMENT = datetime(1, 1, 1, tzinfo=UTC)


LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def titles(page: PostPage) -> str:
    """Return the titles of a page, in order, as one word."""
    return "".join(view.post.title for view in page.posts)


async def given_titles(uow: UnitOfWorkFactory, author: User, letters: str) -> None:
    """Commit a post for each letter, the first of them the newest."""
    await given_posts(
        uow,
        *(
            builders.new_post(author.id, title=letter, date_posted=NOW - minutes(age))
            for age, letter in enumerate(letters)
        ),
    )


class PostQueriesContract(Contract):
    """`PostQueries`. Supply `uow`, a `UnitOfWorkFactory`, and `queries` over the same data."""

    async def test_a_post_is_shown_beside_its_author(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        author = await given_user(uow)
        await given_user(uow, builders.new_user("other"))
        (post,) = await given_posts(uow, builders.new_post(author.id))

        assert await queries.get(post.id) == PostView(post=post, author=author.author)

    @pytest.mark.parametrize("post_id", NO_ROWS_ID)
    async def test_any_id_without_a_post_is_not_found(
        self, queries: PostQueries, post_id: int
    ) -> None:
        with pytest.raises(PostNotFound):
            await queries.get(PostId(post_id))

    async def test_what_is_not_committed_is_not_shown(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        author = await given_user(uow)
        async with uow() as unit:
            post = await unit.posts.add(builders.new_post(author.id))

        with pytest.raises(PostNotFound):
            await queries.get(post.id)

    async def test_the_author_is_shown_as_of_now(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        author = await given_user(uow)
        (post,) = await given_posts(uow, builders.new_post(author.id))
        async with uow() as unit:
            renamed = await unit.users.save(author.renamed(username="new").with_picture("p.jpg"))
            await unit.commit()

        assert (await queries.get(post.id)).author == renamed.author

    async def test_no_posts_are_an_empty_page(self, queries: PostQueries) -> None:
        assert await queries.page(limit=10) == PostPage(
            posts=(), total=0, next_cursor=None, prev_cursor=None
        )

    async def test_the_newest_come_first(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        await given_titles(uow, await given_user(uow), "abc")

        page = await queries.page(limit=10)

        assert (titles(page), page.total) == ("abc", 3)

    async def test_of_posts_of_one_moment_the_higher_id_comes_first(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        author = await given_user(uow)
        await given_posts(uow, *(builders.new_post(author.id, title=t) for t in "abc"))

        assert titles(await queries.page(limit=10)) == "cba"
        assert titles(await queries.page(limit=1, skip=1)) == "b"

    async def test_skip_and_limit_cut_the_list_and_total_counts_all(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        await given_titles(uow, await given_user(uow), "abcde")

        page = await queries.page(skip=1, limit=2)

        assert (titles(page), page.total) == ("bc", 5)

    async def test_past_the_end_is_empty_with_the_true_total(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        await given_titles(uow, await given_user(uow), "ab")

        page = await queries.page(skip=10_000, limit=2)

        assert page == PostPage(posts=(), total=2, next_cursor=None, prev_cursor=None)

    async def test_a_list_of_one_author_leaves_the_others_out(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        author, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        await given_titles(uow, author, "ab")
        await given_titles(uow, other, "xyz")

        page = await queries.page(author_id=author.id, limit=10)

        assert (titles(page), page.total) == ("ab", 2)
        assert {view.author for view in page.posts} == {author.author}

    async def test_an_author_without_posts_has_an_empty_page(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        author = await given_user(uow)

        assert (await queries.page(author_id=author.id, limit=10)).total == 0

    @pytest.mark.parametrize("user_id", NO_ROWS_ID)
    async def test_any_id_without_an_author_is_not_found(
        self, queries: PostQueries, user_id: int
    ) -> None:
        with pytest.raises(UserNotFound):
            await queries.page(author_id=UserId(user_id), limit=10)

    async def test_cursors_walk_to_the_end_and_back(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        await given_titles(uow, await given_user(uow), "abcdefg")
        pages = [await queries.page(limit=3)]
        while (cursor := pages[-1].next_cursor) is not None:
            pages.append(await queries.page(limit=3, cursor=cursor))
        while (cursor := pages[-1].prev_cursor) is not None:
            pages.append(await queries.page(limit=3, cursor=cursor))

        assert [titles(page) for page in pages] == ["abc", "def", "g", "def", "abc"]
        assert {page.total for page in pages} == {7}

    async def test_a_full_last_page_has_no_next(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        await given_titles(uow, await given_user(uow), "abcd")
        first = await queries.page(limit=2)

        last = await queries.page(limit=2, cursor=first.next_cursor)

        assert (titles(last), last.next_cursor) == ("cd", None)

    async def test_the_first_page_has_no_previous(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        await given_titles(uow, await given_user(uow), "abcd")

        assert (await queries.page(limit=2)).prev_cursor is None

    async def test_a_skipped_page_leads_both_ways(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        await given_titles(uow, await given_user(uow), "abcde")
        page = await queries.page(skip=2, limit=1)

        assert titles(await queries.page(limit=9, cursor=page.prev_cursor)) == "ab"
        assert titles(await queries.page(limit=9, cursor=page.next_cursor)) == "de"

    async def test_a_backward_page_holds_the_nearest_newer_posts(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        await given_titles(uow, await given_user(uow), "abcde")
        page = await queries.page(skip=4, limit=1)

        assert titles(await queries.page(limit=2, cursor=page.prev_cursor)) == "cd"

    async def test_cursors_separate_posts_of_one_moment(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        author = await given_user(uow)
        await given_posts(uow, *(builders.new_post(author.id, title=t) for t in "abcd"))
        first = await queries.page(limit=2)
        second = await queries.page(limit=2, cursor=first.next_cursor)
        again = await queries.page(limit=2, cursor=second.prev_cursor)

        assert [titles(page) for page in (first, second, again)] == ["dc", "ba", "dc"]

    async def test_a_post_published_meanwhile_does_not_move_the_next_page(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        author = await given_user(uow)
        await given_titles(uow, author, "abcd")
        first = await queries.page(limit=2)
        await given_posts(
            uow, builders.new_post(author.id, title="new", date_posted=NOW + minutes(1))
        )

        second = await queries.page(limit=2, cursor=first.next_cursor)

        assert (titles(second), second.total) == ("cd", 5)

    async def test_the_post_beside_a_cursor_may_be_deleted(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        await given_titles(uow, await given_user(uow), "abcd")
        first = await queries.page(limit=2)
        await self._delete(uow, first.posts[1])

        assert titles(await queries.page(limit=2, cursor=first.next_cursor)) == "cd"

    async def test_the_way_back_from_an_empty_page_misses_nothing(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        await given_titles(uow, await given_user(uow), "abc")
        first = await queries.page(limit=2)
        await self._delete(uow, (await queries.page(limit=1, skip=2)).posts[0])
        empty = await queries.page(limit=2, cursor=first.next_cursor)
        assert (titles(empty), empty.next_cursor) == ("", None)

        back = await queries.page(limit=2, cursor=empty.prev_cursor)

        assert (titles(back), back.prev_cursor, back.next_cursor) == ("ab", None, None)

    async def test_the_way_on_from_an_empty_backward_page_misses_nothing(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        await given_titles(uow, await given_user(uow), "abc")
        second = await queries.page(limit=2, skip=1)
        await self._delete(uow, (await queries.page(limit=1)).posts[0])
        empty = await queries.page(limit=2, cursor=second.prev_cursor)
        assert (titles(empty), empty.prev_cursor) == ("", None)

        assert titles(await queries.page(limit=2, cursor=empty.next_cursor)) == "bc"

    async def test_cursors_of_one_authors_list_stay_in_it(
        self, uow: UnitOfWorkFactory, queries: PostQueries
    ) -> None:
        author, other = await given_user(uow), await given_user(uow, builders.new_user("other"))
        await given_titles(uow, author, "abcd")
        await given_titles(uow, other, "wxyz")
        first = await queries.page(author_id=author.id, limit=2)
        second = await queries.page(author_id=author.id, limit=2, cursor=first.next_cursor)
        back = await queries.page(author_id=author.id, limit=2, cursor=second.prev_cursor)

        assert [titles(page) for page in (first, second, back)] == ["ab", "cd", "ab"]
        assert (second.next_cursor, back.prev_cursor) == (None, None)

    @pytest.mark.parametrize("backward", [True, False])
    @pytest.mark.parametrize("moment", [FIRST_MOMENT, LAST_MOMENT])
    @pytest.mark.parametrize("post_id", [0, 2**63 - 1])
    async def test_a_cursor_at_the_edge_of_time_is_answered(
        self,
        uow: UnitOfWorkFactory,
        queries: PostQueries,
        moment: datetime,
        post_id: int,
        backward: bool,
    ) -> None:
        await given_titles(uow, await given_user(uow), "abc")
        cursor = Cursor(date_posted=moment, post_id=post_id, backward=backward)

        page = await queries.page(limit=9, cursor=cursor)

        assert titles(page) == ("abc" if backward == (moment == FIRST_MOMENT) else "")

    async def _delete(self, uow: UnitOfWorkFactory, view: PostView) -> None:
        async with uow() as unit:
            await unit.posts.delete(view.post.id)
            await unit.commit()
