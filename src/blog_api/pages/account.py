"""The pages that people come in by and write on. What they send goes to the API."""

import re

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from blog_api.conditional import post_tag
from blog_api.dependencies import PathId, PostQueries, container_of
from blog_api.pages.visiting import READS, MaybeVisitor, ToPages
from blog_api.routing import PlannedRoute
from blog_core.domain.posts import PostId
from blog_core.errors import Forbidden

router = APIRouter(include_in_schema=False, route_class=PlannedRoute)

_LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
"""A path of ours; `//host` and `/\\host` would lead elsewhere."""


@router.api_route("/login", methods=READS)
async def log_in(
    request: Request,
    pages: ToPages,
    visitor: MaybeVisitor,
    next: str = "/",  # noqa: A002 - its name in the URL
) -> Response:
    """Let somebody log in, and go on to where they were."""
    path = next if _LOCAL_PATH.fullmatch(next) else "/"
    if visitor is not None:
        return RedirectResponse(path, 303)
    return pages.answer(request, "login.html", visitor=None, private=True, next=path)


@router.api_route("/register", methods=READS)
async def register(request: Request, pages: ToPages, visitor: MaybeVisitor) -> Response:
    """Let somebody open an account."""
    if visitor is not None:
        return RedirectResponse("/", 303)
    return pages.answer(request, "register.html", visitor=None, private=True)


@router.api_route("/forgot-password", methods=READS)
async def forgot_password(request: Request, pages: ToPages, visitor: MaybeVisitor) -> Response:
    """Let somebody ask for a reset link."""
    return pages.answer(request, "forgot.html", visitor=visitor, private=True)


@router.api_route("/reset-password", methods=READS)
async def reset_password(request: Request, pages: ToPages, visitor: MaybeVisitor) -> Response:
    """Let whoever came by a reset link set another password; the token is in the fragment."""
    return pages.answer(request, "reset.html", visitor=visitor, private=True)


@router.api_route("/account", methods=READS)
async def account(request: Request, pages: ToPages, visitor: MaybeVisitor) -> Response:
    """Show somebody their own account."""
    if visitor is None:
        return _to_login(request)
    most = container_of(request).settings().max_upload_size_bytes
    return pages.answer(
        request, "account.html", visitor=visitor, private=True, max_upload_bytes=most
    )


@router.api_route("/write", methods=READS)
async def write(request: Request, pages: ToPages, visitor: MaybeVisitor) -> Response:
    """Let somebody write a post."""
    if visitor is None:
        return _to_login(request)
    return pages.answer(request, "write.html", visitor=visitor, private=True, post=None)


@router.api_route("/posts/{post_id}/edit", methods=READS)
async def edit(
    request: Request, post_id: PathId, posts: PostQueries, pages: ToPages, visitor: MaybeVisitor
) -> Response:
    """Let an author edit a post of theirs."""
    if visitor is None:
        return _to_login(request)
    view = await posts.get(PostId(post_id))
    if view.post.author_id != visitor.id:
        raise Forbidden("update this post")
    post = {
        "id": view.post.id,
        "title": view.post.title,
        "content": view.post.content,
        "tag": post_tag(view),
    }
    return pages.answer(request, "write.html", visitor=visitor, private=True, post=post)


def _to_login(request: Request) -> Response:
    return RedirectResponse(f"/login?next={request.state.path}", 303)
