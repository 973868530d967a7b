"""Pictures as an attacker would send them, made from sound ones."""

from collections.abc import Iterator
from io import BytesIO
from random import Random

from PIL import ExifTags, Image

from blog_core.testing import builders

MARK = b"<script>mark</script>"
"""Is in the metadata of every sound picture and behind its end, and must not be in what is made."""


def _encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    output = BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def sound() -> list[bytes]:
    """Return small pictures of every format and many modes, with `MARK` wherever it can be."""
    picture = Image.radial_gradient("L").resize((96, 64))
    colour = Image.merge("RGB", [picture, picture.rotate(90), picture.rotate(180)])
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = MARK.decode()
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSMapDatum] = MARK.decode()
    told: dict[str, object] = {"exif": exif, "icc_profile": MARK * 9, "xmp": MARK * 9}
    animated = {"save_all": True, "append_images": [colour.rotate(90 * turn) for turn in (1, 2)]}
    made = [
        _encoded(colour, "JPEG", comment=MARK, **told),
        _encoded(colour, "JPEG", progressive=True, **told),
        _encoded(picture, "JPEG", **told),
        _encoded(colour.convert("CMYK"), "JPEG", **told),
        _encoded(colour, "PNG", **told),
        _encoded(colour.convert("RGBA"), "PNG", **told),
        _encoded(colour.convert("P"), "PNG", transparency=0, **told),
        _encoded(picture.convert("I;16"), "PNG", **told),
        _encoded(colour, "PNG", **animated),
        _encoded(colour.convert("P"), "GIF", comment=MARK, transparency=0),
        _encoded(colour, "GIF", **animated),
        _encoded(colour, "WEBP", **told),
        _encoded(colour.convert("RGBA"), "WEBP", lossless=True, **told),
        _encoded(colour, "WEBP", **animated),
    ]
    return [data + MARK for data in made]


def mutants(count: int, random: Random) -> Iterator[bytes]:
    """Make pictures with bytes changed, cut out, doubled or taken from another."""
    seeds = sound()
    for _ in range(count):
        data = bytearray(random.choice(seeds))
        for _ in range(random.randint(1, 4)):
            _change(data, random.choice(seeds), random)
        yield bytes(data)


def _change(data: bytearray, other: bytes, random: Random) -> None:
    start = random.randrange(len(data) + 1)
    end = min(len(data), start + random.randrange(200))
    match random.choice(["flip", "fill", "cut", "double", "splice", "truncate"]):
        case "flip" if data:
            data[start % len(data)] ^= 1 << random.randrange(8)
        case "fill":
            data[start:end] = random.choice([b"\0", b"\xff", b"\x7f"]) * (end - start)
        case "cut":
            del data[start:end]
        case "double":
            data[start:start] = data[start:end]
        case "splice":
            data[start:end] = other[start:end]
        case _:
            del data[start:]


def hostile() -> list[bytes]:
    """Return pictures that are cheap to send and dear to show, and files of two kinds at once."""
    header, frame = builders.GIF[:25], builders.GIF[25:-1]
    start, scan = builders.JPEG[:-2], builders.JPEG[builders.JPEG.index(b"\xff\xda") : -2]
    return [
        *_flat(5001, 5000),
        _encoded(Image.new("1", (13_000, 13_000)), "PNG"),
        builders.png(5000, 5000, complete=False),
        header + frame * 10_000 + b";",
        start + scan * 600 + b"\xff\xd9",
        b"%PDF-1.7\n" + builders.JPEG,
        b"PK\x03\x04" + builders.png(),
        b"<svg xmlns='http://www.w3.org/2000/svg'>" + MARK + b"</svg>",
        b"GIF89a/*" + MARK + b"*/=1;",
        b"",
    ]


def largest() -> list[bytes]:
    """Return the largest pictures that are taken, 25 megapixels, in the modes that cost most."""
    return _flat(5000, 5000)


def _flat(width: int, height: int) -> list[bytes]:
    see_through = Image.new("RGBA", (width, height), (40, 200, 40, 128))
    palette = Image.new("P", (width, height))
    return [
        _encoded(see_through, "PNG", compress_level=1),
        _encoded(palette, "PNG", transparency=0),
        _encoded(palette, "GIF", transparency=0),
        _encoded(see_through.convert("RGB"), "JPEG", progressive=True),
        _encoded(see_through, "WEBP", lossless=True, method=0, quality=0),
    ]
