"""Posts."""

from fastapi import APIRouter, Response

from blog_api.conditional import IfNoneMatch, SeenVersions, post_tag, revalidate
from blog_api.dependencies import (
    CurrentActor,
    Key,
    PathId,
    PostQueries,
    Posts,
    Rendered,
    Show,
)
from blog_api.listing import PageOfPosts
from blog_api.openapi import ETAG, LINK, NEEDS_TOKEN_TO_WRITE, NO_STORE, TAKES_KEY, answers
from blog_api.routing import PlannedRoute
from blog_api.schemas import PaginatedPostsResponse, PostCreate, PostUpdate, RenderedPostResponse
from blog_core.domain.posts import PostId
from blog_core.errors import Busy, Forbidden, InvalidCursor, PostNotFound, StaleVersion

router = APIRouter(prefix="/api/posts", tags=["posts"], route_class=PlannedRoute)

_REVISED = answers(
    *NEEDS_TOKEN_TO_WRITE,
    PostNotFound(),
    Forbidden("update this post"),
    StaleVersion(),
    headers=ETAG | NO_STORE,
    body="json",
)


@router.get(
    "",
    operation_id="posts_list",
    responses=answers(InvalidCursor(), headers=ETAG | LINK, revalidates=True),
)
async def list_posts(page: PageOfPosts) -> PaginatedPostsResponse:
    """Return the posts of all users, newest first."""
    return await page.read()


@router.post(
    "",
    operation_id="posts_create",
    status_code=201,
    responses=answers(
        *NEEDS_TOKEN_TO_WRITE,
        *TAKES_KEY,
        PostNotFound(),
        success=201,
        headers=ETAG | NO_STORE,
        body="json",
    ),
)
async def publish_post(
    actor: CurrentActor,
    body: PostCreate,
    key: Key,
    posts: Posts,
    show: Show,
    rendered: Rendered,
    response: Response,
) -> RenderedPostResponse:
    """Publish a post."""
    view = await posts.publish(actor=actor, title=body.title, content=body.content, key=key)
    response.headers["ETag"] = post_tag(view)
    return show.rendered_post(view, await rendered.html_or_typed(view.post))


@router.get(
    "/{post_id}",
    operation_id="posts_read",
    responses=answers(PostNotFound(), Busy(), revalidates=True),
)
async def read_post(
    post_id: PathId,
    posts: PostQueries,
    show: Show,
    rendered: Rendered,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> RenderedPostResponse:
    """Return a post."""
    view = await posts.get(PostId(post_id))
    revalidate(response, post_tag(view), if_none_match)
    return show.rendered_post(view, await rendered.html(view.post))


@router.put("/{post_id}", operation_id="posts_replace", responses=_REVISED)
async def replace_post(
    post_id: PathId,
    actor: CurrentActor,
    body: PostCreate,
    seen: SeenVersions,
    posts: Posts,
    show: Show,
    rendered: Rendered,
    response: Response,
) -> RenderedPostResponse:
    """Give one's own post another title and content."""
    view = await posts.revise(
        actor=actor, post_id=PostId(post_id), title=body.title, content=body.content, seen=seen
    )
    response.headers["ETag"] = post_tag(view)
    return show.rendered_post(view, await rendered.html_or_typed(view.post))


@router.patch("/{post_id}", operation_id="posts_update", responses=_REVISED)
async def update_post(
    post_id: PathId,
    actor: CurrentActor,
    body: PostUpdate,
    seen: SeenVersions,
    posts: Posts,
    show: Show,
    rendered: Rendered,
    response: Response,
) -> RenderedPostResponse:
    """Change what is sent of one's own post."""
    view = await posts.revise(actor=actor, post_id=PostId(post_id), seen=seen, **body.changes())
    response.headers["ETag"] = post_tag(view)
    return show.rendered_post(view, await rendered.html_or_typed(view.post))


@router.delete(
    "/{post_id}",
    operation_id="posts_delete",
    status_code=204,
    responses=answers(
        *NEEDS_TOKEN_TO_WRITE,
        PostNotFound(),
        Forbidden("delete this post"),
        StaleVersion(),
        success=204,
        headers=NO_STORE,
    ),
)
async def delete_post(
    post_id: PathId, actor: CurrentActor, seen: SeenVersions, posts: Posts
) -> None:
    """Delete one's own post."""
    await posts.delete(actor=actor, post_id=PostId(post_id), seen=seen)
