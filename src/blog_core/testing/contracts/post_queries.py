"""The contract of what shows posts."""

import asyncio
from datetime import UTC, datetime

import pytest

from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostId, PostPage, PostView
from blog_core.domain.users import User, UserId
from blog_core.errors import (
    PostNotFound,
    UserNotFound,
)
from blog_core.ports import (
    UnitOfWorkFactory,
)
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts.base import (
    NO_ROWS_ID,
    Contract,
    clause,
    given_posts,
    given_two_users,
    given_user,
)

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
    """`PostQueries`."""

    ports = ("post_queries", "uow")
    needs = frozenset({"posts"})

    @clause("POST-QUERY-01")
    async def test_a_post_is_shown_beside_its_author(self) -> None:
        """A post is shown beside the public face of its author."""
        author = await given_user(self.uow)
        await given_user(self.uow, builders.new_user("other"))
        (post,) = await given_posts(self.uow, builders.new_post(author.id))

        assert await self.post_queries.get(post.id) == PostView(post=post, author=author.author)

    @clause("POST-QUERY-02")
    @pytest.mark.parametrize("post_id", NO_ROWS_ID)
    async def test_any_id_without_a_post_is_not_found(self, post_id: int) -> None:
        """Asking for a post by any int that no post has raises PostNotFound."""
        with pytest.raises(PostNotFound):
            await self.post_queries.get(PostId(post_id))

    @clause("POST-QUERY-03")
    async def test_what_is_not_committed_is_not_shown(self) -> None:
        """What was never committed is not shown."""
        author = await given_user(self.uow)
        async with self.uow() as unit:
            post = await unit.posts.add(builders.new_post(author.id))

        with pytest.raises(PostNotFound):
            await self.post_queries.get(post.id)

    @clause("POST-QUERY-04")
    async def test_the_author_is_shown_as_of_now(self) -> None:
        """A post shows its author's name and picture as they are now, not as they were."""
        author = await given_user(self.uow)
        (post,) = await given_posts(self.uow, builders.new_post(author.id))
        before = await self.post_queries.get(post.id)
        async with self.uow() as unit:
            renamed = await unit.users.save(author.renamed(username="new").with_picture("p.jpg"))
            await unit.commit()

        after = await self.post_queries.get(post.id)

        assert [before.author, after.author] == [author.author, renamed.author]

    @clause("POST-QUERY-05")
    async def test_no_posts_are_an_empty_page(self) -> None:
        """Without posts a page is empty, its total 0, and no cursor leads on."""
        assert await self.post_queries.page(limit=10) == PostPage(
            posts=(), total=0, next_cursor=None, prev_cursor=None
        )

    @clause("POST-QUERY-06")
    async def test_the_newest_come_first(self) -> None:
        """The newest posts come first."""
        await given_titles(self.uow, await given_user(self.uow), "abc")

        page = await self.post_queries.page(limit=10)

        assert (titles(page), page.total) == ("abc", 3)

    @clause("POST-QUERY-07")
    async def test_of_posts_of_one_moment_the_higher_id_comes_first(self) -> None:
        """Of posts of one moment the one with the higher id comes first."""
        author = await given_user(self.uow)
        await given_posts(self.uow, *(builders.new_post(author.id, title=t) for t in "abc"))

        assert titles(await self.post_queries.page(limit=10)) == "cba"
        assert titles(await self.post_queries.page(limit=1, skip=1)) == "b"

    @clause("POST-QUERY-08")
    async def test_skip_and_limit_cut_the_list_and_total_counts_all(self) -> None:
        """Skip and limit cut a piece out of the list, and the total counts the whole list."""
        await given_titles(self.uow, await given_user(self.uow), "abcde")

        page = await self.post_queries.page(skip=1, limit=2)

        assert (titles(page), page.total) == ("bc", 5)

    @clause("POST-QUERY-09")
    async def test_past_the_end_is_empty_with_the_true_total(self) -> None:
        """A page past the end is empty, has the true total, and no cursor leads on."""
        await given_titles(self.uow, await given_user(self.uow), "ab")

        page = await self.post_queries.page(skip=10_000, limit=2)

        assert page == PostPage(posts=(), total=2, next_cursor=None, prev_cursor=None)

    @clause("POST-QUERY-10")
    async def test_a_list_of_one_author_leaves_the_others_out(self) -> None:
        """A list of one author has that author's posts and counts no others."""
        author, other = await given_two_users(self.uow)
        await given_titles(self.uow, author, "ab")
        await given_titles(self.uow, other, "xyz")

        page = await self.post_queries.page(author_id=author.id, limit=10)

        assert (titles(page), page.total) == ("ab", 2)
        assert {view.author for view in page.posts} == {author.author}

    @clause("POST-QUERY-11")
    async def test_an_author_without_posts_has_an_empty_page(self) -> None:
        """An author without posts has an empty page."""
        author = await given_user(self.uow)

        assert (await self.post_queries.page(author_id=author.id, limit=10)).total == 0

    @clause("POST-QUERY-12")
    @pytest.mark.parametrize("user_id", NO_ROWS_ID)
    async def test_any_id_without_an_author_is_not_found(self, user_id: int) -> None:
        """Asking for the posts of any int that no user has raises UserNotFound."""
        with pytest.raises(UserNotFound):
            await self.post_queries.page(author_id=UserId(user_id), limit=10)

    @clause("POST-QUERY-13")
    async def test_cursors_walk_to_the_end_and_back(self) -> None:
        """Cursors walk from the newest post to the oldest and back; each page has the total."""
        await given_titles(self.uow, await given_user(self.uow), "abcdefg")
        pages = [await self.post_queries.page(limit=3)]
        for _ in "12":
            pages.append(await self.post_queries.page(limit=3, cursor=pages[-1].next_cursor))
        for _ in "12":
            pages.append(await self.post_queries.page(limit=3, cursor=pages[-1].prev_cursor))

        assert (pages[2].next_cursor, pages[4].prev_cursor) == (None, None)
        assert [titles(page) for page in pages] == ["abc", "def", "g", "def", "abc"]
        assert {page.total for page in pages} == {7}

    @clause("POST-QUERY-14")
    async def test_a_full_last_page_has_no_next(self) -> None:
        """A last page that is full has no next cursor."""
        await given_titles(self.uow, await given_user(self.uow), "abcd")
        first = await self.post_queries.page(limit=2)

        last = await self.post_queries.page(limit=2, cursor=first.next_cursor)

        assert (titles(last), last.next_cursor) == ("cd", None)

    @clause("POST-QUERY-15")
    async def test_the_first_page_has_no_previous(self) -> None:
        """The first page has no previous cursor."""
        await given_titles(self.uow, await given_user(self.uow), "abcd")

        assert (await self.post_queries.page(limit=2)).prev_cursor is None

    @clause("POST-QUERY-16")
    async def test_a_skipped_page_leads_both_ways(self) -> None:
        """A page reached by skip has cursors to both sides of it."""
        await given_titles(self.uow, await given_user(self.uow), "abcde")
        page = await self.post_queries.page(skip=2, limit=1)

        assert titles(await self.post_queries.page(limit=9, cursor=page.prev_cursor)) == "ab"
        assert titles(await self.post_queries.page(limit=9, cursor=page.next_cursor)) == "de"

    @clause("POST-QUERY-17")
    async def test_a_backward_page_holds_the_nearest_newer_posts(self) -> None:
        """A page read backwards holds the nearest newer posts, newest first."""
        await given_titles(self.uow, await given_user(self.uow), "abcde")
        page = await self.post_queries.page(skip=4, limit=1)

        assert titles(await self.post_queries.page(limit=2, cursor=page.prev_cursor)) == "cd"

    @clause("POST-QUERY-18")
    async def test_cursors_separate_posts_of_one_moment(self) -> None:
        """A cursor between two posts of one moment neither repeats nor misses one."""
        author = await given_user(self.uow)
        await given_posts(self.uow, *(builders.new_post(author.id, title=t) for t in "abcd"))
        first = await self.post_queries.page(limit=2)
        second = await self.post_queries.page(limit=2, cursor=first.next_cursor)
        again = await self.post_queries.page(limit=2, cursor=second.prev_cursor)

        assert [titles(page) for page in (first, second, again)] == ["dc", "ba", "dc"]

    @clause("POST-QUERY-19")
    async def test_a_post_published_meanwhile_does_not_move_the_next_page(self) -> None:
        """A post published meanwhile does not move the next page of a walk."""
        author = await given_user(self.uow)
        await given_titles(self.uow, author, "abcd")
        first = await self.post_queries.page(limit=2)
        await given_posts(
            self.uow, builders.new_post(author.id, title="new", date_posted=NOW + minutes(1))
        )

        second = await self.post_queries.page(limit=2, cursor=first.next_cursor)

        assert (titles(second), second.total) == ("cd", 5)

    @clause("POST-QUERY-20")
    async def test_the_post_beside_a_cursor_may_be_deleted(self) -> None:
        """A cursor stays good when the post beside it is deleted."""
        await given_titles(self.uow, await given_user(self.uow), "abcd")
        first = await self.post_queries.page(limit=2)
        await self._delete(first.posts[1])

        assert titles(await self.post_queries.page(limit=2, cursor=first.next_cursor)) == "cd"

    @clause("POST-QUERY-21")
    async def test_the_way_back_from_an_empty_page_misses_nothing(self) -> None:
        """From a page that deletions left empty, the way back misses nothing."""
        await given_titles(self.uow, await given_user(self.uow), "abc")
        first = await self.post_queries.page(limit=2)
        await self._delete((await self.post_queries.page(limit=1, skip=2)).posts[0])
        empty = await self.post_queries.page(limit=2, cursor=first.next_cursor)
        assert (titles(empty), empty.next_cursor) == ("", None)

        back = await self.post_queries.page(limit=2, cursor=empty.prev_cursor)

        assert (titles(back), back.prev_cursor, back.next_cursor) == ("ab", None, None)

    @clause("POST-QUERY-22")
    async def test_the_way_on_from_an_empty_backward_page_misses_nothing(self) -> None:
        """From a backward page that deletions left empty, the way on misses nothing."""
        await given_titles(self.uow, await given_user(self.uow), "abc")
        second = await self.post_queries.page(limit=2, skip=1)
        await self._delete((await self.post_queries.page(limit=1)).posts[0])
        empty = await self.post_queries.page(limit=2, cursor=second.prev_cursor)
        assert (titles(empty), empty.prev_cursor) == ("", None)

        assert titles(await self.post_queries.page(limit=2, cursor=empty.next_cursor)) == "bc"

    @clause("POST-QUERY-23")
    async def test_cursors_of_one_authors_list_stay_in_it(self) -> None:
        """Cursors of one author's list walk that list only, and say whose it is."""
        author, other = await given_two_users(self.uow)
        await given_titles(self.uow, author, "abcd")
        await given_titles(self.uow, other, "wxyz")
        first = await self.post_queries.page(author_id=author.id, limit=2)
        second = await self.post_queries.page(
            author_id=author.id, limit=2, cursor=first.next_cursor
        )
        back = await self.post_queries.page(author_id=author.id, limit=2, cursor=second.prev_cursor)

        assert [titles(page) for page in (first, second, back)] == ["ab", "cd", "ab"]
        assert (second.next_cursor, back.prev_cursor) == (None, None)
        cursors = first.next_cursor, second.prev_cursor, back.next_cursor
        assert {cursor and cursor.author_id for cursor in cursors} == {author.id}

    @clause("POST-QUERY-24")
    @pytest.mark.parametrize("backward", [True, False])
    @pytest.mark.parametrize("moment", [FIRST_MOMENT, LAST_MOMENT])
    @pytest.mark.parametrize("post_id", [0, 2**63 - 1])
    async def test_a_cursor_at_the_edge_of_time_is_answered(
        self,
        moment: datetime,
        post_id: int,
        backward: bool,
    ) -> None:
        """A cursor at the first or last moment, with the lowest or highest id, is answered."""
        await given_titles(self.uow, await given_user(self.uow), "abc")
        cursor = Cursor(date_posted=moment, post_id=post_id, backward=backward)

        page = await self.post_queries.page(limit=9, cursor=cursor)

        assert titles(page) == ("abc" if backward == (moment == FIRST_MOMENT) else "")

    @clause("POST-QUERY-25")
    async def test_a_cursor_says_where_a_page_begins(self) -> None:
        """A page that is given a cursor begins there, whatever skip says."""
        await given_titles(self.uow, await given_user(self.uow), "abcd")
        first = await self.post_queries.page(limit=2)

        page = await self.post_queries.page(limit=2, skip=1, cursor=first.next_cursor)

        assert titles(page) == "cd"

    @clause("POST-QUERY-26")
    async def test_readers_see_all_of_a_commit_or_nothing(self) -> None:
        """Readers see all of a commit or nothing of it."""
        author = await given_user(self.uow)
        (post,) = await given_posts(self.uow, builders.new_post(author.id, title="corey"))
        seen: set[tuple[str, str]] = set()

        async def rename() -> None:
            async with self.uow() as unit:
                await unit.users.save(author.renamed(username="new"))
                await unit.posts.save(post.revised(title="new"))
                await unit.commit()

        async def read() -> None:
            view = await self.post_queries.get(post.id)
            seen.add((view.author.username, view.post.title))
            await asyncio.sleep(0)

        renaming = asyncio.create_task(rename())
        while not renaming.done():
            await read()
        await renaming
        await read()

        assert {("new", "new")} <= seen <= {("corey", "corey"), ("new", "new")}

    @clause("POST-QUERY-27")
    async def test_ids_ascend_whatever_the_dates_and_authors(self) -> None:
        """The ids of posts come in ascending order, whatever their dates and authors."""
        author, other = await given_two_users(self.uow)
        await given_titles(self.uow, author, "abc")
        await given_titles(self.uow, other, "de")
        page = await self.post_queries.page(limit=10)

        ids = await self.post_queries.ids(after=0, limit=10)

        assert ids == sorted(view.post.id for view in page.posts)

    @clause("POST-QUERY-28")
    async def test_a_batch_of_ids_is_the_lowest_above_the_place(self) -> None:
        """A batch of ids begins above its place with the lowest, and is no larger than asked."""
        author = await given_user(self.uow)
        first, second, third, _ = await given_posts(self.uow, *[builders.new_post(author.id)] * 4)

        batch = await self.post_queries.ids(after=first.id, limit=2)

        assert batch == [second.id, third.id]

    @clause("POST-QUERY-29")
    async def test_a_walk_by_ids_goes_on_from_a_deleted_post(self) -> None:
        """A walk by ids goes on from the id of a post that was deleted."""
        author = await given_user(self.uow)
        first, second = await given_posts(self.uow, *[builders.new_post(author.id)] * 2)
        await self._delete(await self.post_queries.get(first.id))

        assert await self.post_queries.ids(after=first.id, limit=2) == [second.id]

    @clause("POST-QUERY-30")
    @pytest.mark.parametrize("beyond", [0, 2**32, 2**62])
    async def test_from_the_last_id_on_there_is_none(self, beyond: int) -> None:
        """From the last id on there is none, however far beyond it a walk asks."""
        (post,) = await given_posts(self.uow, builders.new_post((await given_user(self.uow)).id))

        assert await self.post_queries.ids(after=post.id + beyond, limit=2) == []

    async def _delete(self, view: PostView) -> None:
        async with self.uow() as unit:
            await unit.posts.delete(view.post.id)
            await unit.commit()
