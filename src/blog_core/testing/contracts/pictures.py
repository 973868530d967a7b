"""The contracts of what makes pictures and what stores them."""

from collections.abc import Awaitable, Callable

import pytest

from blog_core.errors import InvalidImage
from blog_core.ports import ImageProcessor, ImageStorage
from blog_core.testing import builders
from blog_core.testing.contracts.base import Contract

PICTURE = "0123456789abcdef0123456789abcdef.jpg"


OTHER_PICTURE = "fedcba9876543210fedcba9876543210.jpg"


StoredPictures = Callable[[], Awaitable[dict[str, bytes]]]
"""What the storage holds, by name, seen from outside the port."""


class ImageStorageContract(Contract):
    """`ImageStorage`. Supply `storage` and `stored`, which looks at it from outside."""

    async def test_a_picture_is_stored_byte_for_byte(
        self, storage: ImageStorage, stored: StoredPictures
    ) -> None:
        data = bytes(range(256)) * 40

        await storage.put(PICTURE, data)

        assert await stored() == {PICTURE: data}

    async def test_a_picture_stored_again_is_the_later_one(
        self, storage: ImageStorage, stored: StoredPictures
    ) -> None:
        await storage.put(PICTURE, b"first")
        await storage.put(PICTURE, b"second")

        assert await stored() == {PICTURE: b"second"}

    async def test_a_deleted_picture_is_gone_and_the_others_stay(
        self, storage: ImageStorage, stored: StoredPictures
    ) -> None:
        await storage.put(PICTURE, b"gone")
        await storage.put(OTHER_PICTURE, b"kept")

        await storage.delete(PICTURE)

        assert await stored() == {OTHER_PICTURE: b"kept"}

    async def test_deleting_what_is_gone_is_no_error(
        self, storage: ImageStorage, stored: StoredPictures
    ) -> None:
        await storage.delete(PICTURE)

        assert await stored() == {}

    async def test_each_picture_has_its_own_address(self, storage: ImageStorage) -> None:
        assert storage.url(PICTURE).endswith(f"/{PICTURE}")
        assert storage.url(OTHER_PICTURE) == storage.url(PICTURE).replace(PICTURE, OTHER_PICTURE)


class ImageProcessorContract(Contract):
    """`ImageProcessor`. Supply `images`."""

    @pytest.mark.parametrize(
        "upload",
        [builders.JPEG, builders.png(), builders.GIF, builders.WEBP, builders.png(5000, 5000)],
        ids=["jpeg", "png", "gif", "webp", "25-megapixels"],
    )
    async def test_a_sound_picture_becomes_a_square_jpeg(
        self, images: ImageProcessor, upload: bytes
    ) -> None:
        picture = await images.profile_picture(upload)

        assert _jpeg_size(picture) == (300, 300)

    @pytest.mark.parametrize(
        "upload",
        [
            b"",
            b"just text",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"BM" + bytes(60),
            b"II*\0" + bytes(60),
            builders.JPEG[:200],
            builders.png()[:50],
            builders.GIF[:40],
            builders.WEBP[:30],
            builders.png(13_000, 13_000, complete=False),
            builders.png(5001, 5000, complete=False),
            builders.png(0, 10, complete=False),
        ],
        ids=[
            "empty", "text", "svg", "bmp", "tiff", "jpeg-cut", "png-cut", "gif-cut", "webp-cut",
            "bomb", "just-over-25-megapixels", "no-width",
        ],
    )  # fmt: skip
    async def test_anything_else_is_refused(self, images: ImageProcessor, upload: bytes) -> None:
        with pytest.raises(InvalidImage):
            await images.profile_picture(upload)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Return width and height from a JPEG's frame header (ITU-T T.81, B.2.2)."""
    assert data.startswith(b"\xff\xd8")
    place = 2
    while data[place + 1] not in {0xC0, 0xC1, 0xC2}:
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    height, width = (int.from_bytes(data[place + n : place + n + 2]) for n in (5, 7))
    return width, height
