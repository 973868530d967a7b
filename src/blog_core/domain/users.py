"""Accounts: who writes here, and what of them is public."""

from dataclasses import dataclass, field, replace
from typing import NewType

from blog_core.domain import text
from blog_core.domain.text import canonical_key

UserId = NewType("UserId", int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The public face of a user, as it stands beside a post."""

    id: UserId
    username: str
    image_file: str | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """An account that has no id yet. Its texts have passed the text rules."""

    username: str
    email: str
    password_hash: str = field(repr=False)

    @property
    def username_key(self) -> str:
        """What makes two usernames the same name."""
        return canonical_key(self.username)

    @property
    def email_key(self) -> str:
        """What makes two addresses the same address."""
        return canonical_key(self.email)


@dataclass(frozen=True, slots=True, kw_only=True)
class User(NewUser):
    """An account. `version` counts its changes, from 1."""

    id: UserId
    image_file: str | None = None
    version: int = 1

    @property
    def author(self) -> Author:
        """The public face of this account."""
        return Author(
            id=self.id, username=self.username, image_file=self.image_file, version=self.version
        )

    def renamed(self, *, username: str | None = None, email: str | None = None) -> "User":
        """Return the account with another name or address; None leaves one as it is."""
        return replace(
            self,
            username=self.username if username is None else text.username(username),
            email=self.email if email is None else text.email(email),
        )

    def with_password(self, password_hash: str) -> "User":
        """Return the account with another password."""
        return replace(self, password_hash=password_hash)

    def with_picture(self, image_file: str | None) -> "User":
        """Return the account with another picture, or with none."""
        return replace(self, image_file=image_file)
