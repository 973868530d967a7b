"""Answering with a page."""

from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from blog_api.conditional import is_at_hand
from blog_api.pages.assets import assets

SITE_NAME = "Blog"


class Pages:
    """The pages of a blog.

    Args:
        url: where people find it, without a slash at the end.
    """

    def __init__(self, *, url: str) -> None:
        self._site = {"name": SITE_NAME, "url": url}

    def answer(
        self,
        request: Request,
        template: str,
        *,
        visitor: object | None,
        private: bool = False,
        place: str | None = None,
        **values: Any,  # noqa: ANN401 - whatever the template asks for
    ) -> Response:
        """Return a page, or 304 to whoever has it at hand.

        Args:
            request: what asks for it.
            template: the name of its file.
            visitor: who sees it; None for anybody, and then it may be kept for others.
            private: it is nobody else's business, and not to be kept at all.
            place: the one path of those that lead here; by default the one that was asked for.
            values: what it is about.
        """
        canonical = f"{self._site['url']}{place or request.state.path}"
        page = self._written(request, template, visitor=visitor, canonical=canonical, **values)
        # All that a page is made of is in it, so its bytes are its version.
        tag = f'"{blake2b(page, digest_size=12).hexdigest()}"'
        headers = {"ETag": tag, "Vary": "Cookie"}
        if private:
            headers["Cache-Control"] = "no-store"
        elif visitor is not None:
            headers["Cache-Control"] = "private, no-cache"
        if is_at_hand(tag, request.headers.getlist("if-none-match")):
            return Response(status_code=304, headers=headers)
        return Response(page, headers=headers, media_type="text/html")

    def error(self, request: Request, status: int, detail: str) -> str:
        """Return the page that says what went wrong."""
        phrase = HTTPStatus(status).phrase
        values = {"status": status, "phrase": phrase, "detail": detail}
        return self._written(request, "error.html", visitor=None, canonical=None, **values).decode()

    def _written(
        self,
        request: Request,
        template: str,
        **values: Any,  # noqa: ANN401 - whatever the template asks for
    ) -> bytes:
        page = _templates().get_template(template)
        year = datetime.now(UTC).year
        return page.render(site=self._site, path=request.state.path, year=year, **values).encode()


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("blog_api.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["asset"] = lambda path: f"/static/{assets().name(path)}"
    return templates
