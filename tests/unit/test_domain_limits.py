"""What an attempt is counted under."""

from datetime import timedelta
from uuid import uuid4

import pytest

from blog_core.domain.limits import DEFAULT_LIMITS, Attempt, networks_of

HOME, WORK = "192.0.2.1", "198.51.100.1"


def names(attempts: list[Attempt]) -> list[str]:
    return [attempt.limit.name for attempt in attempts]


def key(attempts: list[Attempt], name: str) -> str:
    (found,) = (attempt.key for attempt in attempts if attempt.limit.name == name)
    return found


def login(email: str = "corey@example.com", address: str = HOME) -> list[Attempt]:
    return DEFAULT_LIMITS.of_login(email=email, address=address)


def test_the_narrowest_limit_comes_first() -> None:
    assert names(login()) == ["login", "login_address", "login_account", "login_total"]


def test_where_the_address_is_unknown_nothing_is_counted_under_it() -> None:
    limits, session = DEFAULT_LIMITS, uuid4()

    assert names(login(address="")) == ["login_account", "login_total"]
    assert names(limits.of_registration(address="")) == ["registration_total"]
    assert names(limits.of_forgotten_password(email="a@b.c", address="")) == [
        "forgot_account",
        "forgot_total",
    ]
    assert names(limits.of_reset(address="")) == ["reset_total"]
    assert names(limits.of_refresh(session_id=session, address="")) == [
        "refresh_session",
        "refresh_total",
    ]


def test_a_change_of_password_is_counted_for_its_account() -> None:
    limits = DEFAULT_LIMITS

    one, again, other = (limits.of_password_change(user_id=number) for number in (1, 1, 2))

    assert (one.limit.name, one == again, one.key == other.key) == ("password_account", True, False)


def test_where_it_is_known_it_is() -> None:
    limits, session = DEFAULT_LIMITS, uuid4()

    assert names(limits.of_registration(address=HOME)) == [
        "registration_address",
        "registration_total",
    ]
    assert names(limits.of_forgotten_password(email="a@b.c", address=HOME)) == [
        "forgot_address",
        "forgot_account",
        "forgot_total",
    ]
    assert names(limits.of_reset(address=HOME)) == ["reset_address", "reset_total"]
    assert names(limits.of_refresh(session_id=session, address=HOME)) == [
        "refresh_session",
        "refresh_address",
        "refresh_total",
    ]


@pytest.mark.parametrize("spelled", ["Corey@Example.com", "\uff43orey@example.com"])
def test_an_account_is_counted_under_its_canonical_key(spelled: str) -> None:
    assert [attempt.key for attempt in login(spelled)] == [attempt.key for attempt in login()]


def test_what_is_too_long_for_an_address_is_counted_as_it_is() -> None:
    long = "a" + "\u0301" * 120

    assert key(login(long), "login_account") != key(
        login("\u00e1" + "\u0301" * 119), "login_account"
    )


@pytest.mark.parametrize("name", ["login", "login_account"])
def test_each_account_is_counted_by_itself(name: str) -> None:
    assert key(login(), name) != key(login("ada@example.com"), name)


@pytest.mark.parametrize("name", ["login", "login_address"])
def test_each_address_is_counted_by_itself(name: str) -> None:
    assert key(login(), name) != key(login(address=WORK), name)


@pytest.mark.parametrize("name", ["login_account", "login_total"])
def test_some_are_counted_from_anywhere(name: str) -> None:
    assert key(login(), name) == key(login(address=WORK), name)


def test_each_session_is_counted_by_itself() -> None:
    one, other = (DEFAULT_LIMITS.of_refresh(session_id=uuid4(), address=HOME) for _ in range(2))

    assert key(one, "refresh_session") != key(other, "refresh_session")
    assert key(one, "refresh_address") == key(other, "refresh_address")


def test_no_two_limits_share_a_key() -> None:
    attempts = [
        *login(),
        *DEFAULT_LIMITS.of_registration(address=HOME),
        *DEFAULT_LIMITS.of_forgotten_password(email="corey@example.com", address=HOME),
        *DEFAULT_LIMITS.of_reset(address=HOME),
        *DEFAULT_LIMITS.of_refresh(session_id=uuid4(), address=HOME),
    ]

    assert len({attempt.key for attempt in attempts}) == len(attempts)


def test_a_key_is_a_digest() -> None:
    assert all(len(bytes.fromhex(attempt.key)) == 32 for attempt in login("\ud800\0", "\ud800"))


def test_where_one_part_ends_and_the_next_begins_matters() -> None:
    assert key(login("b", "a"), "login") != key(login("", "ab"), "login")


def test_a_user_is_counted_by_their_id() -> None:
    assert DEFAULT_LIMITS.of_write(7) == Attempt(DEFAULT_LIMITS.writes, "7")


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        ("192.0.2.1", ["192.0.2.1"]),
        ("::ffff:192.0.2.1", ["192.0.2.1"]),
        ("2001:db8:1:2:3:4:5:6", ["2001:db8:1:2::/64", "2001:db8:1::/48"]),
        ("2001:DB8:1:2::", ["2001:db8:1:2::/64", "2001:db8:1::/48"]),
        ("fe80::1%eth0", ["fe80::/64", "fe80::/48"]),
        ("testclient", ["testclient"]),
        ("", [""]),
    ],
)
def test_a_caller_is_an_address_or_the_networks_of_ipv6(address: str, networks: list[str]) -> None:
    assert networks_of(address) == networks


def test_whoever_has_many_networks_of_ipv6_has_twice_the_amount_of_one() -> None:
    here, there = (DEFAULT_LIMITS.of_reset(address=f"2001:db8:1:{n}::1") for n in (1, 2))

    assert here[0].key != there[0].key
    assert here[1] == there[1]
    assert here[1].limit.amount == 2 * DEFAULT_LIMITS.reset_address.amount


def test_one_network_of_ipv6_cannot_use_up_what_an_account_has() -> None:
    attempts = DEFAULT_LIMITS.of_login(email="corey@example.com", address="2001:db8::1")
    own, wider = (each.limit for each in attempts if each.limit.name == "login")

    most = wider.amount * (DEFAULT_LIMITS.login_account.per // wider.per)

    assert own.amount < wider.amount
    assert most < DEFAULT_LIMITS.login_account.amount


@pytest.mark.parametrize(
    ("name", "amount", "per"),
    [
        ("login", 10, timedelta(minutes=5)),
        ("login_address", 100, timedelta(minutes=5)),
        ("login_account", 300, timedelta(hours=1)),
        ("login_total", 1000, timedelta(minutes=1)),
        ("registration_address", 20, timedelta(hours=1)),
        ("registration_total", 300, timedelta(minutes=1)),
        ("forgot_account", 5, timedelta(hours=1)),
        ("forgot_address", 20, timedelta(hours=1)),
        ("forgot_total", 300, timedelta(minutes=1)),
        ("reset_address", 20, timedelta(minutes=5)),
        ("reset_total", 300, timedelta(minutes=1)),
        ("password_account", 10, timedelta(minutes=5)),
        ("refresh_session", 30, timedelta(minutes=5)),
        ("refresh_address", 600, timedelta(minutes=5)),
        ("refresh_total", 3000, timedelta(minutes=1)),
        ("writes", 300, timedelta(minutes=1)),
    ],
)
def test_the_limits_are_the_documented_ones(name: str, amount: int, per: timedelta) -> None:
    limit = getattr(DEFAULT_LIMITS, name)

    assert (limit.name, limit.amount, limit.per) == (name, amount, per)


def test_what_exceeds_a_limit_says_which_it_was() -> None:
    error = DEFAULT_LIMITS.login.exceeded(timedelta(seconds=7))

    assert (error.limit, error.amount, error.per) == ("login", 10, timedelta(minutes=5))
    assert error.retry_after == timedelta(seconds=7)
    assert str(error) == "Too many requests. Please try again later."
