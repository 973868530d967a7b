"""Mistakes in what shows posts: order, pages and cursors."""

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

from blog_adapters.memory import MemoryDatabase, MemoryPostQueries
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostId, PostPage, PostView
from blog_core.domain.users import Author, UserId
from blog_core.errors import PostNotFound, UserNotFound
from sabotage.saboteur import saboteur


@saboteur("POST-QUERY-01")
class ShowsTheWrongAuthor(MemoryPostQueries):
    async def get(self, post_id: PostId) -> PostView:
        view = await super().get(post_id)
        *_, last = self._database.committed().users.values()
        return replace(view, author=last.author)


@saboteur("POST-QUERY-02", also="POST-QUERY-03")
class AnswersNoneForAMissingRow(MemoryPostQueries):
    async def get(self, post_id: PostId) -> PostView:
        try:
            return await super().get(post_id)
        except PostNotFound:
            return None  # type: ignore[return-value] # the mistake


@saboteur("POST-QUERY-02")
class OverflowsOnAHugeId(MemoryPostQueries):
    async def get(self, post_id: PostId) -> PostView:
        post_id.to_bytes(8, signed=True)
        return await super().get(post_id)


@saboteur("POST-QUERY-04", also="POST-QUERY-26")
class RemembersAuthors(MemoryPostQueries):
    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(database)
        self._authors: dict[UserId, Author] = {}

    async def get(self, post_id: PostId) -> PostView:
        view = await super().get(post_id)
        return replace(view, author=self._authors.setdefault(view.author.id, view.author))


@saboteur("POST-QUERY-05")
class FindsNoPageInAnEmptyBlog(MemoryPostQueries):
    async def page(self, **asked: Any) -> PostPage:
        if asked.get("author_id") is None and not self._database.committed().posts:
            raise PostNotFound
        return await super().page(**asked)


@saboteur("POST-QUERY-06", also="POST-QUERY-07 08 10 13 14 16 17 18 19 20 21 22 23 24 25")
class ShowsTheOldestFirst(MemoryPostQueries):
    async def page(self, **asked: Any) -> PostPage:
        page = await super().page(**asked)
        return replace(page, posts=page.posts[::-1])


@saboteur("POST-QUERY-06", also="POST-QUERY-08 10 13 14 16 17 19 20 21 22 23 24 25")
class OrdersByIdAlone(MemoryPostQueries):
    async def page(self, **asked: Any) -> PostPage:
        page = await super().page(**asked)
        by_id = sorted(page.posts, key=lambda view: view.post.id, reverse=True)
        return replace(page, posts=tuple(by_id))


@saboteur("POST-QUERY-07", also="POST-QUERY-18")
class ForgetsTheTieBreaker(MemoryPostQueries):
    async def page(self, **asked: Any) -> PostPage:
        page = await super().page(**asked)
        by_id = sorted(page.posts, key=lambda view: view.post.id)
        by_date = sorted(by_id, key=lambda view: view.post.date_posted, reverse=True)
        return replace(page, posts=tuple(by_date))


@saboteur("POST-QUERY-08", also="POST-QUERY-22")
class SkipsWholePages(MemoryPostQueries):
    async def page(self, *, limit: int, skip: int = 0, **asked: Any) -> PostPage:
        return await super().page(limit=limit, skip=skip * limit, **asked)


@saboteur("POST-QUERY-08", also="POST-QUERY-09 13 19")
class CountsThePageForTheList(MemoryPostQueries):
    async def page(self, **asked: Any) -> PostPage:
        page = await super().page(**asked)
        return replace(page, total=len(page.posts))


@saboteur("POST-QUERY-09")
class LosesTheTotalPastTheEnd(MemoryPostQueries):
    async def page(self, **asked: Any) -> PostPage:
        page = await super().page(**asked)
        return page if page.posts else replace(page, total=0)


@saboteur("POST-QUERY-09")
class LeadsBackFromPastTheEnd(MemoryPostQueries):
    async def page(self, *, skip: int = 0, **asked: Any) -> PostPage:
        page = await super().page(skip=skip, **asked)
        if page.posts or not skip:
            return page
        last = (await super().page(limit=1, skip=page.total - 1)).posts[0].post
        return replace(page, prev_cursor=last.place(backward=True))


@saboteur("POST-QUERY-10", also="POST-QUERY-23")
class ReturnsThePageOfAnotherAuthor(MemoryPostQueries):
    async def page(self, *, author_id: UserId | None = None, **asked: Any) -> PostPage:
        page = await super().page(author_id=author_id, **asked)
        others = {user.id for user in self._database.committed().users.values()} - {author_id}
        if author_id is None or not others:
            return page
        return await super().page(author_id=min(others), **asked)


@saboteur("POST-QUERY-10")
class CountsThePostsOfAll(MemoryPostQueries):
    async def page(self, **asked: Any) -> PostPage:
        page = await super().page(**asked)
        return replace(page, total=len(self._database.committed().posts))


@saboteur("POST-QUERY-11")
class FindsNoAuthorWithoutPosts(MemoryPostQueries):
    async def page(self, *, author_id: UserId | None = None, **asked: Any) -> PostPage:
        page = await super().page(author_id=author_id, **asked)
        if author_id is not None and not page.total:
            raise UserNotFound
        return page


@saboteur("POST-QUERY-12")
class ShowsAnEmptyPageOfNobody(MemoryPostQueries):
    async def page(self, **asked: Any) -> PostPage:
        try:
            return await super().page(**asked)
        except UserNotFound:
            return PostPage(posts=(), total=0, next_cursor=None, prev_cursor=None)


@saboteur("POST-QUERY-13", also="POST-QUERY-19")
class CountsWhatIsLeft(MemoryPostQueries):
    async def page(self, **asked: Any) -> PostPage:
        page = await super().page(**asked)
        if page.next_cursor is not None or asked.get("cursor") is None:
            return page
        return replace(page, total=len(page.posts))


@saboteur("POST-QUERY-13", also="POST-QUERY-14 16 17 18 19 21 22 23 25")
class BeginsWithThePostBesideTheCursor(MemoryPostQueries):
    async def page(self, *, cursor: Cursor | None = None, **asked: Any) -> PostPage:
        if cursor is not None:
            nudge = -1 if cursor.backward else 1
            cursor = replace(cursor, post_id=max(cursor.post_id + nudge, 0))
        return await super().page(cursor=cursor, **asked)


@saboteur("POST-QUERY-14", also="POST-QUERY-21 23")
class LeadsOnFromEveryFullPage(MemoryPostQueries):
    async def page(self, *, limit: int, **asked: Any) -> PostPage:
        page = await super().page(limit=limit, **asked)
        if len(page.posts) < limit:
            return page
        last = page.posts[-1].post
        return replace(page, next_cursor=last.place(of_author=asked.get("author_id")))


@saboteur("POST-QUERY-15", also="POST-QUERY-13 21 23")
class LeadsBackFromTheFirstPage(MemoryPostQueries):
    async def page(self, **asked: Any) -> PostPage:
        page = await super().page(**asked)
        if not page.posts or page.prev_cursor:
            return page
        return replace(page, prev_cursor=page.posts[0].post.place(backward=True))


@saboteur("POST-QUERY-16")
class LeadsNowhereFromASkippedPage(MemoryPostQueries):
    async def page(self, *, skip: int = 0, **asked: Any) -> PostPage:
        page = await super().page(skip=skip, **asked)
        return replace(page, next_cursor=None) if skip else page


@saboteur("POST-QUERY-17", also="POST-QUERY-13 16")
class GoesBackToTheVeryBeginning(MemoryPostQueries):
    async def page(self, *, cursor: Cursor | None = None, **asked: Any) -> PostPage:
        page = await super().page(cursor=cursor, **asked)
        return await super().page(**asked) if cursor and cursor.backward and page.posts else page


@saboteur("POST-QUERY-17", also="POST-QUERY-13 16 18 21 23 24")
class ReadsBackwardsUpsideDown(MemoryPostQueries):
    async def page(self, *, cursor: Cursor | None = None, **asked: Any) -> PostPage:
        page = await super().page(cursor=cursor, **asked)
        return replace(page, posts=page.posts[::-1]) if cursor and cursor.backward else page


@saboteur("POST-QUERY-18", also="POST-QUERY-21 22")
class ComparesCursorsByDateAlone(MemoryPostQueries):
    async def page(self, *, cursor: Cursor | None = None, **asked: Any) -> PostPage:
        if cursor is not None:
            cursor = replace(cursor, post_id=2**63 - 1 if cursor.backward else 0)
        return await super().page(cursor=cursor, **asked)


@saboteur("POST-QUERY-19", also="POST-QUERY-20")
class CountsOffsetsInsteadOfCursors(MemoryPostQueries):
    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(database)
        self._places: dict[Cursor, int] = {}

    async def page(self, *, cursor: Cursor | None = None, skip: int = 0, **asked: Any) -> PostPage:
        if cursor is None or cursor.backward or cursor not in self._places:
            page = await super().page(cursor=cursor, skip=skip, **asked)
        else:
            page = await super().page(skip=self._places[cursor], **asked)
        if cursor is None and page.next_cursor is not None:
            self._places[page.next_cursor] = skip + len(page.posts)
        return page


@saboteur("POST-QUERY-20", also="POST-QUERY-24")
class LooksForThePostBesideTheCursor(MemoryPostQueries):
    async def page(self, *, cursor: Cursor | None = None, **asked: Any) -> PostPage:
        if cursor is not None:
            await self.get(PostId(cursor.post_id))
        return await super().page(cursor=cursor, **asked)


class _TurningOnTheSpot(MemoryPostQueries):
    """Leads away from an empty page without the post that the page was beside."""

    backward: bool

    async def page(self, *, cursor: Cursor | None = None, **asked: Any) -> PostPage:
        page = await super().page(cursor=cursor, **asked)
        if page.posts or cursor is None or cursor.backward != self.backward:
            return page
        turned = replace(cursor, backward=not cursor.backward)
        if self.backward:
            return replace(page, next_cursor=turned)
        return replace(page, prev_cursor=turned)


@saboteur("POST-QUERY-21")
class MissesAPostOnTheWayBack(_TurningOnTheSpot):
    backward = False


@saboteur("POST-QUERY-22")
class MissesAPostOnTheWayOn(_TurningOnTheSpot):
    backward = True


@saboteur("POST-QUERY-23")
class ForgetsTheAuthorOnTheWay(MemoryPostQueries):
    async def page(self, *, author_id: UserId | None = None, **asked: Any) -> PostPage:
        if asked.get("cursor") is not None:
            author_id = None
        return await super().page(author_id=author_id, **asked)


@saboteur("POST-QUERY-23")
class SaysNotWhoseListItIs(MemoryPostQueries):
    async def page(self, **asked: Any) -> PostPage:
        page = await super().page(**asked)
        older = page.next_cursor and replace(page.next_cursor, author_id=None)
        newer = page.prev_cursor and replace(page.prev_cursor, author_id=None)
        return replace(page, next_cursor=older, prev_cursor=newer)


@saboteur("POST-QUERY-24")
class OverflowsAtTheEdgeOfTime(MemoryPostQueries):
    async def page(self, *, cursor: Cursor | None = None, **asked: Any) -> PostPage:
        if cursor is not None:
            cursor.date_posted.astimezone(timezone(timedelta(hours=14)))
            cursor.date_posted.astimezone(timezone(timedelta(hours=-12)))
        return await super().page(cursor=cursor, **asked)


@saboteur("POST-QUERY-25")
class SkipsFromTheCursorOn(MemoryPostQueries):
    async def page(
        self, *, limit: int, skip: int = 0, cursor: Cursor | None = None, **asked: Any
    ) -> PostPage:
        if cursor is None:
            return await super().page(limit=limit, skip=skip, **asked)
        page = await super().page(limit=limit + skip, cursor=cursor, **asked)
        return replace(page, posts=page.posts[skip:])


@saboteur("POST-QUERY-27")
class ListsIdsFromTheNewest(MemoryPostQueries):
    async def ids(self, *, after: int, limit: int) -> list[PostId]:
        posts = sorted(self._database.committed().posts.values(), key=lambda p: p.date_posted)
        return [post.id for post in posts if post.id > after][:limit]


@saboteur("POST-QUERY-28", also="POST-QUERY-30")
class BeginsWithThePlaceItself(MemoryPostQueries):
    async def ids(self, *, after: int, limit: int) -> list[PostId]:
        return await super().ids(after=after - 1, limit=limit)


@saboteur("POST-QUERY-28")
class ForgetsHowManyIdsWereAskedFor(MemoryPostQueries):
    async def ids(self, *, after: int, limit: int) -> list[PostId]:
        return await super().ids(after=after, limit=2**31)


@saboteur("POST-QUERY-29", also="POST-QUERY-30")
class GoesOnOnlyFromAPost(MemoryPostQueries):
    async def ids(self, *, after: int, limit: int) -> list[PostId]:
        if after:
            await self.get(PostId(after))
        return await super().ids(after=after, limit=limit)


@saboteur("POST-QUERY-30")
class OverflowsOnAHighId(MemoryPostQueries):
    async def ids(self, *, after: int, limit: int) -> list[PostId]:
        after.to_bytes(4)
        return await super().ids(after=after, limit=limit)
