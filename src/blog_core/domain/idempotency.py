"""Asking again without doing it again: a request under a key, and what it led to."""

import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from blog_core.domain.access import digest_of
from blog_core.domain.keys import KeyRing
from blog_core.errors import InvalidText, KeyReused

KEY_MAX = 255
"""How long a key may be, in characters."""

REMEMBERED_FOR = timedelta(hours=24)
"""How long a key stands for what was done under it; then it is free again."""

KEY_PATTERN = f"^[!-~]{{1,{KEY_MAX}}}$"


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The caller's name for one request, the same each time that it is sent.

    Args:
        value: 1 to 255 visible ASCII characters, compared as they are.
        keys: the server's. What is asked is sealed under the first; what was sealed under any of
            them is still known.

    Raises:
        InvalidText: the value is no key.
    """

    value: str = field(repr=False)
    keys: KeyRing

    def __post_init__(self) -> None:
        """Check the value."""
        if not re.fullmatch(KEY_PATTERN, self.value):
            raise InvalidText(
                "idempotency_key", "not_a_key", f"must be 1 to {KEY_MAX} visible ASCII characters"
            )

    def request(self, scope: str, *said: str) -> "KeyedRequest":
        """Return what asking for this under the key comes to.

        Args:
            scope: who asks for what kind of thing; the same key in another scope is another key.
            said: all that makes the request this one.
        """
        text = json.dumps([scope, *said]).encode()
        return KeyedRequest(
            digest=digest_of(f"{scope}\0{self.value}"),
            # A plain digest would let passwords be guessed from it.
            macs=tuple(self.keys.macs("idempotency", text)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """A request under a key. Neither the key nor what was said can be read from it.

    Args:
        digest: names the key, within its scope.
        macs: one by each of the server's keys, the first key's first.
    """

    digest: str
    macs: tuple[str, ...]

    def led_to(self, result_id: int, now: datetime) -> "Outcome":
        """Return what to remember of this request."""
        return Outcome(
            digest=self.digest, request_mac=self.macs[0], result_id=result_id, created_at=now
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was done under a key: the id of what was made, from which the answer is made again."""

    digest: str
    request_mac: str
    result_id: int
    created_at: datetime

    def result_of(self, request: KeyedRequest) -> int:
        """Return the id for whoever asks the same again.

        Raises:
            KeyReused: something else is asked.
        """
        if not any(hmac.compare_digest(self.request_mac, mac) for mac in request.macs):
            raise KeyReused
        return self.result_id
