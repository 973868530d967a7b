import io
import struct
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageFile

from blog_adapters.images import _TURN, PillowImageProcessor, _profile_picture, _turn_of
from blog_adapters.workers import Workers
from blog_core.errors import Busy, InvalidImage
from blog_core.testing import Adapter, builders
from blog_core.testing.contracts import ImageProcessorContract

Colour = tuple[int, int, int]
Fill = int | tuple[int, ...]

RED, GREEN, BLUE, YELLOW = (220, 20, 20), (20, 200, 20), (20, 20, 220), (220, 220, 20)
WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (128, 128, 128)
CANARY = b"canary-49.2827N"
FORMATS = ["JPEG", "PNG", "GIF", "WEBP"]


@pytest.fixture
def images() -> Iterator[PillowImageProcessor]:
    workers = Workers("images", threads=1, waiting=10)
    yield PillowImageProcessor(workers=workers)
    workers.close()


class TestPillowImageProcessor(ImageProcessorContract):
    """With the codecs of Pillow's wheel."""

    @pytest.fixture
    def blog_adapter(self, images: PillowImageProcessor) -> Adapter:
        return Adapter(images=images)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def shown(upload: bytes) -> Image.Image:
    """Return the picture that becomes of an upload."""
    picture = Image.open(io.BytesIO(_profile_picture(upload)))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (300, 300))
    return picture


def looks(picture: Image.Image, x: int, y: int, colour: Colour) -> bool:
    """Whether a pixel has this colour, as near as a JPEG keeps it."""
    pixel = picture.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return all(abs(is_ - meant) <= 12 for is_, meant in zip(pixel, colour, strict=True))


def quarters() -> Image.Image:
    """Return a picture with another colour in each corner."""
    image = Image.new("RGB", (64, 64), RED)
    image.paste(GREEN, (32, 0, 64, 32))
    image.paste(BLUE, (0, 32, 32, 64))
    image.paste(YELLOW, (32, 32, 64, 64))
    return image


def is_upright(picture: Image.Image) -> bool:
    corners = [(30, 30, RED), (270, 30, GREEN), (30, 270, BLUE), (270, 270, YELLOW)]
    return all(looks(picture, x, y, colour) for x, y, colour in corners)


# How a camera stores an upright picture for each orientation (Exif 3.0, 4.6.5).
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", STORED)
def test_a_picture_is_turned_upright(kind: str, orientation: int) -> None:
    turn = STORED[orientation]
    image = quarters() if turn is None else quarters().transpose(turn)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation

    picture = shown(encoded(image, kind, exif=exif))

    assert is_upright(picture)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none_turns_nothing(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation

    assert is_upright(shown(encoded(quarters(), "JPEG", exif=exif)))


def test_a_wide_picture_is_cropped_to_its_centre() -> None:
    image = Image.new("RGB", (300, 100), RED)
    image.paste(GREEN, (100, 0, 200, 100))

    picture = shown(encoded(image, "PNG"))

    assert looks(picture, 5, 150, GREEN)
    assert looks(picture, 294, 150, GREEN)


def test_a_picture_of_one_pixel_is_enlarged() -> None:
    assert looks(shown(encoded(Image.new("RGB", (1, 1), BLUE), "PNG")), 150, 150, BLUE)


@pytest.mark.parametrize("size", [(20_000, 1), (1, 20_000)])
def test_a_picture_may_be_a_line(size: tuple[int, int]) -> None:
    assert looks(shown(encoded(Image.new("RGB", size, BLUE), "PNG")), 150, 150, BLUE)


def see_through(mode: str) -> bytes:
    """Return a PNG that is see-through on the left, where its hidden colour is black."""
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((*GREY, 255), (32, 0, 64, 64))
    if mode in {"RGBA", "LA"}:
        return encoded(image.convert(mode), "PNG")
    opaque = image.convert("RGB").convert(mode)
    transparency: object = opaque.getpixel((0, 0))
    if mode == "P":
        transparency = bytes(0 if n == transparency else 255 for n in range(256))
    return encoded(opaque, "PNG", transparency=transparency)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L"])
def test_what_is_see_through_becomes_white(mode: str) -> None:
    picture = shown(see_through(mode))

    assert looks(picture, 30, 150, WHITE)
    assert looks(picture, 270, 150, GREY)


def test_what_is_half_see_through_becomes_half_white() -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 127))

    assert looks(shown(encoded(image, "WEBP", lossless=True)), 150, 150, GREY)


def test_a_gif_may_be_see_through() -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([*BLACK, *RED])
    image.paste(1, (32, 0, 64, 64))

    picture = shown(encoded(image, "GIF", transparency=0))

    assert looks(picture, 30, 150, WHITE)
    assert looks(picture, 270, 150, RED)


@pytest.mark.parametrize(
    ("mode", "kind", "fill", "colour"),
    [
        ("CMYK", "JPEG", (0, 255, 255, 0), (255, 0, 0)),
        ("L", "JPEG", 128, GREY),
        ("YCbCr", "JPEG", (128, 128, 128), GREY),
        ("L", "PNG", 128, GREY),
        ("1", "PNG", 255, WHITE),
        ("I;16", "PNG", 32_896, GREY),
        ("I;16", "PNG", 65_535, WHITE),
        ("I;16", "PNG", 255, BLACK),
    ],
)
def test_a_picture_keeps_its_colour(mode: str, kind: str, fill: Fill, colour: Colour) -> None:
    image = Image.new(mode, (64, 64), fill)

    assert looks(shown(encoded(image, kind)), 150, 150, colour)


def test_a_progressive_jpeg_is_shown() -> None:
    assert is_upright(shown(encoded(quarters(), "JPEG", progressive=True)))


def test_a_large_jpeg_is_shown_whole() -> None:
    assert is_upright(shown(encoded(quarters().resize((4000, 4000)), "JPEG")))


def with_metadata(kind: str) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = CANARY.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSMapDatum] = CANARY.decode()
    options: dict[str, object] = {"exif": exif, "icc_profile": CANARY * 9, "xmp": CANARY * 9}
    if kind in {"JPEG", "GIF"}:
        options["comment"] = CANARY
    return encoded(quarters(), kind, **options)


@pytest.mark.parametrize("kind", FORMATS)
def test_metadata_is_dropped(kind: str) -> None:
    upload = with_metadata(kind)
    assert CANARY in upload or kind == "PNG"  # there it is compressed

    picture = _profile_picture(upload)

    assert CANARY not in picture
    assert markers(picture) <= {0xD8, 0xE0, 0xDB, 0xC0, 0xC4, 0xDA}


def markers(jpeg: bytes) -> set[int]:
    """Return the kinds of segments in a JPEG up to its picture (ITU-T T.81, table B.1)."""
    found, place = {jpeg[1]}, 2
    while jpeg[place + 1] != 0xDA:
        found.add(jpeg[place + 1])
        place += 2 + int.from_bytes(jpeg[place + 2 : place + 4])
    return found | {0xDA}


@pytest.mark.parametrize("kind", FORMATS)
def test_what_follows_a_picture_is_dropped(kind: str) -> None:
    payload = b"<script>alert(1)</script>PK\x03\x04"

    picture = _profile_picture(encoded(quarters(), kind) + payload)

    assert payload not in picture


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_shown(kind: str) -> None:
    first, *others = (Image.new("RGB", (64, 64), colour) for colour in (RED, GREEN, BLUE))
    upload = encoded(first, kind, save_all=True, append_images=others)

    assert looks(shown(upload), 150, 150, RED)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def long_gif(frames: int) -> bytes:
    header, frame = builders.GIF[:25], builders.GIF[25:-1]
    return header + frame * frames + b";"


def long_png(frames: int) -> bytes:
    header = builders.png(8, 6)[:33]
    rows = zlib.compress((b"\x00" + bytes(RED) * 8) * 6)
    control = struct.pack(">IIIIHHBB", 8, 6, 0, 0, 1, 10, 0, 0)
    more = b"".join(
        chunk(b"fcTL", struct.pack(">I", 2 * n + 1) + control)
        + chunk(b"fdAT", struct.pack(">I", 2 * n + 2) + rows)
        for n in range(frames - 1)
    )
    first = chunk(b"fcTL", struct.pack(">I", 0) + control) + chunk(b"IDAT", rows)
    return (
        header + chunk(b"acTL", struct.pack(">II", frames, 0)) + first + more + chunk(b"IEND", b"")
    )


def long_webp(frames: int) -> bytes:
    picture = builders.WEBP[12:]
    frame = b"\0" * 6 + b"\x07\0\0" + b"\x05\0\0" + b"\x0a\0\0" + b"\0" + picture
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + b"\x07\0\0" + b"\x05\0\0"
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6)
    body += (b"ANMF" + struct.pack("<I", len(frame)) + frame) * frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("animated", [long_gif, long_png, long_webp])
def test_an_animation_of_ten_thousand_frames_is_shown(animated: Callable[[int], bytes]) -> None:
    upload = animated(10_000)
    with Image.open(io.BytesIO(upload)) as image:
        assert getattr(image, "n_frames", 1) == 10_000

    assert shown(upload).size == (300, 300)


def bomb(kind: str) -> bytes:
    """Return a small file that says it is just too large, and holds next to nothing."""
    width, height = 5001, 5000
    match kind:
        case "PNG":
            return builders.png(width, height, complete=False)
        case "GIF":
            return builders.GIF[:6] + struct.pack("<HH", width, height) + builders.GIF[10:]
        case "JPEG":
            at = builders.JPEG.index(b"\xff\xc0") + 5
            size = struct.pack(">HH", height, width)
            return builders.JPEG[:at] + size + builders.JPEG[at + 4 :]
        case _:
            size = struct.pack("<I", (width - 1) | (height - 1) << 14)
            return builders.WEBP[:21] + size + builders.WEBP[25:]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded(kind: str) -> None:
    with pytest.raises(InvalidImage) as caught:
        _profile_picture(bomb(kind))

    assert isinstance(caught.value.__cause__, InvalidImage)


def test_a_png_of_20_kilobytes_and_169_megapixels_is_refused_before_it_is_decoded() -> None:
    upload = builders.png(13_000, 13_000, complete=False)

    with pytest.raises(InvalidImage) as caught:
        _profile_picture(upload)

    assert isinstance(caught.value.__cause__, Image.DecompressionBombWarning)


def many_scans(scans: int) -> bytes:
    """Return a progressive JPEG that orders the decoder over the picture again and again."""
    picture = encoded(Image.new("L", (64, 64), 128), "JPEG", progressive=True)
    table = b"\xff\xc4\x00\x14\x10" + b"\x01" + bytes(15) + b"\xe0"  # one code: many empty blocks
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00" + b"\x00\x00"
    more = scans - picture.count(scan[:2])
    return picture.removesuffix(b"\xff\xd9") + table + scan * more + b"\xff\xd9"


def test_a_jpeg_may_have_some_scans() -> None:
    assert looks(shown(many_scans(100)), 150, 150, GREY)


def test_a_jpeg_of_very_many_scans_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(InvalidImage) as caught:
        _profile_picture(many_scans(101))

    assert isinstance(caught.value.__cause__, InvalidImage)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_picture_cut_short_is_refused(kind: str, share: float) -> None:
    upload = encoded(Image.effect_noise((64, 64), 50).convert("RGB"), kind)

    with pytest.raises(InvalidImage):
        _profile_picture(upload[: int(len(upload) * share)])


@pytest.mark.parametrize(
    "kind", ["BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "EPS", "PDF", "JPEG2000"]
)
def test_a_sound_picture_in_another_format_is_refused(kind: str) -> None:
    with pytest.raises(InvalidImage):
        _profile_picture(encoded(quarters(), kind))


def test_pillow_is_left_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES

    for upload in (builders.JPEG, builders.JPEG[:200], bomb("PNG")):
        try:
            _profile_picture(upload)
        except InvalidImage:
            continue

    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


def test_the_error_does_not_repeat_the_upload() -> None:
    with pytest.raises(InvalidImage) as caught:
        _profile_picture(CANARY)

    assert str(caught.value) == InvalidImage.message


@pytest.mark.anyio
async def test_too_many_pictures_at_once_are_no_invalid_images() -> None:
    workers = Workers("images", threads=1, waiting=0)
    workers.close()

    with pytest.raises(Busy):
        await PillowImageProcessor(workers=workers).profile_picture(builders.JPEG)


@pytest.mark.parametrize("kind", FORMATS)
def test_of_large_pictures_that_are_decoded_whole_there_is_one_at_a_time(kind: str) -> None:
    with Image.open(io.BytesIO(bomb(kind))) as image:
        assert (_turn_of(image, scans=int(kind == "JPEG")) is _TURN) == (kind != "JPEG")


@pytest.mark.parametrize(("scans", "progressive"), [(1, True), (2, False)])
def test_a_large_jpeg_that_the_decoder_keeps_whole_waits_too(scans: int, progressive: bool) -> None:
    large = Image.new("L", (2500, 2500))

    with Image.open(io.BytesIO(encoded(large, "JPEG", progressive=progressive))) as image:
        assert _turn_of(image, scans=scans) is _TURN


def test_a_small_picture_waits_for_no_other() -> None:
    with _TURN:
        assert shown(builders.png()).size == (300, 300)


SEEDS = [
    builders.JPEG,
    builders.GIF,
    builders.WEBP,
    builders.png(),
    encoded(quarters(), "JPEG", progressive=True),
    encoded(Image.new("CMYK", (9, 9)), "JPEG"),
    encoded(quarters(), "WEBP"),
    *(with_metadata(kind) for kind in FORMATS),
    see_through("P"),
    long_gif(3),
    long_png(3),
    long_webp(3),
]


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """Draw a sound file with some bytes changed, cut out, doubled, or taken from another."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        match draw(st.sampled_from(["flip", "set", "cut", "double", "splice", "truncate"])):
            case "flip" if start < len(data):
                data[start] ^= 1 << draw(st.integers(0, 7))
            case "set":
                data[start:end] = draw(st.sampled_from([b"\0", b"\xff", b"\x7f"])) * (end - start)
            case "cut":
                del data[start:end]
            case "double":
                data[start:start] = data[start:end]
            case "splice":
                other = draw(st.sampled_from(SEEDS))
                data[start:end] = other[start : start + draw(st.integers(0, 60))]
            case _:
                del data[max(start, 12) :]
    return bytes(data)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(mutants())
def test_a_file_changed_anywhere_is_shown_or_refused(upload: bytes) -> None:
    try:
        picture = _profile_picture(upload)
    except InvalidImage:
        return

    assert Image.open(io.BytesIO(picture)).size == (300, 300)
