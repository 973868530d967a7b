"""Pages of posts: by number (`skip`) and by place (`cursor`)."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from blog_api.conditional import IfNoneMatch, page_tag, revalidate
from blog_api.dependencies import PostQueries, Show, container_of
from blog_api.schemas import PaginatedPostsResponse
from blog_core.domain.paging import LIMIT_MAX, SKIP_MAX, Cursor
from blog_core.domain.users import UserId


def _shallow(skip: int) -> int:
    if skip > SKIP_MAX:
        raise PydanticCustomError(
            "skip_too_large", f"Input should be at most {SKIP_MAX}; use `cursor` to go further"
        )
    return skip


Skip = Annotated[
    int,
    Query(ge=0, description="How many of the newest posts to leave out."),
    AfterValidator(_shallow),
    Field(json_schema_extra={"maximum": SKIP_MAX}),
]
Limit = Annotated[
    int | None,
    Query(ge=1, le=LIMIT_MAX, description="How many posts at most; the server has a default."),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "examples": [10]}),
]
CursorText = Annotated[
    str | None,
    Query(description="A cursor from an earlier page of the same list; not together with `skip`."),
    WithJsonSchema({"type": "string"}),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a list, as asked for."""

    posts: PostQueries
    show: Show
    response: Response
    limit: int
    skip: int
    cursor: str | None
    if_none_match: list[str] | None

    async def read(self, *, author_id: UserId | None = None) -> PaginatedPostsResponse:
        """Return the page, of one user's posts or of all.

        Raises:
            InvalidCursor: the cursor is not one of this list's.
            UserNotFound: there is no such user.
        """
        cursor = None if self.cursor is None else Cursor.decode(self.cursor, author_id=author_id)
        page = await self.posts.page(
            author_id=author_id, limit=self.limit, skip=self.skip, cursor=cursor
        )
        answer = self.show.page(page, limit=self.limit, skip=None if cursor else self.skip)
        ways = ((answer.next_cursor, "next"), (answer.prev_cursor, "prev"))
        # A cursor has nothing in it that a URL would have to escape.
        links = [
            f'<?cursor={found}&limit={self.limit}>; rel="{way}"' for found, way in ways if found
        ]
        if links:
            self.response.headers["Link"] = ", ".join(links)
        revalidate(self.response, page_tag(page, answer), self.if_none_match)
        return answer


async def listing(
    request: Request,
    response: Response,
    posts: PostQueries,
    show: Show,
    skip: Skip = 0,
    limit: Limit = None,
    cursor: CursorText = None,
    if_none_match: IfNoneMatch = None,
) -> Listing:
    """Return what to list.

    Raises:
        RequestValidationError: a cursor came together with `skip`.
    """
    if cursor is not None and "skip" in request.query_params:
        raise RequestValidationError(
            [
                {
                    "type": "skip_with_cursor",
                    "loc": ("query", "skip"),
                    "msg": "`skip` and `cursor` do not go together",
                }
            ]
        )
    return Listing(
        posts=posts,
        show=show,
        response=response,
        limit=container_of(request).settings().posts_per_page if limit is None else limit,
        skip=skip,
        cursor=cursor,
        if_none_match=if_none_match,
    )


PageOfPosts = Annotated[Listing, Depends(listing)]
