"""Accounts, their pictures and their posts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from blog_api.conditional import IfNoneMatch, SeenVersions, revalidate, user_tag
from blog_api.dependencies import (
    CallerAddress,
    CurrentActor,
    Key,
    PathId,
    Show,
    UserQueries,
    Users,
)
from blog_api.edge import announced_bytes
from blog_api.listing import PageOfPosts
from blog_api.openapi import (
    ETAG,
    LINK,
    NEEDS_TOKEN,
    NEEDS_TOKEN_TO_WRITE,
    NO_STORE,
    TAKES_KEY,
    TOO_OFTEN,
    answers,
)
from blog_api.routing import PlannedRoute
from blog_api.schemas import (
    PaginatedPostsResponse,
    UserCreate,
    UserPrivate,
    UserPublic,
    UserUpdate,
)
from blog_core.domain.users import UserId
from blog_core.errors import (
    Busy,
    EmailTaken,
    Forbidden,
    InvalidCursor,
    InvalidImage,
    LimitsUnavailable,
    NoPicture,
    StaleVersion,
    StorageUnavailable,
    UsernameTaken,
    UserNotFound,
)

router = APIRouter(prefix="/api/users", tags=["users"], route_class=PlannedRoute)


@router.post(
    "",
    operation_id="users_register",
    status_code=201,
    responses=answers(
        UsernameTaken(),
        EmailTaken(),
        *TAKES_KEY,
        UserNotFound(),
        TOO_OFTEN,
        LimitsUnavailable(),
        Busy(),
        success=201,
        body="json",
    ),
)
async def register(
    body: UserCreate,
    key: Key,
    users: Users,
    show: Show,
    address: CallerAddress,
    response: Response,
) -> UserPrivate:
    """Open an account."""
    user = await users.register(
        username=body.username,
        email=body.email,
        password=body.password,
        key=key,
        address=address,
    )
    response.headers["ETag"] = user_tag(user)
    return show.user(user)


@router.get(
    "/me",
    operation_id="users_me",
    responses=answers(*NEEDS_TOKEN, headers=ETAG | NO_STORE, revalidates=True, fields=False),
)
async def read_me(
    actor: CurrentActor, show: Show, response: Response, if_none_match: IfNoneMatch = None
) -> UserPrivate:
    """Return one's own account."""
    revalidate(response, user_tag(actor.user), if_none_match)
    return show.user(actor.user)


@router.get(
    "/{user_id}",
    operation_id="users_read",
    responses=answers(UserNotFound(), revalidates=True),
)
async def read_user(
    user_id: PathId,
    users: UserQueries,
    show: Show,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> UserPublic:
    """Return the public face of an account."""
    author = await users.public(UserId(user_id))
    revalidate(response, user_tag(author), if_none_match)
    return show.author(author)


@router.get(
    "/{user_id}/posts",
    operation_id="users_posts",
    responses=answers(UserNotFound(), InvalidCursor(), headers=ETAG | LINK, revalidates=True),
)
async def list_posts_of_user(user_id: PathId, page: PageOfPosts) -> PaginatedPostsResponse:
    """Return a user's posts, newest first."""
    return await page.read(author_id=UserId(user_id))


@router.patch(
    "/{user_id}",
    operation_id="users_update",
    responses=answers(
        *NEEDS_TOKEN_TO_WRITE,
        Forbidden("update this user"),
        UserNotFound(),
        StaleVersion(),
        UsernameTaken(),
        EmailTaken(),
        headers=ETAG | NO_STORE,
        body="json",
    ),
)
async def update_user(
    user_id: PathId,
    actor: CurrentActor,
    body: UserUpdate,
    seen: SeenVersions,
    users: Users,
    show: Show,
    response: Response,
) -> UserPrivate:
    """Change one's own name or address; another address ends all sessions."""
    user = await users.update(
        actor=actor,
        user_id=UserId(user_id),
        username=body.username,
        email=body.email,
        seen=seen,
    )
    response.headers["ETag"] = user_tag(user)
    return show.user(user)


@router.delete(
    "/{user_id}",
    operation_id="users_delete",
    status_code=204,
    responses=answers(
        *NEEDS_TOKEN_TO_WRITE,
        Forbidden("delete this user"),
        UserNotFound(),
        StaleVersion(),
        success=204,
        headers=NO_STORE,
    ),
)
async def delete_user(
    user_id: PathId, actor: CurrentActor, seen: SeenVersions, users: Users
) -> None:
    """Delete one's own account with its posts, sessions and picture."""
    await users.delete(actor=actor, user_id=UserId(user_id), seen=seen)


_LITTLE = 64 * 1024


async def uploaded_file(request: Request, user_id: PathId, actor: CurrentActor) -> bytes:
    """Return the form's `file`. Who may not upload is turned away before anything is read.

    Of a form for somebody else's account a little is read: what is no upload is 422 for all.

    Raises:
        Forbidden: it is for somebody else's account, and large.
        RequestValidationError: the form has no such file.
        HTTPException: 400, it is no form.
    """
    announced = announced_bytes(request)
    if announced is None or announced > _LITTLE:
        actor.require_self(UserId(user_id), "update this user's picture")
    try:
        # Of another kind of form nothing is read: no file can be in it.
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            async with request.form() as form:
                file = form.get("file")
                if isinstance(file, UploadFile):
                    return await file.read()
    except ValueError as error:  # a charset that Python knows and cannot decode
        raise HTTPException(400) from error
    raise RequestValidationError(
        [{"type": "missing", "loc": ("body", "file"), "msg": "Field required"}]
    )


_UPLOAD_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {
            "type": "string",
            "format": "binary",
            "contentMediaType": "application/octet-stream",
            "description": "A JPEG, PNG, GIF or WebP of at most 25 megapixels.",
        }
    },
}


@router.patch(
    "/{user_id}/picture",
    operation_id="users_set_picture",
    responses=answers(
        *NEEDS_TOKEN_TO_WRITE,
        Forbidden("update this user's picture"),
        UserNotFound(),
        StaleVersion(),
        InvalidImage(),
        StorageUnavailable(),
        Busy(),
        headers=ETAG | NO_STORE,
        body="form",
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"multipart/form-data": {"schema": _UPLOAD_FORM}},
        }
    },
)
async def set_picture(
    user_id: PathId,
    actor: CurrentActor,
    upload: Annotated[bytes, Depends(uploaded_file)],
    seen: SeenVersions,
    users: Users,
    show: Show,
    response: Response,
) -> UserPrivate:
    """Show another profile picture: cropped to a square, as a JPEG without metadata."""
    user = await users.change_picture(
        actor=actor, user_id=UserId(user_id), upload=upload, seen=seen
    )
    response.headers["ETag"] = user_tag(user)
    return show.user(user)


@router.delete(
    "/{user_id}/picture",
    operation_id="users_delete_picture",
    responses=answers(
        *NEEDS_TOKEN_TO_WRITE,
        Forbidden("delete this user's picture"),
        UserNotFound(),
        StaleVersion(),
        NoPicture(),
        headers=ETAG | NO_STORE,
    ),
)
async def delete_picture(
    user_id: PathId,
    actor: CurrentActor,
    seen: SeenVersions,
    users: Users,
    show: Show,
    response: Response,
) -> UserPrivate:
    """Show no profile picture any more."""
    user = await users.remove_picture(actor=actor, user_id=UserId(user_id), seen=seen)
    response.headers["ETag"] = user_tag(user)
    return show.user(user)
