"""The contracts of the ports that are no database."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from blog_core.domain.access import AccessClaims
from blog_core.domain.mail import Mail
from blog_core.domain.users import UserId
from blog_core.errors import InvalidAccessToken, InvalidImage
from blog_core.ports import AccessTokens, ImageProcessor, ImageStorage, Mailer, PasswordHasher
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes
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
        assert storage.url(PICTURE).endswith(f"/profile_pics/{PICTURE}")
        assert storage.url(OTHER_PICTURE) != storage.url(PICTURE)


ReceivedMail = Callable[[], Awaitable[list[Mail]]]
"""What has arrived, in any order, read back from outside the port; texts end in one newline."""


class MailerContract(Contract):
    """`Mailer`. Supply `mailer` and `received`, which reads what has arrived."""

    async def test_a_message_arrives_with_its_texts(
        self, mailer: Mailer, received: ReceivedMail
    ) -> None:
        mail = builders.mail(text="Grüße,\n\n“quoted” 🙂\n", html="<p>Grüße &amp; 🙂</p>\n")

        await mailer.send(mail)

        assert await received() == [mail]

    async def test_each_message_goes_to_its_own_address(
        self, mailer: Mailer, received: ReceivedMail
    ) -> None:
        await mailer.send(builders.mail("one@example.com"))
        await mailer.send(builders.mail("two@example.com"))

        assert {mail.to for mail in await received()} == {"one@example.com", "two@example.com"}

    async def test_a_message_sent_again_keeps_its_id(
        self, mailer: Mailer, received: ReceivedMail
    ) -> None:
        mail = builders.mail()

        await mailer.send(mail)
        await mailer.send(mail)

        assert {received_mail.id for received_mail in await received()} == {mail.id}

    async def test_long_lines_arrive_whole(self, mailer: Mailer, received: ReceivedMail) -> None:
        mail = builders.mail(text="x" * 3000 + "\n", html="<p>" + "y" * 3000 + "</p>\n")

        await mailer.send(mail)

        assert await received() == [mail]


class PasswordHasherContract(Contract):
    """`PasswordHasher`. Supply `passwords`."""

    @pytest.mark.parametrize("password", ["password", "ünïcödé 🙂", " " * 8, "x" * 128, "nul\0nul"])
    async def test_a_password_belongs_to_its_hash(
        self, passwords: PasswordHasher, password: str
    ) -> None:
        assert await passwords.verify(password, await passwords.hash(password)) is True

    @pytest.mark.parametrize("other", ["Password1", "password1 ", "", "password", "p\ud800"])
    async def test_another_password_does_not(self, passwords: PasswordHasher, other: str) -> None:
        assert await passwords.verify(other, await passwords.hash("password1")) is False

    async def test_what_follows_a_long_beginning_counts(self, passwords: PasswordHasher) -> None:
        password_hash = await passwords.hash("x" * 127 + "a")

        assert await passwords.verify("x" * 127 + "b", password_hash) is False

    async def test_no_password_belongs_to_none(self, passwords: PasswordHasher) -> None:
        assert await passwords.verify("password", None) is False

    async def test_hashes_of_one_password_differ(self, passwords: PasswordHasher) -> None:
        assert await passwords.hash("password") != await passwords.hash("password")

    async def test_a_hash_fits_its_column(self, passwords: PasswordHasher) -> None:
        assert len(await passwords.hash("password")) <= 200

    async def test_a_fresh_hash_is_not_outdated(self, passwords: PasswordHasher) -> None:
        assert passwords.is_outdated(await passwords.hash("password")) is False


class AccessTokensContract(Contract):
    """`AccessTokens`. Supply `tokens`."""

    async def test_a_token_is_read_as_it_was_issued(self, tokens: AccessTokens) -> None:
        claims = AccessClaims(user_id=UserId(2**62), session_id=uuid4())

        token = tokens.issue(claims, now=NOW, expires_at=NOW + minutes(30))

        assert tokens.read(token, now=NOW + minutes(29)) == claims

    async def test_a_token_expires(self, tokens: AccessTokens) -> None:
        token = self._issued(tokens)

        with pytest.raises(InvalidAccessToken):
            tokens.read(token, now=NOW + minutes(30) + timedelta(seconds=32))

    async def test_a_clock_that_is_half_a_minute_off_is_forgiven(
        self, tokens: AccessTokens
    ) -> None:
        token = self._issued(tokens)

        early = tokens.read(token, now=NOW - timedelta(seconds=29))
        late = tokens.read(token, now=NOW + minutes(30) + timedelta(seconds=29))

        assert early.user_id == late.user_id == 1

    @pytest.mark.parametrize(
        "token", ["", "x", "a.b.c", "é", "\ud800", "\0", "eyJhbGciOiJub25lIn0.e30.", "x" * 100_000]
    )
    async def test_anything_else_is_invalid(self, tokens: AccessTokens, token: str) -> None:
        with pytest.raises(InvalidAccessToken):
            tokens.read(token, now=NOW)

    async def test_a_token_changed_anywhere_is_invalid(self, tokens: AccessTokens) -> None:
        token = self._issued(tokens)

        for place in range(0, len(token), 7):
            other = "A" if token[place] != "A" else "B"
            with pytest.raises(InvalidAccessToken):
                tokens.read(token[:place] + other + token[place + 1 :], now=NOW)

    def _issued(self, tokens: AccessTokens) -> str:
        claims = AccessClaims(user_id=UserId(1), session_id=uuid4())
        return tokens.issue(claims, now=NOW, expires_at=NOW + minutes(30))


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
