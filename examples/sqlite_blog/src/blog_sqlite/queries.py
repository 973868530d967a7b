"""Posts for readers, one statement each, so that each answer is one snapshot."""

import sqlite3
from datetime import UTC, datetime

from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostId, PostPage, PostView
from blog_core.domain.users import Author, UserId
from blog_core.errors import PostNotFound, UserNotFound
from blog_sqlite.database import SqliteDatabase
from blog_sqlite.unit_of_work import as_text, post_from, value_from

_NEWEST = Cursor(date_posted=datetime.max.replace(tzinfo=UTC), post_id=2**63 - 1)
_GET = """
SELECT posts.*, username, image_file, users.version AS author_version
FROM posts JOIN users ON users.id = author_id WHERE posts.id = :id
"""
_IDS = "SELECT id FROM posts WHERE id > :after ORDER BY id LIMIT :limit"
# As the total has to be counted anyway, so is what lies before the page. An empty page is one row
# without a post; an author who does not exist has no row.
_PAGE = """
WITH listed AS (SELECT * FROM posts WHERE :author_id IS NULL OR author_id = :author_id),
counted AS (
    SELECT count(*) AS total,
           count(*) FILTER (WHERE (date_posted, id) > (:date_posted, :post_id)) AS newer FROM listed
),
span AS (
    SELECT total, iif(:backward, max(newer - :limit, 0), newer + :skip) AS start,
           iif(:backward, min(newer, :limit), :limit) AS length FROM counted
)
SELECT * FROM span LEFT JOIN (
    SELECT cut.*, username, image_file, users.version AS author_version
    FROM (SELECT * FROM listed ORDER BY date_posted DESC, id DESC
          LIMIT (SELECT length FROM span) OFFSET (SELECT start FROM span)) AS cut
    JOIN users ON users.id = author_id
) AS page ON true
WHERE :author_id IS NULL OR EXISTS (SELECT id FROM users WHERE id = :author_id)
ORDER BY page.date_posted DESC, page.id DESC
"""


class SqlitePostQueries:
    """`PostQueries` on SQLite."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._committed = database.committed

    async def get(self, post_id: PostId) -> PostView:
        return _view_from(await self._committed.one(PostNotFound, _GET, id=post_id))

    async def page(
        self,
        *,
        author_id: UserId | None = None,
        limit: int,
        skip: int = 0,
        cursor: Cursor | None = None,
    ) -> PostPage:
        place = cursor or _NEWEST
        rows = await self._committed.matching(
            _PAGE,
            author_id=author_id,
            date_posted=as_text(place.date_posted),
            post_id=place.post_id - (not place.backward),  # forwards, what is there is passed too
            backward=place.backward,
            skip=0 if cursor else skip,
            limit=limit,
        )
        if not rows:
            raise UserNotFound
        views = tuple(_view_from(row) for row in rows if row["id"] is not None)
        older = newer = cursor and cursor.turned()
        if views:
            older = views[-1].post.place(of_author=author_id)
            newer = views[0].post.place(of_author=author_id, backward=True)
        return PostPage(
            posts=views,
            total=rows[0]["total"],
            next_cursor=older if rows[0]["start"] + len(views) < rows[0]["total"] else None,
            prev_cursor=newer if rows[0]["start"] > 0 else None,
        )

    async def ids(self, *, after: int, limit: int) -> list[PostId]:
        rows = await self._committed.run(_IDS, after=after, limit=limit)
        return [row["id"] for row in rows]


def _view_from(row: sqlite3.Row) -> PostView:
    author = value_from(Author, row, id=row["author_id"], version=row["author_version"])
    return PostView(post=post_from(row), author=author)
