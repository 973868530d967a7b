"""Logging in and out with a browser: the session is in a cookie, and no script sees it."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from blog_api.cookies import ForeignOrigin, require_own_page
from blog_api.dependencies import Access, CallerAddress, Cookie, CurrentActor
from blog_api.openapi import (
    NEEDS_TOKEN_TO_WRITE,
    NO_STORE,
    SET_COOKIE,
    TOO_OFTEN,
    answers,
)
from blog_api.routing import PlannedRoute
from blog_api.schemas import LoginForm
from blog_core.errors import BadCredentials, Busy, LimitsUnavailable, SessionNotFound

router = APIRouter(prefix="/api/session", tags=["session"], route_class=PlannedRoute)


@router.post(
    "",
    operation_id="session_open",
    status_code=204,
    responses=answers(
        BadCredentials(),
        ForeignOrigin(),
        TOO_OFTEN,
        LimitsUnavailable(),
        Busy(),
        success=204,
        headers=NO_STORE | SET_COOKIE,
        body="form",
    ),
)
async def open_session(
    request: Request,
    form: Annotated[LoginForm, Form()],
    access: Access,
    cookie: Cookie,
    address: CallerAddress,
    response: Response,
) -> None:
    """Log a browser in: every later request of its pages is the account's."""
    require_own_page(request)
    token = await access.open_session(
        email=form.username,
        password=form.password,
        user_agent=request.headers.get("user-agent", ""),
        address=address,
    )
    response.headers["Cache-Control"] = "no-store"
    cookie.give(response, token)


@router.delete(
    "",
    operation_id="session_end",
    status_code=204,
    responses=answers(
        *NEEDS_TOKEN_TO_WRITE, success=204, headers=NO_STORE | SET_COOKIE, fields=False
    ),
)
async def end_session(
    actor: CurrentActor, access: Access, cookie: Cookie, response: Response
) -> None:
    """Log out here; other sessions go on."""
    with suppress(SessionNotFound):  # it has been ended from elsewhere meanwhile
        await access.end_session(actor=actor, session_id=actor.session.id)
    cookie.take(response)
