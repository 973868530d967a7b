"""The query ports on PostgreSQL: one statement each, so each answer is one snapshot."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, false, func, literal, select, true, tuple_

from blog_adapters.sql.database import AnyRow, Database
from blog_adapters.sql.repositories import (
    POST,
    SESSION,
    USER,
    post_from,
    session_from,
    user_from,
)
from blog_adapters.sql.tables import posts, sessions, users
from blog_core.domain.access import Actor, Session
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostId, PostPage, PostView
from blog_core.domain.text import canonical_key
from blog_core.domain.users import Author, User, UserId
from blog_core.errors import PostNotFound, SessionEnded, UserNotFound


class SqlPostQueries:
    """`PostQueries` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, post_id: PostId) -> PostView:
        """See `PostQueries`."""
        statement = select(*_VIEW).join_from(posts, users).where(posts.c.id == post_id)
        async with self._database.reading() as statements:
            row = (await statements.execute(statement)).one_or_none()
        if row is None:
            raise PostNotFound
        return _view_from(row)

    async def page(
        self,
        *,
        author_id: UserId | None = None,
        limit: int,
        skip: int = 0,
        cursor: Cursor | None = None,
    ) -> PostPage:
        """See `PostQueries`."""
        statement = _page(author_id=author_id, limit=limit, skip=skip, cursor=cursor)
        async with self._database.reading() as statements:
            rows = (await statements.execute(statement)).all()
        head = rows[0]
        if not head.found:
            raise UserNotFound
        found = [_view_from(row) for row in rows if row.id is not None]
        found.sort(key=lambda view: (view.post.date_posted, view.post.id), reverse=True)

        is_backward = cursor is not None and cursor.backward
        shown = found[-limit:] if is_backward else found[:limit]
        more_ahead = len(found) > limit
        more_behind = head.more_behind if cursor else bool(skip and shown)
        if shown:
            older: Cursor | None = shown[-1].post.place(of_author=author_id)
            newer: Cursor | None = shown[0].post.place(of_author=author_id, backward=True)
        else:
            older = newer = cursor and cursor.turned()
        return PostPage(
            posts=tuple(shown),
            total=head.total,
            next_cursor=older if (more_behind if is_backward else more_ahead) else None,
            prev_cursor=newer if (more_ahead if is_backward else more_behind) else None,
        )


_VIEW = (
    *POST,
    users.c.username,
    users.c.image_file,
    users.c.version.label("author_version"),
)


def _view_from(row: AnyRow) -> PostView:
    author = Author(
        id=row.user_id,
        username=row.username,
        image_file=row.image_file,
        version=row.author_version,
    )
    return PostView(post=post_from(row), author=author)


def _page(
    *, author_id: UserId | None, limit: int, skip: int, cursor: Cursor | None
) -> Select[*tuple[Any, ...]]:
    """Return a page with one row more, in any order, and what is true of its list on each row.

    An empty page is one row without a post.
    """
    listed = true() if author_id is None else posts.c.user_id == author_id
    ahead, behind, order = _directions(cursor)
    going_on = select(posts.c.id).select_from(posts).where(listed).order_by(*order)
    # The ids first, through an index alone: rows that are skipped are never fetched.
    chosen = going_on.where(ahead).limit(_limit(limit + 1))
    if skip and cursor is None:
        chosen = chosen.offset(skip)
    ids = chosen.subquery("ids")
    page = select(*_VIEW).join_from(ids, posts, posts.c.id == ids.c.id).join(users).subquery("page")
    head = select(
        select(func.count()).select_from(posts).where(listed).scalar_subquery().label("total"),
        # If any post lies behind, then so does the one that the whole list begins with.
        going_on.with_only_columns(behind).limit(_limit(1)).scalar_subquery().label("more_behind"),
        (true() if author_id is None else exists().where(users.c.id == author_id)).label("found"),
    ).subquery("head")
    return select(head, page).select_from(head.outerjoin(page, true()))


def _limit(number: int) -> ColumnElement[int]:
    """Return a limit that the planner sees: one plan, made once, then suits every page."""
    return literal(number, literal_execute=True)


def _directions(
    cursor: Cursor | None,
) -> tuple[ColumnElement[bool], ColumnElement[bool], Sequence[ColumnElement[Any]]]:
    """Return which posts lie ahead of a place, which behind it, and the order of going on."""
    here = (posts.c.date_posted, posts.c.id)
    older = [column.desc() for column in here]
    if cursor is None:
        return true(), false(), older
    # Compared as one row, which is how an index over both columns can find the place.
    place = tuple_(literal(cursor.date_posted, here[0].type), literal(cursor.post_id, here[1].type))
    if cursor.backward:
        return tuple_(*here) > place, tuple_(*here) <= place, [column.asc() for column in here]
    return tuple_(*here) < place, tuple_(*here) >= place, older


class SqlUserQueries:
    """`UserQueries` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def public(self, user_id: UserId) -> Author:
        """See `UserQueries`."""
        return (await self._account(users.c.id == user_id)).author

    async def by_email(self, email: str) -> User:
        """See `UserQueries`."""
        return await self._account(users.c.email_key == canonical_key(email))

    async def actor(self, session_id: UUID) -> Actor:
        """See `UserQueries`."""
        mine = users.c.id == sessions.c.user_id
        statement = select(*USER, *SESSION).join_from(users, sessions, mine)
        async with self._database.reading() as statements:
            found = await statements.execute(statement.where(sessions.c.id == session_id))
        row = found.one_or_none()
        if row is None:
            raise SessionEnded
        return Actor(user=user_from(row), session=session_from(row))

    async def sessions(self, user_id: UserId) -> list[Session]:
        """See `UserQueries`."""
        statement = (
            select(*SESSION)
            .where(sessions.c.user_id == user_id)
            .order_by(sessions.c.created_at.desc(), sessions.c.id)
        )
        async with self._database.reading() as statements:
            return [session_from(row) for row in await statements.execute(statement)]

    async def _account(self, condition: ColumnElement[bool]) -> User:
        async with self._database.reading() as statements:
            row = (await statements.execute(select(*USER).where(condition))).one_or_none()
        if row is None:
            raise UserNotFound
        return user_from(row)
