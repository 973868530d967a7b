"""The peer on Litestar: services of advanced-alchemy over an ORM, msgspec for answers."""

import os
from collections.abc import AsyncIterator
from datetime import datetime

import msgspec
from advanced_alchemy.base import BigIntBase
from advanced_alchemy.extensions.litestar import (
    AsyncSessionConfig,
    SQLAlchemyAsyncConfig,
    SQLAlchemyPlugin,
    filters,
    repository,
    service,
)
from litestar import Litestar, get
from litestar.di import Provide
from sqlalchemy import ForeignKey
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benchmarks.http.apps.contract import cursor, image_path


class User(BigIntBase):
    """An account's row."""

    __tablename__ = "users"

    username: Mapped[str]
    image_file: Mapped[str | None]

    @property
    def image_path(self) -> str:
        """Where the picture is found."""
        return image_path(self.image_file)


class Post(BigIntBase):
    """A post's row."""

    __tablename__ = "posts"

    title: Mapped[str]
    content: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    date_posted: Mapped[datetime]

    author: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class UserPublic(msgspec.Struct):
    """An account as anybody sees it."""

    id: int
    username: str
    image_file: str | None
    image_path: str


class PostResponse(msgspec.Struct):
    """A post beside its author."""

    id: int
    title: str
    content: str
    user_id: int
    date_posted: datetime
    author: UserPublic


class PaginatedPostsResponse(msgspec.Struct):
    """A page of posts."""

    posts: list[PostResponse]
    total: int
    skip: int
    limit: int
    has_more: bool
    next_cursor: str | None
    prev_cursor: str | None


class Posts(service.SQLAlchemyAsyncRepositoryService[Post]):
    """What is done with posts."""

    class Repository(repository.SQLAlchemyAsyncRepository[Post]):
        """Where they are."""

        model_type = Post

    repository_type = Repository


class Users(service.SQLAlchemyAsyncRepositoryService[User]):
    """What is done with accounts."""

    class Repository(repository.SQLAlchemyAsyncRepository[User]):
        """Where they are."""

        model_type = User

    repository_type = Repository


async def provide_posts(db_session: AsyncSession) -> AsyncIterator[Posts]:
    """Lend the service of a request."""
    async with Posts.new(session=db_session) as posts:
        yield posts


async def provide_users(db_session: AsyncSession) -> AsyncIterator[Users]:
    """Lend the service of a request."""
    async with Users.new(session=db_session) as users:
        yield users


@get("/api/posts", dependencies={"posts": Provide(provide_posts)})
async def list_posts(posts: Posts, skip: int = 0, limit: int = 10) -> PaginatedPostsResponse:
    """Return a page of all posts, newest first."""
    page, total = await posts.list_and_count(
        filters.OrderBy("date_posted", "desc"),
        filters.LimitOffset(limit=limit, offset=skip),
        count_with_window_function=False,  # its default takes 25 ms here
    )
    has_more = skip + len(page) < total
    first, last = page[0], page[-1]
    return PaginatedPostsResponse(
        posts=[msgspec.convert(post, PostResponse, from_attributes=True) for post in page],
        total=total,
        skip=skip,
        limit=limit,
        has_more=has_more,
        next_cursor=cursor(last.date_posted, last.id, forward=True) if has_more else None,
        prev_cursor=cursor(first.date_posted, first.id, forward=False) if skip else None,
    )


@get("/api/posts/{post_id:int}", dependencies={"posts": Provide(provide_posts)})
async def get_post(posts: Posts, post_id: int) -> PostResponse:
    """Return a post."""
    return msgspec.convert(await posts.get(post_id), PostResponse, from_attributes=True)


@get("/api/users/{user_id:int}", dependencies={"users": Provide(provide_users)})
async def get_user(users: Users, user_id: int) -> UserPublic:
    """Return an account."""
    return msgspec.convert(await users.get(user_id), UserPublic, from_attributes=True)


app = Litestar(
    route_handlers=[list_posts, get_post, get_user],
    plugins=[
        SQLAlchemyPlugin(
            SQLAlchemyAsyncConfig(
                connection_string=os.environ["DATABASE_URL"].replace(
                    "postgresql://", "postgresql+asyncpg://", 1
                ),
                session_config=AsyncSessionConfig(expire_on_commit=False),
            )
        )
    ],
)
