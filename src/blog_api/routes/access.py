"""Logging in and out, sessions, and the password."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from blog_api.dependencies import Access, CallerAddress, CurrentActor, Show
from blog_api.openapi import (
    BODY_TOO_LARGE,
    NEEDS_TOKEN,
    NEEDS_TOKEN_TO_WRITE,
    NO_STORE,
    TOO_OFTEN,
    answers,
)
from blog_api.routing import PlannedRoute
from blog_api.schemas import (
    ChangePasswordRequest,
    ForgotPasswordRequest,
    LoginForm,
    Message,
    RefreshRequest,
    ResetPasswordRequest,
    SessionsResponse,
    Token,
)
from blog_core.errors import (
    BadCredentials,
    Busy,
    InvalidRefreshToken,
    InvalidResetToken,
    LimitsUnavailable,
    SessionEnded,
    SessionNotFound,
    WrongPassword,
)

router = APIRouter(prefix="/api/users", tags=["users"], route_class=PlannedRoute)

_PASSWORD_CHANGED = Message(message="Password changed successfully")
_RESET_REQUESTED = Message(
    message="If an account exists with this email, you will receive password reset instructions."
)
_PASSWORD_RESET = Message(
    message="Password reset successfully. You can now log in with your new password."
)


@router.post(
    "/token",
    operation_id="users_login",
    responses=answers(
        BadCredentials(), TOO_OFTEN, LimitsUnavailable(), Busy(), headers=NO_STORE, body="form"
    ),
)
async def log_in(
    request: Request,
    form: Annotated[LoginForm, Form()],
    access: Access,
    show: Show,
    address: CallerAddress,
    response: Response,
) -> Token:
    """Open a session and return its tokens."""
    token = await access.log_in(
        email=form.username,
        password=form.password,
        user_agent=request.headers.get("user-agent", ""),
        address=address,
    )
    response.headers["Cache-Control"] = "no-store"
    return show.token(token)


@router.post(
    "/token/refresh",
    operation_id="users_refresh",
    responses=answers(
        InvalidRefreshToken(),
        SessionEnded(),
        TOO_OFTEN,
        LimitsUnavailable(),
        headers=NO_STORE,
        body="json",
    ),
)
async def refresh(
    body: RefreshRequest, access: Access, show: Show, address: CallerAddress, response: Response
) -> Token:
    """Renew a session: its refresh token is used up for the next; used again, it ends it."""
    token = await access.refresh(token=body.refresh_token, address=address)
    response.headers["Cache-Control"] = "no-store"
    return show.token(token)


@router.post(
    "/logout",
    operation_id="users_logout",
    status_code=204,
    responses=answers(*NEEDS_TOKEN_TO_WRITE, success=204, headers=NO_STORE, fields=False)
    | BODY_TOO_LARGE,
)
async def log_out(actor: CurrentActor, access: Access) -> None:
    """End all of one's sessions, on every device."""
    await access.log_out(actor=actor)


@router.get(
    "/me/sessions",
    operation_id="users_sessions",
    responses=answers(*NEEDS_TOKEN, headers=NO_STORE, fields=False),
)
async def list_sessions(actor: CurrentActor, access: Access, show: Show) -> SessionsResponse:
    """Return one's open sessions, the last begun first."""
    return show.sessions(actor, await access.sessions(actor=actor))


def _known_or_nobodys(value: object, handler: ValidatorFunctionWrapHandler) -> UUID:
    """Return a session's id; what is no UUID becomes the one that no session has."""
    try:
        session_id: UUID = handler(value)
    except ValidationError:
        return UUID(int=0)
    return session_id


@router.delete(
    "/me/sessions/{session_id}",
    operation_id="users_end_session",
    status_code=204,
    responses=answers(
        *NEEDS_TOKEN_TO_WRITE, SessionNotFound(), success=204, headers=NO_STORE, fields=False
    ),
)
async def end_session(
    session_id: Annotated[UUID, WrapValidator(_known_or_nobodys)],
    actor: CurrentActor,
    access: Access,
) -> None:
    """End one of one's own sessions."""
    await access.end_session(actor=actor, session_id=session_id)


@router.patch(
    "/me/password",
    operation_id="users_change_password",
    responses=answers(
        *NEEDS_TOKEN_TO_WRITE, WrongPassword(), Busy(), headers=NO_STORE, body="json"
    ),
)
async def change_password(
    actor: CurrentActor, body: ChangePasswordRequest, access: Access
) -> Message:
    """Set another password; ends all other sessions."""
    await access.change_password(
        actor=actor, current_password=body.current_password, new_password=body.new_password
    )
    return _PASSWORD_CHANGED


@router.post(
    "/forgot-password",
    operation_id="users_forgot_password",
    status_code=202,
    responses=answers(TOO_OFTEN, LimitsUnavailable(), success=202, headers={}, body="json"),
)
async def forgot_password(
    body: ForgotPasswordRequest, access: Access, address: CallerAddress
) -> Message:
    """Ask for a reset link by mail; the answer is the same whether or not the address is known."""
    await access.forgot_password(email=body.email, address=address)
    return _RESET_REQUESTED


@router.post(
    "/reset-password",
    operation_id="users_reset_password",
    responses=answers(
        InvalidResetToken(), TOO_OFTEN, LimitsUnavailable(), Busy(), headers={}, body="json"
    ),
)
async def reset_password(
    body: ResetPasswordRequest, access: Access, address: CallerAddress
) -> Message:
    """Set another password with the token from the mail; ends all sessions."""
    await access.reset_password(token=body.token, new_password=body.new_password, address=address)
    return _PASSWORD_RESET
