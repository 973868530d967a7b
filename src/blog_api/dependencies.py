"""What routes ask for, by name. Each function may be a key of `app.dependency_overrides`."""

from typing import Annotated

from fastapi import Depends, Header, Request, Response
from fastapi.security import OAuth2PasswordBearer
from pydantic import (
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from blog_adapters.container import Container
from blog_api.cookies import SAFE_METHODS, SessionCookie
from blog_api.presenting import Presenter
from blog_api.rendered import RenderedPosts
from blog_core import ports, services
from blog_core.domain.access import Actor
from blog_core.domain.idempotency import KEY_PATTERN, IdempotencyKey
from blog_core.errors import NotAuthenticated

ID_MAX = 2**63 - 1

_bearer = OAuth2PasswordBearer(tokenUrl="api/users/token", auto_error=False, scheme_name="bearer")


def container_of(request: Request) -> Container:
    """Return the container that the app was created over."""
    container: Container = request.app.state.container
    return container


async def posts(request: Request) -> services.Posts:
    """Return the use cases of authors."""
    return container_of(request).posts()


async def users(request: Request) -> services.Users:
    """Return the use cases of account holders."""
    return container_of(request).users()


async def access(request: Request) -> services.Access:
    """Return the use cases of logging in and out."""
    return container_of(request).access()


async def post_queries(request: Request) -> ports.PostQueries:
    """Return the readers' door to posts."""
    return container_of(request).post_queries()


async def user_queries(request: Request) -> ports.UserQueries:
    """Return the readers' door to accounts."""
    return container_of(request).user_queries()


async def presenter(request: Request) -> Presenter:
    """Return what turns domain values into answers."""
    return Presenter(container_of(request).storage())


async def rendered_posts(request: Request) -> RenderedPosts:
    """Return what turns contents into HTML."""
    container = container_of(request)
    return RenderedPosts(container.rendered_texts(), container.preview_workers())


Posts = Annotated[services.Posts, Depends(posts)]
Users = Annotated[services.Users, Depends(users)]
Access = Annotated[services.Access, Depends(access)]
PostQueries = Annotated[ports.PostQueries, Depends(post_queries)]
UserQueries = Annotated[ports.UserQueries, Depends(user_queries)]
Show = Annotated[Presenter, Depends(presenter)]
Rendered = Annotated[RenderedPosts, Depends(rendered_posts)]


async def session_cookie(request: Request) -> SessionCookie:
    """Return how a browser keeps its session."""
    cookie: SessionCookie = request.app.state.session_cookie
    return cookie


Cookie = Annotated[SessionCookie, Depends(session_cookie)]


async def current_actor(
    request: Request,
    access: Access,
    cookie: Cookie,
    token: Annotated[str | None, Depends(_bearer)],
) -> Actor:
    """Return who is asking: by a bearer token, else by a browser's cookie.

    Raises:
        NotAuthenticated: there is neither, or it lets nobody in.
        ForeignOrigin: the cookie came from a page of somebody else's.
    """
    if token is not None:
        return await access.authenticate(token=token)
    kept = cookie.read(request)
    if kept is None:
        raise NotAuthenticated
    return await access.recognise(token=kept)


async def in_private(
    request: Request, response: Response, actor: Annotated[Actor, Depends(current_actor)]
) -> Actor:
    """Return who is asking; what they are told is for them alone and not to be kept.

    Raises:
        TooManyRequests: they have changed something too often in this process.
    """
    request.state.user_id = actor.user.id
    response.headers["Cache-Control"] = "no-store"
    if request.method not in SAFE_METHODS:
        container = container_of(request)
        await container.write_limiter().admit(container.limits().of_write(actor.user.id))
    return actor


async def caller_address(request: Request) -> str:
    """Return the caller's network address; '' when it is not known."""
    return request.client.host if request.client else ""


CallerAddress = Annotated[str, Depends(caller_address)]
CurrentActor = Annotated[Actor, Depends(in_private)]


async def idempotency_key(
    request: Request,
    sent: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="Names this request, such as by a UUID. For 24 hours what is sent again "
            "under it is not done again: the answer is 201 with what was made the first time.",
        ),
        Field(pattern=KEY_PATTERN),
        WithJsonSchema({"type": "string", "pattern": KEY_PATTERN}),
    ] = None,
) -> IdempotencyKey | None:
    """Return the key that the request came with, if it came with one."""
    if sent is None:
        return None
    return IdempotencyKey(sent, container_of(request).keys())


Key = Annotated[IdempotencyKey | None, Depends(idempotency_key)]


def _known_or_nobody(value: object, handler: ValidatorFunctionWrapHandler) -> int:
    """Return an id, or 0, which nothing has, for any integer that no row could have."""
    try:
        number: int = handler(value)
    except ValidationError as error:
        if error.errors()[0]["type"] != "int_parsing_size":
            raise
        return 0
    return number if 1 <= number <= ID_MAX else 0


PathId = Annotated[
    int,
    WrapValidator(_known_or_nobody),
    Field(json_schema_extra={"format": "int64", "minimum": 1, "maximum": ID_MAX}),
]
