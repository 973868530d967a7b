"""Profile pictures made with Pillow from whatever people upload."""

from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from threading import Lock

from PIL import ExifTags, Image, ImageOps

from blog_adapters.workers import Workers
from blog_core.errors import InvalidImage

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_SIDE = 300
_PIXELS_MAX = 25_000_000
_QUALITY = 85

# What is larger is decoded one at a time: 38 bytes of WebP can take 400 MB. A JPEG need not wait
# that is decoded at a fraction of its size, and in one scan: of several, the decoder keeps all.
_LARGE = 6_000_000
_TURN = Lock()

# Of a JPEG that is decoded at a fraction of its size, at least twice what is shown is kept.
_DRAFT = (2 * _SIDE, 2 * _SIDE)

# A JPEG may order the decoder over the whole picture again and again, with 60 bytes each time:
# 5 MiB are good for minutes. Cameras and editors use about ten scans.
_START_OF_SCAN, _SCANS_MAX = b"\xff\xda", 100

# Orientation in EXIF: how to turn what the camera stored (Exif 3.0, 4.6.5).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PillowImageProcessor:
    """Shows the centre of an upload, upright and in colour, on white where it is transparent.

    Of an animation it shows the first frame.

    Args:
        workers: the threads that decode. A picture takes up to 60 MB for a moment (a WebP
            100 MB), and one at a time, of 25 megapixels, 250 MB (400 MB) for a second.
    """

    def __init__(self, *, workers: Workers) -> None:
        self._workers = workers

    async def profile_picture(self, upload: bytes) -> bytes:
        """Return a 300x300 JPEG without metadata.

        Raises:
            InvalidImage: the upload is no sound JPEG, PNG, GIF or WebP of at most 25 megapixels.
            Busy
        """
        return await self._workers.run(_profile_picture, upload)


def _profile_picture(upload: bytes) -> bytes:
    try:
        with Image.open(BytesIO(upload), formats=_FORMATS) as image:
            scans = _scans(image, upload)
            _refuse_bombs(image, scans)
            with _turn_of(image, scans):
                picture = _square(image)
        output = BytesIO()
        picture.save(output, "JPEG", quality=_QUALITY, optimize=True)
    except Exception as error:  # a broken file makes Pillow raise almost anything
        raise InvalidImage from error
    return output.getvalue()


def _refuse_bombs(image: Image.Image, scans: int) -> None:
    """Raise InvalidImage for what is cheap to send and dear to decode; nothing is decoded yet."""
    if image.width * image.height > _PIXELS_MAX or scans > _SCANS_MAX:
        raise InvalidImage


def _scans(image: Image.Image, upload: bytes) -> int:
    """Return how often a JPEG goes over the picture, or more: a thumbnail inside counts, too."""
    is_jpeg = image.format not in {"PNG", "GIF", "WEBP"}  # or what is opened as one, such as MPO
    return upload.count(_START_OF_SCAN) if is_jpeg else 0


def _turn_of(image: Image.Image, scans: int) -> AbstractContextManager[object]:
    is_large = image.width * image.height > _LARGE
    keeps_all = scans != 1 or "progressive" in image.info
    return _TURN if is_large and keeps_all else nullcontext()


def _square(image: Image.Image) -> Image.Image:
    image.draft(None, _DRAFT)
    small = ImageOps.fit(_in_colour(image), (_SIDE, _SIDE), Image.Resampling.LANCZOS)
    # Pasted, because a picture of Pillow's keeps its comments and profiles through every step.
    picture = Image.new("RGB", small.size, "white")
    picture.paste(small, mask=small if small.mode == "RGBA" else None)
    turn = _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return picture if turn is None else picture.transpose(turn)


def _in_colour(image: Image.Image) -> Image.Image:
    if image.mode == "I;16":  # grey in 16 bits, which Pillow would cut off at 255
        image = image.convert("I").point(lambda value: value / 257)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)  # which copies, whatever it is
