"""The pages that anybody may read: posts, one post, a user's posts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from blog_api.conditional import post_tag
from blog_api.dependencies import (
    PathId,
    PostQueries,
    Rendered,
    Show,
    UserQueries,
    container_of,
)
from blog_api.listing import CursorText
from blog_api.markdown import excerpt
from blog_api.pages.visiting import READS, MaybeVisitor, ToPages
from blog_api.presenting import Presenter
from blog_api.routing import PlannedRoute
from blog_api.schemas import UserPublic
from blog_core import ports
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostId, PostView
from blog_core.domain.users import UserId

router = APIRouter(include_in_schema=False, route_class=PlannedRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A post in a list of them."""

    id: PostId
    title: str
    excerpt: str
    date_posted: datetime
    author: UserPublic


@router.api_route("/", methods=READS)
@router.api_route("/posts", methods=READS)
async def home(
    request: Request,
    posts: PostQueries,
    show: Show,
    pages: ToPages,
    visitor: MaybeVisitor,
    cursor: CursorText = None,
) -> Response:
    """Show the posts of all users, newest first."""
    values = await _listed(request, posts, show, cursor, "/")
    return pages.answer(request, "home.html", visitor=visitor, place="/", **values)


@router.api_route("/users/{user_id}/posts", methods=READS)
async def posts_of_user(
    request: Request,
    user_id: PathId,
    users: UserQueries,
    posts: PostQueries,
    show: Show,
    pages: ToPages,
    visitor: MaybeVisitor,
    cursor: CursorText = None,
) -> Response:
    """Show a user's posts, newest first."""
    author_id = UserId(user_id)
    values = await _listed(request, posts, show, cursor, f"/users/{user_id}/posts", author_id)
    author = show.author(await users.public(author_id))
    return pages.answer(request, "author.html", visitor=visitor, author=author, **values)


@router.api_route("/posts/{post_id}", methods=READS)
async def post(
    request: Request,
    post_id: PathId,
    posts: PostQueries,
    show: Show,
    rendered: Rendered,
    pages: ToPages,
    visitor: MaybeVisitor,
) -> Response:
    """Show a post."""
    view = await posts.get(PostId(post_id))
    shown = {
        "id": view.post.id,
        "title": view.post.title,
        "content_html": Markup(await rendered.html(view.post)),  # noqa: S704 - cleaned
        "excerpt": excerpt(view.post.content),
        "date_posted": view.post.date_posted,
        "author": show.author(view.author),
        "tag": post_tag(view),
    }
    mine = visitor is not None and visitor.id == view.post.author_id
    return pages.answer(request, "post.html", visitor=visitor, post=shown, mine=mine)


async def _listed(
    request: Request,
    posts: ports.PostQueries,
    show: Presenter,
    cursor: str | None,
    path: str,
    author_id: UserId | None = None,
) -> dict[str, Any]:
    """Return what a list shows, of one user's posts or of all: a page of it, and the ways on."""
    place = None if cursor is None else Cursor.decode(cursor, author_id=author_id)
    limit = container_of(request).settings().posts_per_page
    page = await posts.page(author_id=author_id, limit=limit, cursor=place)
    return {
        "posts": [_card(view, show) for view in page.posts],
        "total": page.total,
        "older": _way(path, page.next_cursor),
        "newer": _way(path, page.prev_cursor),
    }


def _card(view: PostView, show: Presenter) -> Card:
    return Card(
        id=view.post.id,
        title=view.post.title,
        excerpt=excerpt(view.post.content),
        date_posted=view.post.date_posted,
        author=show.author(view.author),
    )


def _way(path: str, cursor: Cursor | None) -> str | None:
    return None if cursor is None else f"{path}?cursor={cursor.encode()}"
