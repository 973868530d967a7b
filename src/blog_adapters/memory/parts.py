"""The ports that are no database: pictures, mail, passwords, tokens."""

import struct
import zlib
from base64 import b64decode
from datetime import datetime
from itertools import count

from blog_adapters.memory.tables import find
from blog_core.domain.access import CLOCK_LEEWAY, AccessClaims
from blog_core.domain.mail import Mail
from blog_core.errors import InvalidAccessToken, InvalidImage


class MemoryImageStorage:
    """`ImageStorage` in a dictionary; `pictures` shows what is stored, by name."""

    def __init__(self, public_url: str = "/media") -> None:
        self.pictures: dict[str, bytes] = {}
        self._public_url = public_url

    async def put(self, image_file: str, data: bytes) -> None:
        """See `ImageStorage`."""
        self.pictures[image_file] = data

    async def delete(self, image_file: str) -> None:
        """See `ImageStorage`."""
        self.pictures.pop(image_file, None)

    def url(self, image_file: str) -> str:
        """See `ImageStorage`."""
        return f"{self._public_url}/profile_pics/{image_file}"


class MemoryMailer:
    """`Mailer` that keeps what it sends, in order, in `sent`."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        """See `Mailer`."""
        self.sent.append(mail)


class MemoryPasswords:
    """`PasswordHasher` that is fast and hides nothing: for tests only.

    `verified` counts the verifications; hashes of another `generation` are outdated.
    """

    def __init__(self, generation: int = 1) -> None:
        self.verified = 0
        self._generation = generation
        self._salts = count(1)

    async def hash(self, password: str) -> str:
        """See `PasswordHasher`."""
        return f"plain${self._generation}${next(self._salts)}${password}"

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """See `PasswordHasher`."""
        self.verified += 1
        return password_hash is not None and password_hash.split("$", 3)[-1] == password

    def is_outdated(self, password_hash: str) -> bool:
        """See `PasswordHasher`."""
        return password_hash.split("$", 3)[1] != str(self._generation)


class MemoryAccessTokens:
    """`AccessTokens` that are numbers into a dictionary: nothing is signed, nothing forged."""

    def __init__(self) -> None:
        self._issued: dict[str, tuple[AccessClaims, datetime]] = {}

    def issue(self, claims: AccessClaims, *, now: datetime, expires_at: datetime) -> str:
        """See `AccessTokens`."""
        token = f"token-{len(self._issued) + 1}-{now.isoformat()}"
        self._issued[token] = (claims, expires_at)
        return token

    def read(self, token: str, *, now: datetime) -> AccessClaims:
        """See `AccessTokens`."""
        claims, expires_at = find(self._issued, token, InvalidAccessToken)
        if now > expires_at + CLOCK_LEEWAY:
            raise InvalidAccessToken
        return claims


class MemoryImages:
    """`ImageProcessor` that reads headers only and always draws the same grey picture."""

    async def profile_picture(self, upload: bytes) -> bytes:
        """See `ImageProcessor`."""
        width, height = _size(upload)
        if not 0 < width * height <= _MAX_PIXELS:
            raise InvalidImage
        return _GREY_PICTURE


_MAX_PIXELS = 25_000_000

_GREY_PICTURE = zlib.decompress(
    b64decode(
        "eNrtjk0OgjAQRmcspTUQytAqhEAbCUvuwMKERE/twkP4s/EmtSyNuHDP+5JZvGS+GX/zL8jP02kCRAAMAf+EI3AWRRHjYX"
        "DOY5FKEVBJsk1JFQUpIr1vSm3qHVF1qOq2dc7psus72zfW2bkEw6qIRSZlZg0Z+zf+AiRxwIFhBxtCRuivYOYnP5ltvmhx"
        "0dK3fUDKMBxhBCOsrPxE+fsbUuUiNQ=="
    )
)


def _size(upload: bytes) -> tuple[int, int]:
    """Return width and height of a picture that begins and ends as its format says."""
    try:
        if upload.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in upload:
            return struct.unpack_from(">II", upload, 16)
        if upload.startswith((b"GIF87a", b"GIF89a")) and b"\x00;" in upload:
            return struct.unpack_from("<HH", upload, 6)
        if upload[:4] == b"RIFF" and upload[8:12] == b"WEBP":
            (rest,) = struct.unpack_from("<I", upload, 4)
            return (1, 1) if len(upload) >= rest + 8 else (0, 0)
        if upload.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in upload:
            return 1, 1
    except struct.error:
        pass
    return 0, 0
