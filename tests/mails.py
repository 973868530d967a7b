"""Reads mail back as the value it was sent as."""

from email.message import EmailMessage
from uuid import UUID

from blog_core.domain.mail import Mail


def part(message: EmailMessage, kind: str) -> str:
    """Return the text of one alternative, "plain" or "html"."""
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def mail_in(message: EmailMessage) -> Mail:
    """Return the mail that a message carries."""
    return Mail(
        id=UUID(message["Message-ID"][1:].partition("@")[0]),
        to=message["To"],
        subject=message["Subject"],
        text=part(message, "plain"),
        html=part(message, "html"),
    )
