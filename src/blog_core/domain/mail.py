"""The messages we send, as values. No header is built from what a user typed."""

from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from string import Template
from uuid import UUID

RESET_SUBJECT = "Reset Your Password - FastAPI Blog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message to one address.

    `id` is stable: the same message sent twice has the same Message-ID (RFC 5322, 3.6.4), so
    that a mailbox may show it once.
    """

    id: UUID
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


def password_reset_mail(
    *, mail_id: UUID, to: str, username: str, link: str, lifetime: timedelta
) -> Mail:
    """Return the mail that carries a reset link, good for `lifetime` from the request."""
    values = {"username": username, "link": link, "lifetime": _in_words(lifetime)}
    return Mail(
        id=mail_id,
        to=to,
        subject=RESET_SUBJECT,
        text=_RESET_TEXT.substitute(values),
        html=_RESET_HTML.substitute({name: escape(value) for name, value in values.items()}),
    )


def _in_words(lifetime: timedelta) -> str:
    minutes = lifetime // timedelta(minutes=1)
    number, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


_RESET_TEXT = Template("""\
Hello $username,

somebody asked to reset the password of your blog account. If it was you, open this link:

$link

It works once and expires in $lifetime.

If it was not you, ignore this mail: your password stays as it is.
""")

_RESET_HTML = Template("""\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Reset your password</title></head>
<body style="margin:0;padding:24px;background:#f6f5f1;color:#22211e;\
font:16px/1.6 Georgia,'Times New Roman',serif">
<main style="max-width:32em;margin:auto;padding:32px;background:#fff;border-radius:6px">
<h1 style="margin-top:0;font-size:22px">Reset your password</h1>
<p>Hello $username,</p>
<p>somebody asked to reset the password of your blog account. If it was you, choose a new one:</p>
<p><a href="$link" style="display:inline-block;padding:10px 20px;border-radius:4px;\
background:#22211e;color:#fff;text-decoration:none">Choose a new password</a></p>
<p>Or open this link: <a href="$link" style="color:#22211e;word-break:break-all">$link</a></p>
<p>It works once and expires in $lifetime.</p>
<p style="color:#6b6860">If it was not you, ignore this mail: your password stays as it is.</p>
</main>
</body>
</html>
""")
