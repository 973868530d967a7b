"""A mail as the message of RFC 5322 that goes over the wire, or into a file."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

from blog_core.domain import text
from blog_core.domain.mail import Mail
from blog_core.errors import InvalidText, MailRefused

_LINE_MAX = 998  # RFC 5322, 2.1.1: so a link stays in one piece, without quoted-printable


def as_email_message(mail: Mail, *, sender: str) -> EmailMessage:
    """Return a message from the sender's address to the mail's, with a text and an HTML part.

    Its policy is SMTPUTF8 (RFC 6531) when an address is not ASCII: a domain of IDNA 2008 cannot
    be turned into ASCII by the standard library without changing some of them.

    Raises:
        MailRefused: the mail's address is not a plain one.
    """
    from_, to = _address(sender), _recipient(mail.to)
    policy = SMTP if (mail.to + sender).isascii() else SMTPUTF8
    message = EmailMessage(policy=policy.clone(max_line_length=_LINE_MAX))
    message["From"] = from_
    message["To"] = to
    message["Subject"] = mail.subject
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{mail.id}@{from_.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies, please
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _recipient(address: str) -> Address:
    try:
        text.email(address)
    except InvalidText as error:
        raise MailRefused from error
    # An atom may look like an encoded word (RFC 2047). Some versions of Python decode it, line
    # breaks included, and write those into the header (CVE-2024-6923). No mailbox is called so.
    if "=?" in address:
        raise MailRefused
    return _address(address)


def _address(address: str) -> Address:
    username, _, domain = address.rpartition("@")
    return Address(username=username, domain=domain)
