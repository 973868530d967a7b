"""What search engines are told: which pages there are, and which to leave alone.

A file of the sitemap has the posts of a range of ids (`docs/adr/0022-feeds-and-sitemap.md`): a post
stays in its file. Files are sent as they are read; whoever reads slowly holds no connection to the
database meanwhile.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import blake2b
from html import escape
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.exceptions import HTTPException

from blog_api.conditional import is_at_hand
from blog_api.dependencies import ID_MAX, PathId, PostQueries, container_of
from blog_api.pages.visiting import READS
from blog_api.routing import PlannedRoute
from blog_core import ports
from blog_core.domain.posts import PostId

ENTRIES_MAX = 50_000
"""How many URLs a file, and how many files an index may name (sitemaps.org)."""

POSTS_PER_FILE = ENTRIES_MAX - 1
"""The first file also has the home page."""

BATCH = 1_000
"""How many ids are read at a time."""

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
_MEDIA_TYPE = "application/xml"
_HEADERS = {"Cache-Control": "public, max-age=3600"}

_NOT_FOR_ROBOTS = (
    "/api/",
    "/account",
    "/forgot-password",
    "/login",
    "/posts/*/edit",
    "/register",
    "/reset-password",
    "/write",
)

router = APIRouter(include_in_schema=False, route_class=PlannedRoute)


@router.api_route("/robots.txt", methods=READS)
async def robots(request: Request) -> Response:
    """Return what robots may read (RFC 9309): all but forms and the API."""
    url = container_of(request).settings().frontend_url
    # It counts at the root of a host alone. A blog below has to copy it there.
    rules = "\n".join(f"Disallow: {urlsplit(url).path}{path}" for path in _NOT_FOR_ROBOTS)
    text = f"User-agent: *\n{rules}\n\nSitemap: {url}/sitemap.xml\n"
    return PlainTextResponse(text, headers=_HEADERS)


@router.api_route("/sitemap.xml", methods=READS)
async def index(request: Request, posts: PostQueries) -> Response:
    """Return which files the sitemap has, or 304 to whoever has that at hand."""
    numbers = await _files(posts)
    url = container_of(request).settings().frontend_url
    tag = f'"{blake2b(repr((url, numbers)).encode(), digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, **_HEADERS}
    if is_at_hand(tag, request.headers.getlist("if-none-match")):
        return Response(status_code=304, headers=headers)
    files = "".join(
        f"<sitemap><loc>{escape(url)}/sitemap-{number}.xml</loc></sitemap>\n" for number in numbers
    )
    document = f'{_DECLARATION}<sitemapindex xmlns="{_NAMESPACE}">\n{files}</sitemapindex>\n'
    return Response(document, headers=headers, media_type=_MEDIA_TYPE)


@router.api_route("/sitemap-{number}.xml", methods=READS)
async def file(request: Request, number: PathId, posts: PostQueries) -> Response:
    """Return a file of the sitemap, as it is read."""
    if not 1 <= number <= ID_MAX // POSTS_PER_FILE:
        raise HTTPException(404)
    posts_in_it = IdRange(posts, number)
    first = await posts_in_it.batch(posts_in_it.start)
    if not first and number > 1:
        raise HTTPException(404)
    if request.method == "HEAD":
        return StreamingResponse((), headers=_HEADERS, media_type=_MEDIA_TYPE)
    url = escape(container_of(request).settings().frontend_url)
    return StreamingResponse(
        posts_in_it.written(url, first), headers=_HEADERS, media_type=_MEDIA_TYPE
    )


@dataclass(frozen=True, slots=True)
class IdRange:
    """The posts of one file, by number from 1."""

    posts: ports.PostQueries
    number: int

    @property
    def start(self) -> int:
        """The id after which the range begins."""
        return (self.number - 1) * POSTS_PER_FILE

    async def batch(self, after: int) -> list[PostId]:
        """Return the next ids of the range."""
        ids = await self.posts.ids(after=after, limit=BATCH)
        return [post_id for post_id in ids if post_id <= self.start + POSTS_PER_FILE]

    async def written(self, url: str, batch: list[PostId]) -> AsyncIterator[str]:
        """Write the file piece by piece, beginning with a batch that was read already."""
        yield f'{_DECLARATION}<urlset xmlns="{_NAMESPACE}">\n'
        if self.number == 1:
            yield _entry(f"{url}/")
        while batch:
            yield "".join(_entry(f"{url}/posts/{post_id}") for post_id in batch)
            batch = await self.batch(batch[-1])
        yield "</urlset>\n"


async def _files(posts: ports.PostQueries) -> list[int]:
    """Return the numbers of the files in which there is something."""
    numbers = [1]
    while len(numbers) < ENTRIES_MAX:
        found = await posts.ids(after=numbers[-1] * POSTS_PER_FILE, limit=1)
        if not found:
            break
        numbers.append((found[0] - 1) // POSTS_PER_FILE + 1)
    return numbers


def _entry(url: str) -> str:
    return f"<url><loc>{url}</loc></url>\n"
