"""Two use cases of blog-core on plain Starlette: publish a post, and list the posts."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from blog_core import errors
from blog_core.domain.paging import Cursor
from blog_core.ports import PostQueries
from blog_core.services import Access, Posts

STATUSES: dict[type[Exception], int] = {
    errors.Conflict: 409,
    errors.Forbidden: 403,
    errors.Invalid: 422,
    errors.NotAuthenticated: 401,
    errors.NotFound: 404,
    errors.Unavailable: 503,
}


def create_app(*, posts: Posts, access: Access, queries: PostQueries) -> Starlette:
    """Return an app over these parts, wherever they come from."""

    async def publish(request: Request) -> Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        actor = await access.authenticate(token=token if scheme.lower() == "bearer" else "")
        try:
            draft = await request.json()
        except ValueError:
            draft = None
        match draft:
            case {"title": str(title), "content": str(content)}:
                view = await posts.publish(actor=actor, title=title, content=content)
                return JSONResponse({"id": view.post.id}, status_code=201)
        raise errors.Invalid("The body must be JSON with the texts title and content")

    async def listing(request: Request) -> Response:
        place = request.query_params.get("after")
        cursor = Cursor.decode(place, author_id=None) if place else None
        page = await queries.page(limit=10, cursor=cursor)
        titles = [{"title": v.post.title, "by": v.author.username} for v in page.posts]
        after = page.next_cursor and page.next_cursor.encode()
        return JSONResponse({"posts": titles, "total": page.total, "after": after})

    async def refused(_: Request, error: Exception) -> Response:
        status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        return JSONResponse({"detail": str(error)}, status, headers)

    routes = [Route("/posts", listing), Route("/posts", publish, methods=["POST"])]
    return Starlette(routes=routes, exception_handlers={errors.BlogError: refused})
