"""The contracts of what makes pictures and what stores them."""

import pytest

from blog_core.errors import InvalidImage
from blog_core.testing import builders
from blog_core.testing.contracts.base import Contract, clause

PICTURE = "0123456789abcdef0123456789abcdef.jpg"


OTHER_PICTURE = "fedcba9876543210fedcba9876543210.jpg"


class ImageStorageContract(Contract):
    """`ImageStorage`."""

    ports = ("storage", "stored")

    @clause("STORAGE-01")
    async def test_a_picture_is_stored_byte_for_byte(self) -> None:
        """A picture is stored byte for byte under the name it was given."""
        data = bytes(range(256)) * 40

        await self.storage.put(PICTURE, data)

        assert await self.stored() == {PICTURE: data}

    @clause("STORAGE-02")
    async def test_a_picture_stored_again_is_the_later_one(self) -> None:
        """A picture stored again under its name is the later one."""
        await self.storage.put(PICTURE, b"first")
        await self.storage.put(PICTURE, b"second")

        assert await self.stored() == {PICTURE: b"second"}

    @clause("STORAGE-03")
    async def test_a_deleted_picture_is_gone_and_the_others_stay(self) -> None:
        """A deleted picture is gone, and the others stay."""
        await self.storage.put(PICTURE, b"gone")
        await self.storage.put(OTHER_PICTURE, b"kept")

        await self.storage.delete(PICTURE)

        assert await self.stored() == {OTHER_PICTURE: b"kept"}

    @clause("STORAGE-04")
    async def test_deleting_what_is_gone_is_no_error(self) -> None:
        """Deleting a picture that is gone is no error."""
        await self.storage.delete(PICTURE)

        assert await self.stored() == {}

    @clause("STORAGE-05")
    async def test_each_picture_has_its_own_address(self) -> None:
        """Each picture has its own public address, which ends in its name."""
        assert self.storage.url(PICTURE).endswith(f"/{PICTURE}")
        assert self.storage.url(OTHER_PICTURE).endswith(f"/{OTHER_PICTURE}")


class ImageProcessorContract(Contract):
    """`ImageProcessor`."""

    ports = ("images",)

    @clause("IMAGES-01")
    @pytest.mark.parametrize(
        "upload",
        [builders.JPEG, builders.png(), builders.GIF, builders.WEBP, builders.png(5000, 5000)],
        ids=["jpeg", "png", "gif", "webp", "25-megapixels"],
    )
    async def test_a_sound_picture_becomes_a_square_jpeg(self, upload: bytes) -> None:
        """A sound JPEG, PNG, GIF or WebP of at most 25 megapixels becomes a JPEG of 300 by 300."""
        picture = await self.images.profile_picture(upload)

        assert _jpeg_size(picture) == (300, 300)

    @clause("IMAGES-02")
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
    async def test_anything_else_is_refused(self, upload: bytes) -> None:
        """Anything else, cut short or too large is refused with InvalidImage."""
        with pytest.raises(InvalidImage):
            await self.images.profile_picture(upload)

    @clause("IMAGES-03")
    async def test_nothing_but_the_picture_is_kept(self) -> None:
        """What an upload carries beside its pixels (place, camera, comments) is not kept."""
        secret = b"N 48 51.4956 E 2 17.6676"
        exif, comment = _segment(0xE1, b"Exif\0\0" + secret), _segment(0xFE, secret)

        picture = await self.images.profile_picture(
            builders.JPEG[:2] + exif + comment + builders.JPEG[2:] + secret
        )

        assert secret not in picture


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Return width and height from a JPEG's frame header (ITU-T T.81, B.2.2)."""
    assert data.startswith(b"\xff\xd8")
    place = 2
    while data[place + 1] not in {0xC0, 0xC1, 0xC2}:
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    height, width = (int.from_bytes(data[place + n : place + n + 2]) for n in (5, 7))
    return width, height


def _segment(marker: int, content: bytes) -> bytes:
    """Return a JPEG's segment (ITU-T T.81, B.1.1.4)."""
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content
