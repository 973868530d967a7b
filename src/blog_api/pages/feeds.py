"""The feeds of the blog and of each author."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from html import escape, unescape
from typing import Annotated
from urllib.parse import urljoin, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException

from blog_api.conditional import is_at_hand
from blog_api.dependencies import PathId, PostQueries, Rendered, UserQueries, container_of
from blog_api.markdown import RENDERING, excerpt
from blog_api.pages.rendering import SITE_NAME
from blog_api.pages.syndication import FORMATS, Entry, Feed, Format, Person
from blog_api.pages.visiting import READS
from blog_api.rendered import RenderedPosts
from blog_api.routing import PlannedRoute
from blog_core.domain.posts import PostPage, PostView
from blog_core.domain.users import Author, UserId

ENTRIES = 20
"""How many posts a feed has at most."""

HTML_MAX = 500_000
"""How many characters of HTML a feed holds in all; posts past it are there with their excerpts."""

_HEADERS = {"Cache-Control": "public, max-age=300"}
_NAMED_ON = date(2026, 1, 1)
"""A day for the ids of the feeds themselves (RFC 4151), never to be another."""

# The HTML is a sanitiser's: every `<` opens a tag, every value stands in double quotes.
_TAG = re.compile(r'<[a-z][^<>"]*(?:"[^"]*"[^<>"]*)+>')
_URL = re.compile(r'(?<= )(href|src)="([^"]*)"')

router = APIRouter(include_in_schema=False, route_class=PlannedRoute)


async def known_format(suffix: str) -> Format:
    """Return the format that a feed's name ends with. Raises HTTPException with 404."""
    if suffix not in FORMATS:
        raise HTTPException(404)
    return FORMATS[suffix]


KnownFormat = Annotated[Format, Depends(known_format)]


@router.api_route("/feed.{suffix}", methods=READS)
async def feed_of_all(
    request: Request, kind: KnownFormat, posts: PostQueries, rendered: Rendered
) -> Response:
    """Return the newest posts of all users."""
    return await _answer(request, kind, rendered, await posts.page(limit=ENTRIES), None)


@router.api_route("/users/{user_id}/feed.{suffix}", methods=READS)
async def feed_of_user(
    request: Request,
    kind: KnownFormat,
    user_id: PathId,
    users: UserQueries,
    posts: PostQueries,
    rendered: Rendered,
) -> Response:
    """Return a user's newest posts."""
    author = await users.public(UserId(user_id))
    page = await posts.page(author_id=author.id, limit=ENTRIES)
    return await _answer(request, kind, rendered, page, author)


async def _answer(
    request: Request, kind: Format, rendered: RenderedPosts, page: PostPage, author: Author | None
) -> Response:
    """Return a feed, or 304 to whoever has it at hand."""
    source = Source(container_of(request).settings().frontend_url)
    headers = {"ETag": source.version(page, author), **_HEADERS}
    if is_at_hand(headers["ETag"], request.headers.getlist("if-none-match")):
        return Response(status_code=304, headers=headers)
    contents = await _contents(page, rendered)
    written = await rendered.aside(lambda: kind.written(source.feed(kind, page, author, contents)))
    return Response(written, headers=headers, media_type=kind.media_type)


async def _contents(page: PostPage, rendered: RenderedPosts) -> list[str]:
    """Return the HTML of posts: in full as long as there is room for it, and then its beginning."""
    contents: list[str] = []
    left = HTML_MAX
    for view in page.posts:  # one after the other: others want to be rendered, too
        html = await rendered.html(view.post) if len(view.post.content) <= left else None
        if html is None or len(html) > left:
            html = f"<p>{escape(excerpt(view.post.content))}</p>"
        left -= len(html)
        contents.append(html)
    return contents


@dataclass(frozen=True, slots=True)
class Source:
    """Makes feeds of a blog.

    Args:
        url: where people find it, without a slash at the end.
    """

    url: str

    def version(self, page: PostPage, author: Author | None) -> str:
        """Return the tag of a feed, from everything in it that can change."""
        rows = [(view.post.id, view.post.version, view.author.version) for view in page.posts]
        content = repr((RENDERING, self.url, rows, author and author.version))
        return f'"{blake2b(content.encode(), digest_size=12).hexdigest()}"'

    def feed(
        self, kind: Format, page: PostPage, author: Author | None, contents: Iterable[str]
    ) -> Feed:
        """Return the feed of a page of posts, which are one author's or anybody's.

        Args:
            kind: its format.
            page: the posts.
            author: who wrote all of them, if that is what the feed is about.
            contents: the HTML of each of the posts.
        """
        place = f"/users/{author.id}" if author else ""
        return Feed(
            id=self._tag(_NAMED_ON, f"{place}/feed"),
            url=f"{self.url}{place}/feed.{kind.suffix}",
            page=f"{self.url}{place}/posts" if author else f"{self.url}/",
            title=f"{author.username} · {SITE_NAME}" if author else SITE_NAME,
            author=self._person(author) if author else None,
            entries=tuple(map(self._entry, page.posts, contents)),
        )

    def _entry(self, view: PostView, html: str) -> Entry:
        post = view.post
        url = f"{self.url}/posts/{post.id}"
        return Entry(
            id=self._tag(post.date_posted.date(), f"/posts/{post.id}"),
            url=url,
            title=post.title,
            html=absolute(html, base=url),
            excerpt=excerpt(post.content),
            published=post.date_posted,
            author=self._person(view.author),
        )

    def _person(self, author: Author) -> Person:
        return Person(name=author.username, url=f"{self.url}/users/{author.id}/posts")

    def _tag(self, day: date, path: str) -> str:
        """Return a tag URI: it outlives scheme, port and paths, as long as the host stays."""
        return f"tag:{urlsplit(self.url).hostname},{day.isoformat()}:{path}"


def absolute(html: str, *, base: str) -> str:
    """Return sanitised HTML whose links and pictures are found from anywhere."""

    def resolved(match: re.Match[str]) -> str:
        name, value = match.groups()
        try:
            return f'{name}="{escape(urljoin(base, unescape(value)))}"'
        except ValueError:  # it is no URL, here or there
            return match[0]

    return _TAG.sub(lambda tag: _URL.sub(resolved, tag[0]), html)
