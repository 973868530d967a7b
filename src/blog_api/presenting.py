"""From domain values to answers."""

from dataclasses import dataclass

from blog_api.schemas import (
    PaginatedPostsResponse,
    PostResponse,
    RenderedPostResponse,
    SessionResponse,
    SessionsResponse,
    Token,
    UserPrivate,
    UserPublic,
)
from blog_core.domain.access import AccessToken, Actor, Session
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostPage, PostView
from blog_core.domain.users import Author, User
from blog_core.ports import ImageStorage

DEFAULT_PICTURE = "/static/profile_pics/default.jpg"


@dataclass(frozen=True, slots=True)
class Presenter:
    """Shapes answers; knows where pictures are found."""

    storage: ImageStorage

    def author(self, author: Author) -> UserPublic:
        """Return an account for anybody."""
        return UserPublic(
            id=author.id,
            username=author.username,
            image_file=author.image_file,
            image_path=self._image_path(author.image_file),
        )

    def user(self, user: User) -> UserPrivate:
        """Return an account for its owner."""
        return UserPrivate(
            id=user.id,
            username=user.username,
            image_file=user.image_file,
            image_path=self._image_path(user.image_file),
            email=user.email,
        )

    def token(self, token: AccessToken) -> Token:
        """Return what somebody gets in with."""
        return Token(
            access_token=token.value,
            expires_in=int(token.expires_in.total_seconds()),
            refresh_token=token.refresh_token,
        )

    def post(self, view: PostView) -> PostResponse:
        """Return a post."""
        return PostResponse(
            id=view.post.id,
            title=view.post.title,
            content=view.post.content,
            user_id=view.post.author_id,
            date_posted=view.post.date_posted,
            author=self.author(view.author),
        )

    def rendered_post(self, view: PostView, html: str) -> RenderedPostResponse:
        """Return a post with its content as HTML."""
        return RenderedPostResponse(
            id=view.post.id,
            title=view.post.title,
            content=view.post.content,
            user_id=view.post.author_id,
            date_posted=view.post.date_posted,
            author=self.author(view.author),
            content_html=html,
        )

    def page(self, page: PostPage, *, limit: int, skip: int | None) -> PaginatedPostsResponse:
        """Return a page; `skip` is None when a cursor led here."""
        return PaginatedPostsResponse(
            posts=[self.post(view) for view in page.posts],
            total=page.total,
            skip=skip,
            limit=limit,
            has_more=page.next_cursor is not None,
            next_cursor=_encoded(page.next_cursor),
            prev_cursor=_encoded(page.prev_cursor),
        )

    @staticmethod
    def sessions(actor: Actor, sessions: list[Session]) -> SessionsResponse:
        """Return the actor's sessions."""
        return SessionsResponse(
            sessions=[
                SessionResponse(
                    id=session.id,
                    created_at=session.created_at,
                    last_used_at=session.last_used_at,
                    user_agent=session.user_agent,
                    current=session.id == actor.session.id,
                )
                for session in sessions
            ]
        )

    def _image_path(self, image_file: str | None) -> str:
        return DEFAULT_PICTURE if image_file is None else self.storage.url(image_file)


def _encoded(cursor: Cursor | None) -> str | None:
    return None if cursor is None else cursor.encode()
