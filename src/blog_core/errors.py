"""Everything that can go wrong in the blog, as one tree.

    BlogError
    ├── NotFound
    │   ├── PostNotFound
    │   ├── UserNotFound
    │   └── SessionNotFound
    ├── Conflict
    │   ├── UsernameTaken
    │   ├── EmailTaken
    │   ├── StaleVersion
    │   ├── RequestInFlight
    │   ├── KeyReused
    │   └── LeaseLost
    ├── NotAuthenticated
    │   ├── BadCredentials
    │   ├── InvalidAccessToken
    │   ├── InvalidRefreshToken
    │   └── SessionEnded
    ├── Forbidden
    ├── Invalid (also a ValueError)
    │   ├── InvalidText
    │   ├── InvalidCursor
    │   ├── InvalidImage
    │   ├── InvalidResetToken
    │   ├── WrongPassword
    │   └── NoPicture
    ├── TooManyRequests
    ├── MailRefused
    ├── AttemptsSpent
    └── Unavailable
        ├── DatabaseUnavailable
        ├── StorageUnavailable
        ├── MailUnavailable
        ├── LimitsUnavailable
        └── Busy

Each class has a stable `code` for programs and says `str(error)` for people. Neither ever
repeats what the caller sent: no password, no token, no text. What a transport makes of a
class (an HTTP status, an exit code) is the transport's own table.
"""

from datetime import timedelta
from typing import ClassVar


class BlogError(Exception):
    """Any expected failure of the blog."""

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)


class NotFound(BlogError):
    """What was asked for does not exist, or is none of the caller's business."""

    code = "not_found"
    message = "Not found"


class PostNotFound(NotFound):
    """No post has this id."""

    code = "post_not_found"
    message = "Post not found"


class UserNotFound(NotFound):
    """No user has this id or address."""

    code = "user_not_found"
    message = "User not found"


class SessionNotFound(NotFound):
    """No open session of this user has this id."""

    code = "session_not_found"
    message = "Session not found"


class Conflict(BlogError):
    """The change collides with what is stored."""

    code = "conflict"
    message = "Conflict"


class UsernameTaken(Conflict):
    """Another user has this name, compared by its canonical key."""

    code = "username_taken"
    message = "Username already exists"


class EmailTaken(Conflict):
    """Another user has this e-mail address, compared by its canonical key."""

    code = "email_taken"
    message = "Email already registered"


class StaleVersion(Conflict):
    """The stored version is no longer the one the caller has seen."""

    code = "stale_version"
    message = "This has been changed meanwhile; read it again before changing it"


class RequestInFlight(Conflict):
    """A request with the same idempotency key is being carried out now."""

    code = "request_in_flight"
    message = "The same request is being carried out now; send it again in a moment"


class KeyReused(Conflict):
    """The idempotency key stands for another request."""

    code = "idempotency_key_reused"
    message = "This idempotency key was used for another request"


class LeaseLost(Conflict):
    """Another relay has claimed this outbox entry since, or it is finished."""

    code = "lease_lost"
    message = "The outbox entry is no longer held by this relay"


class NotAuthenticated(BlogError):
    """The caller is not known."""

    code = "not_authenticated"
    message = "Not authenticated"


class BadCredentials(NotAuthenticated):
    """No account has this e-mail address with this password."""

    code = "bad_credentials"
    message = "Incorrect email or password"


class InvalidAccessToken(NotAuthenticated):
    """The access token is forged, expired or malformed."""

    code = "invalid_token"
    message = "Invalid or expired token"


class InvalidRefreshToken(NotAuthenticated):
    """The refresh token is forged or malformed."""

    code = "invalid_refresh_token"
    message = "Invalid or expired token"


class SessionEnded(NotAuthenticated):
    """The token is genuine, but its session has been ended or has expired."""

    code = "session_ended"
    message = "Invalid or expired token"


class Forbidden(BlogError):
    """The caller is known and may not do this; `action` completes the sentence."""

    code = "forbidden"

    def __init__(self, action: str) -> None:
        super().__init__(f"Not authorized to {action}")
        self.action = action


class Invalid(BlogError, ValueError):
    """The input breaks a rule. A ValueError too, so that schema libraries take it for one."""

    code = "invalid"
    message = "Invalid input"


class InvalidText(Invalid):
    """A text breaks a text rule; `field` names it, `reason` is a stable word for the rule."""

    code = "invalid_text"

    def __init__(self, field: str, reason: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field
        self.reason = reason


class InvalidCursor(Invalid):
    """The cursor is not one of ours, or belongs to another list."""

    code = "invalid_cursor"
    message = "Invalid cursor"


class InvalidImage(Invalid):
    """The upload is too large, or not a picture in an accepted format."""

    code = "invalid_image"
    message = "Invalid image file. Please upload a valid image (JPEG, PNG, GIF, WebP)."


class InvalidResetToken(Invalid):
    """The reset token is unknown, used, replaced or expired; it does not say which."""

    code = "invalid_reset_token"
    message = "Invalid or expired reset token"


class WrongPassword(Invalid):
    """The current password, asked for again, was not the right one."""

    code = "wrong_password"
    message = "Current password is incorrect"


class NoPicture(Invalid):
    """There is no profile picture to delete."""

    code = "no_picture"
    message = "No profile picture to delete"


class TooManyRequests(BlogError):
    """This was tried too often: more than `amount` times within `per`.

    Args:
        limit: the name of the limit that was exceeded.
        amount: how many attempts it allows.
        per: within how long.
        retry_after: when it allows the next one; more than nothing.
    """

    code = "too_many_requests"
    message = "Too many requests. Please try again later."

    def __init__(self, *, limit: str, amount: int, per: timedelta, retry_after: timedelta) -> None:
        super().__init__()
        self.limit = limit
        self.amount = amount
        self.per = per
        self.retry_after = retry_after


class MailRefused(BlogError):
    """The mail server refuses this message for good; sending it again would not help."""

    code = "mail_refused"
    message = "The mail server refused the message."


class AttemptsSpent(BlogError):
    """Every attempt at an outbox entry was begun and none ended, not even in a failure."""

    code = "attempts_spent"
    message = "Every attempt ended without a word."


class Unavailable(BlogError):
    """A part the blog depends on does not answer now; trying again later may help."""

    code = "unavailable"
    message = "Temporarily unavailable. Please try again."


class DatabaseUnavailable(Unavailable):
    """The database does not answer, or has no connection left."""

    code = "database_unavailable"
    message = "The database is temporarily unavailable. Please try again."


class StorageUnavailable(Unavailable):
    """The picture storage does not answer, or refuses."""

    code = "storage_unavailable"
    message = "Failed to upload image. Please try again."


class MailUnavailable(Unavailable):
    """The mail server does not answer, or refuses for now."""

    code = "mail_unavailable"
    message = "The mail server is temporarily unavailable."


class LimitsUnavailable(Unavailable):
    """Nobody can tell how often this was tried, so it is not allowed."""

    code = "limits_unavailable"
    message = "Temporarily unavailable. Please try again."


class Busy(Unavailable):
    """All workers for this kind of work are taken and the queue is full."""

    code = "busy"
    message = "The server is busy. Please try again."
