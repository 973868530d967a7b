import logging
import os
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from blog_adapters.filesystem import FolderImageStorage
from blog_adapters.mailbox import FolderMailer
from blog_adapters.message import as_email_message
from blog_adapters.workers import Workers
from blog_core.domain import text
from blog_core.domain.mail import Mail
from blog_core.errors import InvalidText, MailRefused, MailUnavailable, StorageUnavailable
from blog_core.testing import Adapter, builders
from blog_core.testing.contracts import ImageStorageContract, MailerContract
from mails import mail_in, part

PICTURE = "0123456789abcdef0123456789abcdef.jpg"
SENDER = "noreply@blog.example.com"
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
}  # fmt: skip


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers("disk", threads=1, waiting=10)
    yield workers
    workers.close()


@pytest.fixture
def storage(tmp_path: Path, workers: Workers) -> FolderImageStorage:
    return FolderImageStorage(tmp_path / "pictures", workers=workers)


@pytest.fixture
def mailer(tmp_path: Path) -> FolderMailer:
    return FolderMailer(tmp_path / "mail", sender=SENDER)


def parsed(data: bytes) -> EmailMessage:
    return message_from_bytes(data, _class=EmailMessage, policy=default)


class TestFolderImageStorage(ImageStorageContract):
    """On a disk."""

    @pytest.fixture
    def blog_adapter(self, storage: FolderImageStorage, tmp_path: Path) -> Adapter:
        async def stored() -> dict[str, bytes]:
            folder = tmp_path / "pictures" / "profile_pics"
            return {path.name: path.read_bytes() for path in folder.glob("*")}

        return Adapter(storage=storage, stored=stored)


class TestFolderMailer(MailerContract):
    """On a disk."""

    @pytest.fixture
    def blog_adapter(self, mailer: FolderMailer, tmp_path: Path) -> Adapter:
        async def received() -> list[Mail]:
            messages = [parsed(path.read_bytes()) for path in (tmp_path / "mail").glob("*")]
            return [mail_in(message) for message in messages]

        return Adapter(mailer=mailer, received=received)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../" + PICTURE,
        "/" + PICTURE,
        "a/" + PICTURE,
        "..\\" + PICTURE,
        PICTURE + "\n",
        PICTURE + "\0",
        PICTURE.upper(),
        PICTURE[1:],
        "0" + PICTURE,
        PICTURE.replace(".jpg", ".html"),
        PICTURE.replace("0", "\u0660"),
    ],
)
async def test_a_name_that_is_not_ours_is_refused(storage: FolderImageStorage, name: str) -> None:
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        await storage.put(name, b"picture")
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        await storage.delete(name)


@pytest.mark.anyio
async def test_a_picture_leaves_nothing_beside_it(
    storage: FolderImageStorage, tmp_path: Path
) -> None:
    await storage.put(PICTURE, b"picture")

    assert os.listdir(tmp_path / "pictures" / "profile_pics") == [PICTURE]  # noqa: PTH208 - names, hidden ones too


@pytest.mark.anyio
async def test_a_picture_that_cannot_be_stored_is_a_storage_that_is_unavailable(
    storage: FolderImageStorage, tmp_path: Path
) -> None:
    (tmp_path / "pictures").write_text("a file where the folder should be")

    with pytest.raises(StorageUnavailable):
        await storage.put(PICTURE, b"picture")


@pytest.mark.anyio
async def test_a_picture_that_cannot_be_moved_into_place_leaves_no_draft(
    storage: FolderImageStorage, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures" / "profile_pics"
    (folder / PICTURE).mkdir(parents=True)

    with pytest.raises(StorageUnavailable):
        await storage.put(PICTURE, b"picture")

    assert [path.name for path in folder.iterdir()] == [PICTURE]


@pytest.mark.anyio
async def test_a_picture_that_cannot_be_deleted_is_a_storage_that_is_unavailable(
    storage: FolderImageStorage, tmp_path: Path
) -> None:
    (tmp_path / "pictures" / "profile_pics" / PICTURE).mkdir(parents=True)

    with pytest.raises(StorageUnavailable):
        await storage.delete(PICTURE)


@pytest.mark.parametrize(
    ("public_url", "url"),
    [
        ("/media", f"/media/profile_pics/{PICTURE}"),
        ("https://cdn.example.com/", f"https://cdn.example.com/profile_pics/{PICTURE}"),
    ],
)
def test_a_picture_is_found_under_the_public_address(
    tmp_path: Path, workers: Workers, public_url: str, url: str
) -> None:
    storage = FolderImageStorage(tmp_path, workers=workers, public_url=public_url)

    assert storage.url(PICTURE) == url


@pytest.mark.anyio
async def test_a_mail_is_a_file_of_its_own_name(mailer: FolderMailer, tmp_path: Path) -> None:
    mail = builders.mail()

    await mailer.send(mail)
    await mailer.send(mail)

    assert os.listdir(tmp_path / "mail") == [f"{mail.id}.eml"]  # noqa: PTH208 - names, hidden ones too


@pytest.mark.anyio
async def test_a_mail_is_for_its_owner_only(mailer: FolderMailer, tmp_path: Path) -> None:
    mail = builders.mail()

    await mailer.send(mail)

    mode = (tmp_path / "mail" / f"{mail.id}.eml").stat().st_mode
    assert mode & 0o777 == 0o600


@pytest.mark.anyio
async def test_the_log_says_where_the_mail_is_and_not_to_whom(
    mailer: FolderMailer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mail = builders.mail("canary@example.com", text="canary", html="canary")

    with caplog.at_level(logging.INFO, logger="blog.mail"):
        await mailer.send(mail)

    assert str(tmp_path / "mail" / f"{mail.id}.eml") in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.anyio
async def test_a_mail_that_cannot_be_written_can_be_tried_again(
    mailer: FolderMailer, tmp_path: Path
) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")

    with pytest.raises(MailUnavailable):
        await mailer.send(builders.mail())


@pytest.mark.anyio
async def test_a_link_can_be_copied_out_of_the_file(mailer: FolderMailer, tmp_path: Path) -> None:
    link = "http://localhost:8000/reset-password#token=" + "x" * 43
    mail = builders.mail(text=f"Hello Zoë,\n\n{link}\n", html=f'<a href="{link}">here</a>')

    await mailer.send(mail)

    lines = (tmp_path / "mail" / f"{mail.id}.eml").read_text().splitlines()
    assert link in lines


def test_a_message_has_these_headers_and_no_others() -> None:
    message = as_email_message(builders.mail(), sender=SENDER)

    assert sorted(parsed(message.as_bytes()).keys()) == sorted(HEADERS)


def test_a_message_sent_again_has_the_same_id_at_the_senders_domain() -> None:
    mail = builders.mail()

    ids = {as_email_message(mail, sender=SENDER)["Message-ID"] for _ in range(2)}

    assert ids == {f"<{mail.id}@blog.example.com>"}


def test_a_message_asks_for_no_automatic_answer() -> None:
    message = as_email_message(builders.mail(), sender=SENDER)

    assert message["Auto-Submitted"] == "auto-generated"


def test_a_message_is_a_choice_between_text_and_html() -> None:
    message = as_email_message(builders.mail(), sender=SENDER)

    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize("to", ["zoë@example.com", "zoe@exämple.com", "用户@例子.广告"])
def test_an_address_beyond_ascii_stays_as_it_is(to: str) -> None:
    message = as_email_message(builders.mail(to), sender=SENDER)

    assert f"\r\nTo: {to}\r\n".encode() in message.as_bytes()


@pytest.mark.parametrize(
    "to",
    [
        "",
        "nobody",
        "Corey <corey@example.com>",
        "corey@example.com, eve@example.com",
        "corey@example.com>, <eve@example.com",
        "corey@example.com\r\nBcc: eve@example.com",
        "corey@example.com\nBcc: eve@example.com",
        '"corey\r\nBcc: eve"@example.com',
        "friends: corey@example.com;",
        "corey@example.com (Bcc: eve@example.com)",
        "\ud800@example.com",
    ],
)
def test_what_is_no_plain_address_is_refused(to: str) -> None:
    with pytest.raises(MailRefused):
        as_email_message(builders.mail(to), sender=SENDER)


@pytest.mark.parametrize(
    "to",
    [
        "=?utf-8?q?a=0abcc=3a_eve=40example.com?=@example.com",
        "=?utf-8?q?a=0d=0abcc=3aeve=40example.com=0d=0a?=@example.com",
        "a.=?utf-8?q?=0abcc=3a_eve=40example.com?=@example.com",
    ],
)
def test_an_address_that_hides_a_line_break_is_refused(to: str) -> None:
    with pytest.raises(MailRefused):
        as_email_message(builders.mail(to), sender=SENDER)


WORDS = st.text(
    st.characters(exclude_characters=' @<>()[]\\,;:".', exclude_categories=("C", "Z")),
    min_size=1,
    max_size=60,
)
ADDRESSES = st.builds(
    lambda words, domain: f"{'.'.join(words)}@{domain}",
    st.lists(WORDS | st.just("=?utf-8?q?=0abcc=3a_eve?="), min_size=1, max_size=3),
    st.from_regex(r"\w{1,20}(\.[\w-]{1,10}){0,3}", fullmatch=True),
)


@settings(max_examples=100, deadline=None)
@given(ADDRESSES)
def test_no_address_adds_a_header_or_a_recipient(address: str) -> None:
    try:
        mail = builders.mail(text.email(address))
        message = as_email_message(mail, sender=SENDER)
    except (InvalidText, MailRefused):
        assume(False)

    received = message.as_bytes()
    headers = received.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert f"To: {mail.to}".encode() in headers
    assert {line.partition(b": ")[0].decode() for line in headers} == HEADERS


NAMES = [
    "\r\nBcc: eve@example.com",
    "=?UTF-8?Q?=0A?=Bcc: eve@example.com",
    "\r\n\r\n.\r\nMAIL FROM:<eve@example.com>",
    "--===============0123456789==--",
    "zoë\u2028Bcc: eve@example.com",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_the_text_stays_in_the_text(name: str) -> None:
    mail = builders.mail(text=f"Hello {name},\n", html=f"<p>Hello {name}</p>\n")

    message = parsed(as_email_message(mail, sender=SENDER).as_bytes())

    assert sorted(message.keys()) == sorted(HEADERS)
    assert part(message, "plain").splitlines() == mail.text.splitlines()
