"""The static files, read once: named by their content, so that browsers may keep them for good."""

import gzip
import mimetypes
import posixpath
import re
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from blog_api.conditional import is_at_hand

_STATIC = Path(__file__).parent / "static"

_FOREVER = "public, max-age=31536000, immutable"
_PLAIN_NAMES = {"profile_pics/default.jpg"}
"""What the API names in its answers."""

_TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}
_COMPRESSED = {".css", ".js", ".svg", ".webmanifest"}
_REFERENCE = re.compile(r"""(["'(])(\.{1,2}/[\w./-]+)(["')])""")
"""How one file names another: by a relative path, quoted or in brackets."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    path: str
    media_type: str
    body: bytes
    compressed: bytes | None
    digest: str

    def answer(self, request: Request) -> Response:
        """Return the answer to whoever asks for it."""
        body, tag, headers = self.body, f'"{self.digest}"', {}
        if self.path not in _PLAIN_NAMES:
            headers["Cache-Control"] = _FOREVER
        if self.compressed is not None:
            headers["Vary"] = "Accept-Encoding"
            if _takes_gzip(request.headers.get("accept-encoding", "")):
                body, tag = self.compressed, f'"{self.digest}-gzip"'
                headers["Content-Encoding"] = "gzip"
        headers["ETag"] = tag
        if is_at_hand(tag, request.headers.getlist("if-none-match")):
            headers.pop("Content-Encoding", None)
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=self.media_type)


class Assets:
    """Serves the files of a folder under their names; to be mounted.

    Args:
        folder: with all the files; it is read at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[str, str] = {}
        self._assets: dict[str, Asset] = {}
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.name(file.relative_to(folder).as_posix())

    def name(self, path: str) -> str:
        """Return the name that a file is served under.

        Raises:
            FileNotFoundError: there is no such file.
        """
        if path not in self._names:
            self._read(path)
        return self._names[path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one file."""
        request = Request(scope)
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(405)
        name = scope["path"].removeprefix(scope["root_path"]).removeprefix("/")
        asset = self._assets.get(name)
        if asset is None:
            raise HTTPException(404)
        await asset.answer(request)(scope, receive, send)

    def _read(self, path: str) -> None:
        body, ending = (self._folder / path).read_bytes(), posixpath.splitext(path)[1]
        is_text = ending in _COMPRESSED
        if is_text:
            body = self._with_names(body.decode(), posixpath.dirname(path)).encode()
        digest = blake2b(body, digest_size=8).hexdigest()
        stem = path.removesuffix(ending)
        name = path if path in _PLAIN_NAMES else f"{stem}.{digest}{ending}"
        self._names[path] = name
        self._assets[name] = Asset(
            path=path,
            media_type=_TYPES.get(ending) or mimetypes.guess_type(path)[0] or "text/plain",
            body=body,
            compressed=gzip.compress(body, mtime=0) if is_text else None,
            digest=digest,
        )

    def _with_names(self, text: str, folder: str) -> str:
        """Return a file's text with the names of the files that it refers to."""

        def named(found: re.Match[str]) -> str:
            path = posixpath.normpath(posixpath.join(folder, found[2]))
            name = posixpath.relpath(self.name(path), folder or ".")
            return f"{found[1]}{name if name.startswith('.') else f'./{name}'}{found[3]}"

        return _REFERENCE.sub(named, text)


@cache
def assets() -> Assets:
    """Return the files of the pages."""
    return Assets(_STATIC)


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header allows for gzip (RFC 9110, 12.5.3)."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
