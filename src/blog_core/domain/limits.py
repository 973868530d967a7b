"""How often something may be tried, by whom: the limits, and what each attempt is counted under."""

from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import UUID

from blog_core.domain.access import digest_of
from blog_core.domain.text import EMAIL_MAX, canonical_key
from blog_core.errors import TooManyRequests

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` attempts within `per`, which begins with the first of them.

    Args:
        name: what is counted; a stable word.
        amount: at least 1.
        per: whole seconds, at least 1.
    """

    name: str
    amount: int
    per: timedelta

    def exceeded(self, retry_after: timedelta) -> TooManyRequests:
        """Return the error of an attempt too many; in `retry_after` the next may be made."""
        return TooManyRequests(
            limit=self.name, amount=self.amount, per=self.per, retry_after=retry_after
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something to be counted: the limit that it falls under, and on whose account.

    `key` is a digest. Who it was cannot be read from what a store of attempts keeps.
    """

    limit: Limit
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """The limits of the blog.

    `..._address` is for one network address, `..._account` for one e-mail address from anywhere,
    `..._total` for everybody together. Those of an account are the same whether or not it exists.
    An account's own is generous: it slows down guesses from many hosts, and the owner, who is at
    another address than they are, is not kept out by a few of them.
    """

    login: Limit = Limit("login", 10, 5 * _MINUTE)
    """For one account from one address."""
    login_address: Limit = Limit("login_address", 100, 5 * _MINUTE)
    login_account: Limit = Limit("login_account", 300, _HOUR)
    login_total: Limit = Limit("login_total", 1000, _MINUTE)

    registration_address: Limit = Limit("registration_address", 20, _HOUR)
    registration_total: Limit = Limit("registration_total", 300, _MINUTE)

    forgot_account: Limit = Limit("forgot_account", 5, _HOUR)
    forgot_address: Limit = Limit("forgot_address", 20, _HOUR)
    forgot_total: Limit = Limit("forgot_total", 300, _MINUTE)

    reset_address: Limit = Limit("reset_address", 20, 5 * _MINUTE)
    reset_total: Limit = Limit("reset_total", 300, _MINUTE)

    password_account: Limit = Limit("password_account", 10, 5 * _MINUTE)
    """For the current password, asked for again of whoever holds an access token."""

    refresh_session: Limit = Limit("refresh_session", 30, 5 * _MINUTE)
    """For one session; its client needs one each time that an access token expires."""
    refresh_address: Limit = Limit("refresh_address", 600, 5 * _MINUTE)
    refresh_total: Limit = Limit("refresh_total", 3000, _MINUTE)

    writes: Limit = Limit("writes", 300, _MINUTE)
    """For what one account changes, in each process."""

    # What is the caller's own comes first and the first refusal ends it: whoever is held back uses
    # up nothing of what others share.

    def of_login(self, *, email: str, address: str) -> list[Attempt]:
        """Return what a login counts as; an unknown address is ''."""
        account = _account(email)
        return [
            *_at(self.login, address, account),
            *_at(self.login_address, address),
            _attempt(self.login_account, account),
            _attempt(self.login_total),
        ]

    def of_registration(self, *, address: str) -> list[Attempt]:
        """Return what opening an account counts as."""
        return [*_at(self.registration_address, address), _attempt(self.registration_total)]

    def of_forgotten_password(self, *, email: str, address: str) -> list[Attempt]:
        """Return what asking for a reset mail counts as."""
        return [
            *_at(self.forgot_address, address),
            _attempt(self.forgot_account, _account(email)),
            _attempt(self.forgot_total),
        ]

    def of_reset(self, *, address: str) -> list[Attempt]:
        """Return what using a reset token counts as."""
        return [*_at(self.reset_address, address), _attempt(self.reset_total)]

    def of_password_change(self, *, user_id: int) -> Attempt:
        """Return what changing a password counts as."""
        return _attempt(self.password_account, str(user_id))

    def of_refresh(self, *, session_id: UUID, address: str) -> list[Attempt]:
        """Return what renewing a session counts as."""
        return [
            _attempt(self.refresh_session, str(session_id)),
            *_at(self.refresh_address, address),
            _attempt(self.refresh_total),
        ]

    def of_write(self, user_id: int) -> Attempt:
        """Return what a change by this user counts as."""
        return Attempt(self.writes, str(user_id))


DEFAULT_LIMITS = RateLimits()
"""What holds unless somebody says otherwise."""


def networks_of(address: str) -> list[str]:
    """Return what of a network address counts as one caller, the narrowest first.

    An IPv6 address is one of 2^64 in the same network, so its /64 counts; and a customer may have
    a /48 of those (RFC 6177), so that counts, too. IPv4 in IPv6 is IPv4, and what is no address
    stays as it is.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return [address]
    if not isinstance(found, IPv6Address):
        return [str(found)]
    if found.ipv4_mapped:
        return [str(found.ipv4_mapped)]
    number = int(found)  # without a scope, which no network has
    return [str(ip_network((number, length), strict=False)) for length in (64, 48)]


def _account(email: str) -> str:
    """Return an address's key; of one too long for an account, whose key may cost much, itself."""
    return canonical_key(email) if len(email) <= EMAIL_MAX else email


def _at(limit: Limit, address: str, account: str = "") -> list[Attempt]:
    """Count under an address, unless it is unknown; a wider network has twice the amount."""
    return [
        _attempt(replace(limit, amount=limit.amount * share), network, account)
        for share, network in enumerate(networks_of(address) if address else (), start=1)
    ]


def _attempt(limit: Limit, *who: str) -> Attempt:
    return Attempt(limit, digest_of("\0".join((limit.name, *who))))
