"""The query ports on PostgreSQL: one statement each, so each answer is one snapshot.

Statements are built once, with parameters: building one takes as long as answering it.
"""

from enum import Enum, auto
from functools import lru_cache
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Executable,
    Integer,
    Select,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    select,
    true,
    tuple_,
)

from blog_adapters.sql.database import Readable
from blog_adapters.sql.repositories import POST, SESSION, USER, post_from, session_from, user_from
from blog_adapters.sql.statements import Values
from blog_adapters.sql.tables import author_tallies, posts, sessions, tallies, users
from blog_core.domain.access import Actor, Session
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostId, PostPage, PostView
from blog_core.domain.text import canonical_key
from blog_core.domain.users import Author, User, UserId
from blog_core.errors import BlogError, PostNotFound, SessionEnded, UserNotFound

_AUTHOR = (users.c.username, users.c.image_file, users.c.version.label("author_version"))
_AUTHOR_ID = bindparam("author_id", type_=users.c.id.type)

_GET_POST = (
    select(*POST, *_AUTHOR).join_from(posts, users).where(posts.c.id == bindparam("post_id"))
)
_POST_IDS = (
    select(posts.c.id)
    .where(posts.c.id > bindparam("after"))
    .order_by(posts.c.id)
    .limit(bindparam("limit", type_=Integer))
)
_GET_USER = select(*USER).where(users.c.id == bindparam("user_id"))
_USER_BY_EMAIL = select(*USER).where(users.c.email_key == bindparam("email_key"))
_SESSIONS = (
    select(*SESSION)
    .where(sessions.c.user_id == bindparam("user_id"))
    .order_by(sessions.c.created_at.desc(), sessions.c.id)
)
_ACTOR = (
    select(*USER, *SESSION)
    .join_from(users, sessions)
    .where(sessions.c.id == bindparam("session_id"))
)


def tallied(column: Column[int]) -> Select[int]:
    """Return the question for the sum of a column of `tallies`."""
    # The condition holds for every slot. It lets the planner go by the index, and so past the
    # pages that a few rows leave behind when an old snapshot has kept all their versions.
    return select(cast(func.sum(column), BigInteger)).where(tallies.c.slot > 0)


_HEAD = select(tallied(tallies.c.posts).scalar_subquery().label("total"))
_HEAD_OF_AUTHOR = (
    select(*_AUTHOR, func.coalesce(author_tallies.c.posts, 0).label("total"))
    .outerjoin_from(users, author_tallies, author_tallies.c.user_id == users.c.id)
    .where(users.c.id == _AUTHOR_ID)
)


class SqlPostQueries:
    """`PostQueries` on PostgreSQL."""

    def __init__(self, database: Readable) -> None:
        self._database = database

    async def get(self, post_id: PostId) -> PostView:
        """See `PostQueries`."""
        return _view_from(await _one(self._database, _GET_POST, {"post_id": post_id}, PostNotFound))

    async def page(
        self,
        *,
        author_id: UserId | None = None,
        limit: int,
        skip: int = 0,
        cursor: Cursor | None = None,
    ) -> PostPage:
        """See `PostQueries`."""
        way = _Way.chosen(skip=skip, cursor=cursor)
        statement = _page(way, limit=limit, of_author=author_id is not None)
        values: dict[str, object] = {"author_id": author_id, "skip": skip}
        if cursor is not None:
            values |= {"date_posted": cursor.date_posted, "post_id": cursor.post_id}
        async with self._database.reading() as statements:
            rows = await statements.execute(statement, values)
        if not rows:
            raise UserNotFound
        head = rows[0]
        found = [_view_from(row) for row in rows if row["id"] is not None]
        found.sort(key=lambda view: (view.post.date_posted, view.post.id), reverse=True)

        backward = way is _Way.NEWER
        shown = found[-limit:] if backward else found[:limit]
        more_ahead = len(found) > limit
        more_behind = head["more_behind"] if cursor else bool(skip and shown)
        if shown:
            older: Cursor | None = shown[-1].post.place(of_author=author_id)
            newer: Cursor | None = shown[0].post.place(of_author=author_id, backward=True)
        else:
            older = newer = cursor and cursor.turned()
        return PostPage(
            posts=tuple(shown),
            total=head["total"],
            next_cursor=older if (more_behind if backward else more_ahead) else None,
            prev_cursor=newer if (more_ahead if backward else more_behind) else None,
        )

    async def ids(self, *, after: int, limit: int) -> list[PostId]:
        """See `PostQueries`."""
        async with self._database.reading() as statements:
            rows = await statements.execute(_POST_IDS, {"after": after, "limit": limit})
        return [row["id"] for row in rows]


def _view_from(row: Record) -> PostView:
    author = Author(
        id=row["user_id"],
        username=row["username"],
        image_file=row["image_file"],
        version=row["author_version"],
    )
    return PostView(post=post_from(row), author=author)


class _Way(Enum):
    """Where a page begins, and which way it goes on from there."""

    NEWEST = auto()
    SKIPPING = auto()
    OLDER = auto()
    NEWER = auto()

    @classmethod
    def chosen(cls, *, skip: int, cursor: Cursor | None) -> "_Way":
        if cursor is None:
            return cls.SKIPPING if skip else cls.NEWEST
        return cls.NEWER if cursor.backward else cls.OLDER


@lru_cache(maxsize=256)
def _page(way: _Way, *, limit: int, of_author: bool) -> Select[*tuple[Any, ...]]:
    """Return a page with one row more, in any order, and what is true of its list on each row.

    An empty page is one row without a post; a page of nobody's is no row.
    """
    date_posted, post_id = posts.c.date_posted, posts.c.id
    # Compared as one row, which is how an index over both columns finds the place.
    here = tuple_(date_posted, post_id)
    place = tuple_(
        bindparam("date_posted", type_=date_posted.type), bindparam("post_id", type_=post_id.type)
    )
    ahead: ColumnElement[bool] = true()
    behind: ColumnElement[bool] = false()
    order = (date_posted.desc(), post_id.desc())
    if way is _Way.OLDER:
        ahead, behind = here < place, here >= place
    elif way is _Way.NEWER:
        ahead, behind, order = here > place, here <= place, (date_posted.asc(), post_id.asc())

    listed = posts.c.user_id == _AUTHOR_ID if of_author else true()
    going_on = select(*POST).where(listed).order_by(*order)
    found = going_on.where(ahead).limit(_visible(limit + 1))
    if way is _Way.SKIPPING:
        # The ids first, through an index alone: rows that are skipped are never fetched.
        ids = found.with_only_columns(post_id).offset(bindparam("skip")).subquery("ids")
        found = select(*POST).join_from(ids, posts, post_id == ids.c.id)
    # If any post lies behind, then so does the one that the whole list begins with.
    first = going_on.with_only_columns(behind).limit(_visible(1))
    more_behind = first.scalar_subquery() if way in (_Way.OLDER, _Way.NEWER) else false()

    of_list = _HEAD_OF_AUTHOR if of_author else _HEAD
    head = of_list.add_columns(more_behind.label("more_behind")).subquery("head")
    page = found.subquery("page")
    if not of_author:
        # One by one: to look all accounts through at once seems cheaper while they are few.
        looked_up = select(*_AUTHOR).where(users.c.id == page.c.user_id).limit(_visible(1))
        author = looked_up.lateral("author")
        page = select(page, author).join_from(page, author, true()).subquery("page_of_many")
    return select(head, page).select_from(head.outerjoin(page, true()))


def _visible(limit: int) -> ColumnElement[int]:
    """Return a limit that the planner sees, without which a plan made for all pages is slow."""
    return literal_column(str(limit), Integer)


class SqlUserQueries:
    """`UserQueries` on PostgreSQL.

    Args:
        database: the primary: who is asking, and whether their session is open, bears no delay.
        readers: where public profiles are read, if elsewhere.
    """

    def __init__(self, database: Readable, *, readers: Readable | None = None) -> None:
        self._database = database
        self._readers = readers or database

    async def public(self, user_id: UserId) -> Author:
        """See `UserQueries`."""
        row = await _one(self._readers, _GET_USER, {"user_id": user_id}, UserNotFound)
        return user_from(row).author

    async def by_email(self, email: str) -> User:
        """See `UserQueries`."""
        values = {"email_key": canonical_key(email)}
        return user_from(await _one(self._database, _USER_BY_EMAIL, values, UserNotFound))

    async def actor(self, session_id: UUID) -> Actor:
        """See `UserQueries`."""
        row = await _one(self._database, _ACTOR, {"session_id": session_id}, SessionEnded)
        return Actor(user=user_from(row), session=session_from(row))

    async def sessions(self, user_id: UserId) -> list[Session]:
        """See `UserQueries`."""
        async with self._database.reading() as statements:
            rows = await statements.execute(_SESSIONS, {"user_id": user_id})
        return [session_from(row) for row in rows]


async def _one(
    database: Readable, statement: Executable, values: Values, missing: type[BlogError]
) -> Record:
    async with database.reading() as statements:
        row = await statements.one(statement, values)
    if row is None:
        raise missing
    return row
