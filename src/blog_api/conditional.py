"""Entity tags and the requests that ask for them (RFC 9110, section 13)."""

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Annotated

from fastapi import Depends, Header, Response
from pydantic import WithJsonSchema
from starlette.exceptions import HTTPException

from blog_api.markdown import RENDERING
from blog_api.schemas import PaginatedPostsResponse
from blog_core.domain.posts import PostPage, PostView
from blog_core.domain.users import Author, User

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_VERSIONS = re.compile(r"([1-9][0-9]{0,18})(?:-[0-9]+){0,2}")

IfNoneMatch = Annotated[
    list[str] | None,
    Header(
        alias="If-None-Match",
        description="Entity tags already at hand; when one is current, the answer is 304.",
    ),
    WithJsonSchema({"type": "string", "examples": ['"1-1-1"']}),
]


def post_tag(view: PostView) -> str:
    """Return the tag of a post, from all that makes its answer: itself, author and rendering."""
    return f'"{view.post.version}-{view.author.version}-{RENDERING}"'


def user_tag(user: User | Author) -> str:
    """Return the tag of an account."""
    return f'"{user.version}"'


def page_tag(page: PostPage, answer: PaginatedPostsResponse) -> str:
    """Return the tag of a page, from everything in it that can change."""
    rows = [(v.post.id, v.post.version, v.author.version) for v in page.posts]
    content = repr((rows, page.total, answer.next_cursor, answer.prev_cursor, answer.limit))
    return f'"{blake2b(content.encode(), digest_size=12).hexdigest()}"'


def revalidate(response: Response, tag: str, if_none_match: list[str] | None) -> None:
    """Give the answer its tag, or end the request with 304 when the caller has it already."""
    response.headers["ETag"] = tag
    if is_at_hand(tag, if_none_match):
        raise HTTPException(304, headers=dict(response.headers))


def is_at_hand(tag: str, if_none_match: Sequence[str] | None) -> bool:
    """Whether the caller has what the tag names; weak tags count as well."""
    if if_none_match is None:
        return False
    known = ",".join(if_none_match)
    return known.strip() == "*" or tag[1:-1] in (opaque for _, opaque in _TAG.findall(known))


async def seen_versions(
    if_match: Annotated[
        list[str] | None,
        Header(
            alias="If-Match",
            description="Entity tags the change was made against; when none is current, the answer "
            "is 412. Of a post's tag only the first number counts: a new name of its author does "
            "not make an edit stale.",
        ),
        WithJsonSchema({"type": "string", "examples": ['"1-1-1"']}),
    ] = None,
) -> frozenset[int] | None:
    """Return the versions that If-Match names; None when any will do, none when none is usable."""
    if if_match is None or (tags := ",".join(if_match)).strip() == "*":
        return None
    found = (_VERSIONS.fullmatch(opaque) for weak, opaque in _TAG.findall(tags) if not weak)
    return frozenset(int(match[1]) for match in found if match)


SeenVersions = Annotated[frozenset[int] | None, Depends(seen_versions)]
