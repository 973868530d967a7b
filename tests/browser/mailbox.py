"""The mail that a served blog has written."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from mails import part
from processes import Served, eventually


def reset_link_for(served: Served, email: str) -> str:
    """Wait for the mail to an address, and return the link in it."""
    assert eventually(lambda: _mails_to(served, email) != [])
    (message,) = _mails_to(served, email)
    found = re.search(r"\S+#token=\S+", part(message, "plain"))
    assert found is not None
    return found[0]


def _mails_to(served: Served, email: str) -> list[EmailMessage]:
    messages = map(_read, (served.folder / "var/mail").glob("*.eml"))
    return [message for message in messages if message["To"] == email]


def _read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=default)
