"""Who looks at a page, and what page routes ask for, by name."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response

from blog_api.conditional import user_tag
from blog_api.dependencies import Access, Cookie, Show
from blog_api.pages.rendering import Pages
from blog_core.domain.users import UserId
from blog_core.errors import NotAuthenticated

READS = ["GET", "HEAD"]
"""The methods of every page: what changes something is the API's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody who is logged in, as their pages show them."""

    id: UserId
    username: str
    email: str
    image_file: str | None
    image_path: str
    tag: str


async def pages(request: Request) -> Pages:
    """Return the pages of this blog."""
    pages: Pages = request.app.state.pages
    return pages


async def visitor(
    request: Request, access: Access, cookie: Cookie, show: Show, response: Response
) -> Visitor | None:
    """Return who looks at a page; None when nobody is logged in.

    A cookie that an older key has made is replaced: that key is about to go.
    """
    token = cookie.read(request)
    if token is None:
        return None
    try:
        actor = await access.recognise(token=token)
    except NotAuthenticated:  # the session is over: they see what anybody sees
        cookie.take(response)
        return None
    renewed = access.renewed_token(actor=actor, token=token)
    if renewed is not None:
        cookie.give(response, renewed)
    user = actor.user
    return Visitor(
        id=user.id,
        username=user.username,
        email=user.email,
        image_file=user.image_file,
        image_path=show.user(user).image_path,
        tag=user_tag(user),
    )


ToPages = Annotated[Pages, Depends(pages)]
MaybeVisitor = Annotated[Visitor | None, Depends(visitor)]
