"""The query ports over what was committed to memory."""

from datetime import datetime
from uuid import UUID

from blog_adapters.memory.database import MemoryDatabase
from blog_adapters.memory.tables import Tables, find, user_by_email
from blog_core.domain.access import Actor, Session
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import Post, PostId, PostPage, PostView
from blog_core.domain.users import Author, User, UserId
from blog_core.errors import PostNotFound, SessionEnded, UserNotFound


class MemoryPostQueries:
    """`PostQueries` over what was committed."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def get(self, post_id: PostId) -> PostView:
        """See `PostQueries`."""
        tables = self._database.committed()
        return _view(tables, find(tables.posts, post_id, PostNotFound))

    async def page(
        self,
        *,
        author_id: UserId | None = None,
        limit: int,
        skip: int = 0,
        cursor: Cursor | None = None,
    ) -> PostPage:
        """See `PostQueries`."""
        tables = self._database.committed()
        if author_id is not None:
            find(tables.users, author_id, UserNotFound)
        posts = sorted(
            (p for p in tables.posts.values() if author_id is None or p.author_id == author_id),
            key=_position,
            reverse=True,
        )
        start, stop = _bounds(posts, limit=limit, skip=skip, cursor=cursor)
        shown = posts[start:stop]
        if shown:
            older: Cursor | None = shown[-1].place(of_author=author_id)
            newer: Cursor | None = shown[0].place(of_author=author_id, backward=True)
        else:
            older = newer = cursor and cursor.turned()
        return PostPage(
            posts=tuple(_view(tables, post) for post in shown),
            total=len(posts),
            next_cursor=older if stop < len(posts) else None,
            prev_cursor=newer if start > 0 else None,
        )

    async def ids(self, *, after: int, limit: int) -> list[PostId]:
        """See `PostQueries`."""
        posts = self._database.committed().posts.values()
        return sorted(post.id for post in posts if post.id > after)[:limit]


def _position(post: Post) -> tuple[datetime, int]:
    return post.date_posted, post.id


def _bounds(posts: list[Post], *, limit: int, skip: int, cursor: Cursor | None) -> tuple[int, int]:
    if cursor is None:
        return skip, skip + limit
    place = (cursor.date_posted, cursor.post_id)
    if cursor.backward:
        stop = sum(_position(post) > place for post in posts)
        return max(0, stop - limit), stop
    start = sum(_position(post) >= place for post in posts)
    return start, start + limit


def _view(tables: Tables, post: Post) -> PostView:
    return PostView(post=post, author=tables.users[post.author_id].author)


class MemoryUserQueries:
    """`UserQueries` over what was committed."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def public(self, user_id: UserId) -> Author:
        """See `UserQueries`."""
        return find(self._database.committed().users, user_id, UserNotFound).author

    async def by_email(self, email: str) -> User:
        """See `UserQueries`."""
        return user_by_email(self._database.committed(), email)

    async def actor(self, session_id: UUID) -> Actor:
        """See `UserQueries`."""
        tables = self._database.committed()
        session = find(tables.sessions, session_id, SessionEnded)
        return Actor(user=tables.users[session.user_id], session=session)

    async def sessions(self, user_id: UserId) -> list[Session]:
        """See `UserQueries`."""
        mine = [s for s in self._database.committed().sessions.values() if s.user_id == user_id]
        mine.sort(key=lambda session: session.id)
        return sorted(mine, key=lambda session: session.created_at, reverse=True)
