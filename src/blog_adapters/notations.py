"""How limits and networks are written in a setting."""

import re
from dataclasses import fields, replace
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network

from blog_core.domain.limits import DEFAULT_LIMITS, Limit, RateLimits

Network = IPv4Network | IPv6Network

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_CHANGE = re.compile(
    r"\s*(?P<name>\w+)\s*=\s*(?P<amount>[1-9]\d{0,8})\s*/\s*(?P<times>[1-9]\d{0,2})?(?P<unit>[smhd])\s*",
    re.ASCII,
)


def limits_in(notation: str) -> RateLimits | None:
    """Return the limits that `on`, `off` (None) or a list of changes stands for.

    A change is a limit's name, how often, and within how many seconds, minutes, hours or days:
    `login=20/5m, registration_address=100/h`. What is not named stays as it is.

    Raises:
        ValueError: it is none of these.
    """
    match notation.strip().lower():
        case "on":
            return DEFAULT_LIMITS
        case "off":
            return None
    return replace(DEFAULT_LIMITS, **dict(map(_change, notation.split(","))))


def _change(notation: str) -> tuple[str, Limit]:
    found = _CHANGE.fullmatch(notation)
    if found is None:
        raise ValueError("must be on, off, or changes such as login=20/5m, login_address=200/h")
    name, amount, times, unit = found.groups()
    names = [field.name for field in fields(RateLimits)]
    if name not in names:
        raise ValueError(f"knows no such limit; there are {', '.join(names)}")
    return name, Limit(name, int(amount), int(times or 1) * _UNITS[unit])


def networks_in(notation: str) -> tuple[Network, ...]:
    """Return the networks in a list of addresses and networks, or in `none`.

    Raises:
        ValueError: something is neither, or is everybody.
    """
    if notation.strip().lower() == "none":
        return ()
    return tuple(map(_network, notation.split(",")))


def _network(notation: str) -> Network:
    if notation.strip() == "*":
        raise ValueError("must not be *: then every caller could say who they are")
    try:
        network = ip_network(notation.strip())
    except ValueError:
        raise ValueError("must be addresses or networks such as 10.0.0.0/8, or none") from None
    if network.prefixlen == 0:
        raise ValueError("must not be everybody: then every caller could say who they are")
    return network
