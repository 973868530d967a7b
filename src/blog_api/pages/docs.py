"""The interactive documentation: two pages that load their programs from elsewhere.

They stand where the session's cookie is good, so browsers run one release of each, and no other
bytes than those named here (Subresource Integrity).

Each has a policy that allows exactly what it loads. Made once: their scripts never change, so the
policy can name the one that stands in the page by its hash.
"""

import re

from fastapi import APIRouter
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse

from blog_api.pages.hashes import hash_of

_TITLE = "Blog"
_DOCUMENT = "openapi.json"  # beside the pages, wherever a proxy may put them
_ICON = "data:,"

_SWAGGER = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.35.0/"
_REDOC = "https://cdn.jsdelivr.net/npm/redoc@2.5.4/"

_INTEGRITY = {
    "swagger-ui-bundle.js": "gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9",
    "swagger-ui.css": "WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I",
    "bundles/redoc.standalone.js": (
        "w447zOpYfw/1Tv/5AK9NfHTlQIqE3RVR6KY62jCyy9zNDgO64cMwGGP1Fj0zJVf5"
    ),
}
"""SHA-384 of each file, as base64."""


def _pinned(page: HTMLResponse) -> HTMLResponse:
    html = bytes(page.body).decode()
    for file, digest in _INTEGRITY.items():
        html = html.replace(
            f'/{file}"', f'/{file}" integrity="sha384-{digest}" crossorigin="anonymous"'
        )
    return HTMLResponse(html)


_PAGES = {
    "/docs": _pinned(
        get_swagger_ui_html(
            openapi_url=_DOCUMENT,
            title=_TITLE,
            swagger_js_url=f"{_SWAGGER}swagger-ui-bundle.js",
            swagger_css_url=f"{_SWAGGER}swagger-ui.css",
            swagger_favicon_url=_ICON,
        )
    ),
    "/redoc": _pinned(
        get_redoc_html(
            openapi_url=_DOCUMENT,
            title=_TITLE,
            redoc_js_url=f"{_REDOC}bundles/redoc.standalone.js",
            redoc_favicon_url=_ICON,
            with_google_fonts=False,
        )
    ),
}

# Both programs write styles into the page; Redoc searches in a worker of its own making.
_COMMON = (
    "default-src 'none'; connect-src 'self'; img-src data: 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def _scripts_in(page: HTMLResponse) -> str:
    found = re.findall(r"<script>(.*?)</script>", bytes(page.body).decode(), flags=re.DOTALL)
    return " ".join(map(hash_of, found))


DOCS_POLICIES = {
    "/docs": f"{_COMMON}; script-src {_SWAGGER} {_scripts_in(_PAGES['/docs'])}; "
    f"style-src {_SWAGGER} 'unsafe-inline'",
    "/redoc": f"{_COMMON}; script-src {_REDOC}; style-src 'unsafe-inline'; worker-src blob:",
}
"""The Content-Security-Policy of each page, by its path."""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def swagger_ui() -> HTMLResponse:
    """Return the page on which every operation can be tried."""
    return _PAGES["/docs"]


@router.get("/redoc")
async def redoc() -> HTMLResponse:
    """Return the page on which every operation can be read about."""
    return _PAGES["/redoc"]
