"""What the doctor makes of facts."""

import pytest
from pydantic import SecretStr

from blog_adapters.diagnosis import (
    of_clock,
    of_guards,
    of_outbox,
    of_server,
    of_settings,
    of_versions,
    secrets_of,
)
from blog_adapters.floors import FLOORS, is_below
from blog_adapters.settings import Settings

KEY = "Zk3vT0pQm8wXr5yB1nLd7sHc2gJf9aUe"
SAFE: dict[str, object] = {
    "database_url": "postgresql://blog:hunter2@db.example.org/blog",
    "secret_key": KEY,
    "frontend_url": "https://blog.example.org",
    "mail_server": "mx.example.org",
    "allowed_hosts": "blog.example.org",
    "docs": False,
}


@pytest.mark.parametrize(
    ("version", "seconds", "state"),
    [(149_999, 0.001, "failed"), (150_000, 0.001, "ok"), (180_001, 0.2, "warning")],
)
def test_a_database_is_new_enough_and_near(version: int, seconds: float, state: str) -> None:
    assert of_server(version, seconds).state == state


def test_guards_that_are_not_set_are_named() -> None:
    found = of_guards({"statement_timeout": "5s", "lock_timeout": "0"})

    assert found.state == "warning"
    assert "lock_timeout" in found.said
    assert "statement_timeout" not in found.said


def test_guards_that_are_set_are_fine() -> None:
    assert of_guards({"statement_timeout": "1min", "lock_timeout": "2s"}).state == "ok"


@pytest.mark.parametrize(
    ("apart", "state"),
    [(0, "ok"), (5, "ok"), (5.1, "warning"), (-30, "warning"), (30.1, "failed"), (-90, "failed")],
)
def test_clocks_may_differ_a_little_either_way(apart: float, state: str) -> None:
    assert of_clock(apart).state == state


@pytest.mark.parametrize(
    ("oldest", "dead", "state"),
    [
        (None, 0, "ok"),
        (60, 0, "ok"),
        (None, 1, "warning"),
        (61, 0, "warning"),
        (901, 0, "failed"),
        (901, 1, "failed"),
    ],
)
def test_an_outbox_is_emptied_in_time(oldest: float | None, dead: int, state: str) -> None:
    assert of_outbox(oldest, dead).state == state


def test_a_package_below_its_floor_is_named_with_the_reason() -> None:
    found = of_versions({"starlette": "1.5.9", "pillow": "99.0"})

    assert found.state == "failed"
    assert f"starlette 1.5.9 (needs 1.6.0: {FLOORS['starlette'][1]})" in found.said
    assert "pillow" not in found.said


@pytest.mark.parametrize("name", FLOORS)
def test_a_package_at_its_floor_is_fine(name: str) -> None:
    assert of_versions({name: FLOORS[name][0]}).state == "ok"


@pytest.mark.parametrize(
    ("found", "floor", "below"),
    [
        ("1.9", "1.10", True),
        ("1.10", "1.9", False),
        ("2.1.0b1", "2.1.1", True),
        ("0.165.0", "0.165", False),
        ("2.0.dev1", "2.0.1", True),
        ("13", "12.3.0", False),
    ],
)
def test_versions_are_compared_by_their_numbers(found: str, floor: str, below: bool) -> None:
    assert is_below(found, floor) is below


def test_the_defaults_are_safe_on_a_machine_of_ones_own() -> None:
    assert [finding.state for finding in of_settings(Settings())] == ["ok"]


def test_settings_that_are_safe_are_fine() -> None:
    assert [finding.state for finding in of_settings(Settings.model_validate(SAFE))] == ["ok"]


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"secret_key": "change me " * 5}, "SECRET_KEY"),
        ({"secret_key": "abcabc" * 8}, "SECRET_KEY"),
        ({"frontend_url": "http://blog.example.org"}, "FRONTEND_URL"),
        ({"frontend_url": "http://localhost:8000"}, "FRONTEND_URL"),
        ({"mail_server": None}, "MAIL_SERVER"),
        ({"mail_use_tls": False}, "MAIL_USE_TLS"),
        ({"s3_endpoint_url": "http://s3.example.org"}, "S3_ENDPOINT_URL"),
        ({"allowed_hosts": "*"}, "ALLOWED_HOSTS"),
        ({"docs": True}, "DOCS"),
        ({"rate_limits": "off"}, "RATE_LIMITS"),
        ({"host": "::"}, "HOST"),
    ],
)
def test_each_unsafe_setting_is_a_warning_of_its_own(changed: dict[str, object], name: str) -> None:
    (found,) = of_settings(Settings.model_validate(SAFE | changed))

    assert (found.name, found.state) == (f"settings: {name}", "warning")
    assert found.advice


@pytest.mark.parametrize(
    "changed",
    [
        {"mail_use_tls": False, "mail_use_ssl": True},
        {"mail_use_tls": False, "mail_server": "127.0.0.1"},
        {"host": "127.0.0.1"},
        {"host": "::", "trusted_proxies": "10.0.0.0/8"},
    ],
)
def test_what_only_looks_unsafe_is_fine(changed: dict[str, object]) -> None:
    found = of_settings(Settings.model_validate(SAFE | changed))

    assert [finding.state for finding in found] == ["ok"]


def test_on_all_addresses_even_the_embedded_default_is_judged() -> None:
    names = {finding.name for finding in of_settings(Settings(host="::"))}

    assert {"settings: HOST", "settings: DOCS", "settings: ALLOWED_HOSTS"} <= names


def test_passwords_within_urls_are_secrets_too() -> None:
    settings = Settings.model_validate(SAFE | {"mail_username": "x", "mail_password": "open"})

    assert {KEY, "hunter2", "open"} <= set(secrets_of(settings))
    assert isinstance(settings.secret_key, SecretStr)
