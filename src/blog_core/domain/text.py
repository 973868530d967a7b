"""The text rules every title, name, address and password keeps.

Lengths count characters (code points), never bytes. Nothing is trimmed, folded or repaired
on the way in: a text is accepted as it is or refused with an `InvalidText` that names the
field and never repeats the text. `docs/contract.md` lists the rules for API users.
"""

import re
import unicodedata

from blog_core.errors import InvalidText

USERNAME_MAX = 50
EMAIL_MAX = 120
PASSWORD_MIN, PASSWORD_MAX = 8, 128
TITLE_MAX = 100
CONTENT_MAX = 200_000

# What PostgreSQL cannot store (NUL), what UTF-8 cannot carry (lone surrogates), and the C0
# controls that no reader wants. Newline and tab stay.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")

# Characters that draw nothing, beyond the control and format categories: fillers, joiners
# and variation selectors (the rest of Unicode's Default_Ignorable_Code_Point, and the blank
# Braille pattern).
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Zl", "Zp"}

# A plain address: dot-separated words, one @, a host name. What RFC 5322 allows beyond this
# (display names, comments, quoted parts, lists) is how mail gets sent to somebody else.
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\".]+(?:\.[^\s@<>()\[\]\\,;:\".]+)*@[\w-]+(?:\.[\w-]+)*")


def title(value: str) -> str:
    """Return a post's title, 1 to 100 characters, or raise InvalidText."""
    return _checked("title", value, 1, TITLE_MAX)


def content(value: str) -> str:
    """Return a post's content, 1 to 200,000 characters, or raise InvalidText."""
    return _checked("content", value, 1, CONTENT_MAX)


def password(value: str) -> str:
    """Return a new password, 8 to 128 characters, or raise InvalidText.

    In UTF-8 that is 512 bytes at most, half of what any hasher has to take.
    """
    return _checked("password", value, PASSWORD_MIN, PASSWORD_MAX)


def username(value: str) -> str:
    """Return a username, 1 to 50 visible characters, or raise InvalidText.

    No control, invisible or direction-changing character, and no white space at either end:
    two names that look alike because one hides something are an impostor's tool.
    """
    _checked("username", value, 1, USERNAME_MAX)
    if value != value.strip():
        raise InvalidText("username", "outer_space", "must not begin or end with white space")
    if _INVISIBLE.search(value) or any(
        unicodedata.category(character) in _INVISIBLE_CATEGORIES for character in value
    ):
        raise InvalidText("username", "invisible", "must not contain invisible characters")
    return value


def email(value: str) -> str:
    """Return a plain e-mail address in lower case, at most 120 characters, or raise InvalidText."""
    address = _checked("email", value.lower(), 3, EMAIL_MAX)
    # An encoded word (RFC 2047) inside an address can become a header of its own in a mail.
    if not _EMAIL.fullmatch(address) or not address.isprintable() or "=?" in address:
        raise InvalidText("email", "not_an_address", "must be a plain e-mail address")
    return address


def printable(value: str) -> str:
    """Return a text from a machine, such as a User-Agent, without what does not print."""
    return "".join(character for character in value if character.isprintable())


def canonical_key(value: str) -> str:
    """Return what makes two names or addresses the same: NFKC and case folding, to rest.

    PostgreSQL's lower() and Python's disagree on a few letters, so the key is made here, once,
    and stored beside the text with a unique index. The rules are applied until they change nothing
    more, so that the key of a key is the key by construction.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return folded if folded == value else canonical_key(folded)


def _checked(field: str, value: str, shortest: int, longest: int) -> str:
    if len(value) < shortest:
        raise InvalidText(field, "too_short", f"must have at least {_characters(shortest)}")
    if len(value) > longest:
        raise InvalidText(field, "too_long", f"must have at most {_characters(longest)}")
    if _FORBIDDEN.search(value):
        raise InvalidText(field, "forbidden_character", "must not contain control characters")
    return value


def _characters(number: int) -> str:
    return f"{number} character" if number == 1 else f"{number} characters"
