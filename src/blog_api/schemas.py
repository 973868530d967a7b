"""What goes over the wire: request bodies for pydantic to check, answers as frozen dataclasses.

Members of a body that are not named here are ignored, and no value is taken for another type's.
FastAPI sends an instance of the declared dataclass as it is, without building it again. The text
rules are the domain's; the bounds repeated here are what the OpenAPI document shows of them.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, Field

from blog_core.domain import text
from blog_core.errors import InvalidText

# RFC 2606 keeps four top-level domains for tests and examples; the library lets one of them pass.
_RESERVED_ENDING = re.compile(r"(?<=[@.])(?:example|invalid|localhost|test)$")


def _email(value: str) -> str:
    address = text.email(value)
    try:
        validate_email(
            _RESERVED_ENDING.sub("test", address),
            check_deliverability=False,
            test_environment=True,
        )
    except EmailNotValidError:  # its message quotes the address
        raise InvalidText("email", "not_an_address", "must be a plain e-mail address") from None
    return address


Username = Annotated[
    str,
    Field(min_length=1, max_length=text.USERNAME_MAX, examples=["corey"]),
    AfterValidator(text.username),
]
Email = Annotated[
    str,
    Field(
        max_length=text.EMAIL_MAX,
        examples=["corey@example.com"],
        json_schema_extra={"format": "email"},
    ),
    AfterValidator(_email),
]
NewPassword = Annotated[
    str,
    Field(
        min_length=text.PASSWORD_MIN,
        max_length=text.PASSWORD_MAX,
        examples=["correct horse battery staple"],
        json_schema_extra={"format": "password"},
    ),
    AfterValidator(text.password),
]
Secret = Annotated[
    str,
    # The pattern also refuses what UTF-8 cannot carry.
    Field(pattern=r"^[^\x00]*$", json_schema_extra={"format": "password"}),
]
Title = Annotated[
    str,
    Field(min_length=1, max_length=text.TITLE_MAX, examples=["My first post"]),
    AfterValidator(text.title),
]
Content = Annotated[
    str,
    Field(min_length=1, max_length=text.CONTENT_MAX, examples=["Hello, world."]),
    AfterValidator(text.content),
]


class UserCreate(BaseModel):
    """A new account."""

    username: Username
    email: Email
    password: NewPassword


class UserUpdate(BaseModel):
    """Changes to an account; null or absent leaves a field as it is."""

    username: Username | None = None
    email: Email | None = None


class PostCreate(BaseModel):
    """A post in full."""

    title: Title
    content: Content


class PostUpdate(BaseModel):
    """Changes to a post; an absent field is left as it is, null is an error."""

    # The defaults are never read: see `changes`. A factory keeps them out of the JSON schema.
    title: Title = Field(default_factory=str)
    content: Content = Field(default_factory=str)

    def changes(self) -> dict[str, str]:
        """Return the fields that were sent."""
        return self.model_dump(exclude_unset=True)


class PreviewRequest(BaseModel):
    """What a post could say."""

    content: Content


class RefreshRequest(BaseModel):
    """What renews a session."""

    refresh_token: Secret


class ForgotPasswordRequest(BaseModel):
    """Whose password was forgotten."""

    email: Email


class ResetPasswordRequest(BaseModel):
    """A new password, and the token from the reset link."""

    token: Secret
    new_password: NewPassword


class ChangePasswordRequest(BaseModel):
    """A new password, and the current one."""

    current_password: Secret
    new_password: NewPassword


class LoginForm(BaseModel):
    """The OAuth2 password form (RFC 6749, 4.3.2)."""

    username: Annotated[str, Field(description="The e-mail address.")]
    password: Annotated[str, Field(json_schema_extra={"format": "password"})]
    grant_type: Annotated[str, Field(pattern="^password$")] = "password"


Id = Annotated[int, Field(ge=1, examples=[1], json_schema_extra={"format": "int64"})]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPublic:
    """An account as anybody sees it."""

    id: Id
    username: Annotated[str, Field(examples=["corey"])]
    image_file: Annotated[
        str | None, Field(description="The picture's name; null when there is none.")
    ]
    image_path: Annotated[
        str,
        Field(
            description="Where the picture is found; a neutral one when there is none.",
            examples=["/static/profile_pics/default.jpg"],
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPrivate(UserPublic):
    """An account as its owner sees it."""

    email: Annotated[
        str, Field(examples=["corey@example.com"], json_schema_extra={"format": "email"})
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostResponse:
    """A post beside its author."""

    id: Id
    title: Annotated[str, Field(examples=["My first post"])]
    content: Annotated[str, Field(examples=["Hello, world."])]
    user_id: Id
    date_posted: Annotated[datetime, Field(description="RFC 3339, in UTC; never changes.")]
    author: UserPublic


ContentHtml = Annotated[
    str,
    Field(
        description="The content, which is Markdown, as HTML that is safe to show.",
        examples=["<p>Hello, world.</p>\n"],
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPostResponse(PostResponse):
    """A post beside its author, its content as HTML, too."""

    content_html: ContentHtml


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewResponse:
    """A content as it would be shown."""

    content_html: ContentHtml


@dataclass(frozen=True, slots=True, kw_only=True)
class PaginatedPostsResponse:
    """Some posts of a list, newest first, and how to go on."""

    posts: list[PostResponse]
    total: Annotated[int, Field(ge=0, description="How many posts the whole list has.")]
    skip: Annotated[int | None, Field(description="As asked; null when a cursor was given.")]
    limit: Annotated[int, Field(ge=1, description="As asked, or the server's default.")]
    has_more: Annotated[bool, Field(description="Whether older posts follow.")]
    next_cursor: Annotated[str | None, Field(description="Leads to the older posts.")]
    prev_cursor: Annotated[str | None, Field(description="Leads to the newer posts.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token, and the refresh token that gets the next one."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of token, not one
    expires_in: Annotated[int, Field(ge=1, description="Seconds.", examples=[1800])]
    refresh_token: Annotated[str, Field(description="Good once.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A sentence for people."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionResponse:
    """One login."""

    id: UUID
    created_at: datetime
    last_used_at: Annotated[datetime, Field(description="Up to five minutes old.")]
    user_agent: Annotated[str, Field(description="The User-Agent header at login.")]
    current: Annotated[bool, Field(description="Whether this request came in it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsResponse:
    """One's open sessions, the last begun first."""

    sessions: list[SessionResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """The process answers."""

    status: Literal["ok"] = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the parts that the API needs are there."""

    status: Literal["ok", "unavailable"]
    checks: Annotated[
        dict[str, str],
        Field(description="`ok` or an error code, by part.", examples=[{"database": "ok"}]),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong (RFC 9457). It never repeats what was sent."""

    type: Annotated[str, Field(examples=["urn:blog:problem:post_not_found"])]
    title: Annotated[str, Field(examples=["Post not found"])]
    status: Annotated[int, Field(ge=400, le=599, examples=[404])]
    detail: Annotated[str, Field(description="For people.", examples=["Post not found"])]
    code: Annotated[
        str, Field(description="For programs; does not change.", examples=["post_not_found"])
    ]
    instance: Annotated[str, Field(description="The request's id, as in X-Request-ID.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """What is wrong with one part of a request."""

    pointer: Annotated[
        str,
        Field(
            description="Where: a JSON pointer that begins with body, query, path or header.",
            examples=["/body/email"],
        ),
    ]
    code: Annotated[str, Field(examples=["missing"])]
    detail: Annotated[str, Field(examples=["Field required"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationProblem(Problem):
    """A request that breaks the schema; `detail` names every field in `errors`."""

    errors: list[FieldProblem]
