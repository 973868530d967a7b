"""Posts: drafting, revising, who may touch them, and a page of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType

from blog_core.domain import text
from blog_core.domain.access import Actor
from blog_core.domain.paging import Cursor
from blog_core.domain.users import Author, UserId
from blog_core.errors import Forbidden

PostId = NewType("PostId", int)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """A post that has no id yet. `date_posted` never changes."""

    author_id: UserId
    title: str
    content: str
    date_posted: datetime

    @classmethod
    def drafted(cls, *, author_id: UserId, title: str, content: str, now: datetime) -> "NewPost":
        """Return a post dated now.

        Raises:
            InvalidText: the title or the content breaks a text rule.
        """
        return cls(
            author_id=author_id,
            title=text.title(title),
            content=text.content(content),
            date_posted=now,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(NewPost):
    """A published post. `version` counts its changes, from 1."""

    id: PostId
    version: int = 1

    def require_author(self, actor: Actor, action: str) -> None:
        """Raise Forbidden unless the actor wrote this; `action` completes its sentence."""
        if self.author_id != actor.user.id:
            raise Forbidden(action)

    def place(self, *, of_author: UserId | None = None, backward: bool = False) -> Cursor:
        """Return the place next to this post, in the list of all posts or of one author's."""
        return Cursor(
            date_posted=self.date_posted,
            post_id=self.id,
            backward=backward,
            author_id=of_author,
        )

    def revised(self, *, title: str | None = None, content: str | None = None) -> "Post":
        """Return the post with another title or content; None leaves one as it is.

        Raises:
            InvalidText: the title or the content breaks a text rule.
        """
        return replace(
            self,
            title=self.title if title is None else text.title(title),
            content=self.content if content is None else text.content(content),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """A post beside its author, as readers see it."""

    post: Post
    author: Author


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPage:
    """Some posts of one list, newest first, and the way on from there.

    `total` counts the whole list, from the same snapshot as the posts.
    """

    posts: tuple[PostView, ...]
    total: int
    next_cursor: Cursor | None
    prev_cursor: Cursor | None
