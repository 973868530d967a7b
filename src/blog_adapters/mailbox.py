"""Mail as files in a folder, for whoever has no mail server."""

import asyncio
import logging
from pathlib import Path

from blog_adapters.files import write_whole
from blog_adapters.message import as_email_message
from blog_core.domain.mail import Mail
from blog_core.errors import MailUnavailable

_log = logging.getLogger("blog.mail")


class FolderMailer:
    """Writes each mail to an `.eml` file, which mail programs open, and logs where it is.

    The file is for its owner only: there may be a reset link in it.

    Args:
        folder: where to write; made when it is missing.
        sender: the address that mail comes from, without a display name.
    """

    def __init__(self, folder: Path, *, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Write a message; the same mail goes into the same file.

        Raises:
            MailRefused: the mail's address is not a plain one.
            MailUnavailable: the file cannot be written.
        """
        message = as_email_message(mail, sender=self._sender)
        path = self._folder / f"{mail.id}.eml"
        try:
            await asyncio.to_thread(_write, path, message.as_bytes())
        except OSError as error:
            raise MailUnavailable from error
        _log.info("mail written to %s", path)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, data, mode=0o600)
