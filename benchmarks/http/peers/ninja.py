"""The peer on Django: django-ninja with synchronous views, as most of its users write them.

Served by gunicorn, one worker of 8 threads, each of which keeps its connection. The JSON is
orjson's, by the renderer of its documentation: that of the standard library sends other bytes.
"""

from datetime import datetime
from typing import Any

import django
import orjson
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.renderers import BaseRenderer

from benchmarks.http.apps.contract import cursor, image_path

django.setup()


class User(models.Model):
    """An account's row."""

    username = models.CharField(max_length=50)
    image_file = models.CharField(max_length=200, null=True)

    class Meta:
        """The table that ours made."""

        app_label = "blog"
        db_table = "users"
        managed = False

    @property
    def image_path(self) -> str:
        """Where the picture is found."""
        return image_path(self.image_file)


class Post(models.Model):
    """A post's row."""

    title = models.CharField(max_length=100)
    content = models.TextField()
    date_posted = models.DateTimeField()
    user = models.ForeignKey(User, on_delete=models.CASCADE)

    class Meta:
        """The table that ours made."""

        app_label = "blog"
        db_table = "posts"
        managed = False


class UserPublic(Schema):
    """An account as anybody sees it."""

    id: int
    username: str
    image_file: str | None
    image_path: str


class PostResponse(Schema):
    """A post beside its author."""

    id: int
    title: str
    content: str
    user_id: int
    date_posted: datetime
    author: UserPublic

    @staticmethod
    def resolve_author(post: Post) -> User:
        """Find the author where the model has it."""
        return post.user


class PaginatedPostsResponse(Schema):
    """A page of posts."""

    posts: list[PostResponse]
    total: int
    skip: int
    limit: int
    has_more: bool
    next_cursor: str | None
    prev_cursor: str | None


class ORJSONRenderer(BaseRenderer):
    """The renderer of the documentation."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:  # noqa: ANN401, ARG002 - its signature
        """Return the body."""
        return orjson.dumps(data, option=orjson.OPT_UTC_Z)


api = NinjaAPI(renderer=ORJSONRenderer())


@api.get("/posts", response=PaginatedPostsResponse)
def list_posts(request: HttpRequest, skip: int = 0, limit: int = 10) -> dict[str, Any]:  # noqa: ARG001 - its signature
    """Return a page of all posts, newest first."""
    total = Post.objects.count()
    page = list(
        Post.objects.select_related("user").order_by("-date_posted", "-id")[skip : skip + limit]
    )
    has_more = skip + len(page) < total
    first, last = page[0], page[-1]
    return {
        "posts": page,
        "total": total,
        "skip": skip,
        "limit": limit,
        "has_more": has_more,
        "next_cursor": cursor(last.date_posted, last.id, forward=True) if has_more else None,
        "prev_cursor": cursor(first.date_posted, first.id, forward=False) if skip else None,
    }


@api.get("/posts/{post_id}", response=PostResponse)
def get_post(request: HttpRequest, post_id: int) -> Post:  # noqa: ARG001 - its signature
    """Return a post."""
    return get_object_or_404(Post.objects.select_related("user"), id=post_id)


@api.get("/users/{user_id}", response=UserPublic)
def get_user(request: HttpRequest, user_id: int) -> User:  # noqa: ARG001 - its signature
    """Return an account."""
    return get_object_or_404(User, id=user_id)


urlpatterns = [path("api/", api.urls)]
app = get_wsgi_application()
