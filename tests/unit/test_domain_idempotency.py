import re

import pytest

from blog_core.domain.idempotency import IdempotencyKey, KeyedRequest
from blog_core.domain.keys import KeyRing
from blog_core.errors import InvalidText, KeyReused
from blog_core.testing.builders import NOW

CURRENT, EARLIER, FOREIGN = b"c" * 32, b"e" * 32, b"f" * 32


def asked(
    *said: str, key: str = "key", scope: str = "register", secrets: tuple[bytes, ...] = (CURRENT,)
) -> KeyedRequest:
    return IdempotencyKey(key, KeyRing(secrets)).request(scope, *said)


@pytest.mark.parametrize("value", ["!", "~", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "k" * 255])
def test_a_key_is_1_to_255_visible_ascii_characters(value: str) -> None:
    assert IdempotencyKey(value, KeyRing((CURRENT,))).value == value


@pytest.mark.parametrize("value", ["", "k" * 256, "a key", "key\n", "\x7f", "\xe9", "\0"])
def test_anything_else_is_no_key(value: str) -> None:
    with pytest.raises(InvalidText) as refused:
        IdempotencyKey(value, KeyRing((CURRENT,)))

    assert (refused.value.field, refused.value.reason) == ("idempotency_key", "not_a_key")
    assert str(refused.value) == "idempotency_key must be 1 to 255 visible ASCII characters"


def test_a_key_does_not_show_itself() -> None:
    shown = repr(IdempotencyKey("canary", KeyRing((CURRENT,))))

    assert "canary" not in shown
    assert "cccc" not in shown


def test_the_digest_is_of_the_key_in_its_scope() -> None:
    requests = [
        asked("a"),
        asked("b"),
        asked("a", key="other"),
        asked("a", scope="publish 1"),
        asked("a", secrets=(FOREIGN,)),
    ]

    digests = [request.digest for request in requests]

    assert digests[0] == digests[1] == digests[4]
    assert len(set(digests)) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)


def test_the_seal_is_an_hmac_of_what_was_said() -> None:
    # By `openssl dgst -sha256 -mac HMAC -binary`, in URL-safe base64.
    sealed = "FxS2LkxHTnjJ0w9vgmAz7Ik5WSxsg6A3EaH9639KYJo"

    assert asked("ada", "\N{SNOWMAN}").macs == (sealed,)


def test_what_was_asked_leads_to_what_was_made() -> None:
    outcome = asked("a").led_to(7, NOW)

    assert (outcome.digest, outcome.created_at) == (asked("a").digest, NOW)
    assert outcome.result_of(asked("a")) == 7


@pytest.mark.parametrize(
    "other", [("b", "c"), ("a",), ("a", "b", ""), ("ab",), ("", "ab"), ('a", "b',), ("A", "b")]
)
def test_who_asks_something_else_under_the_key_is_refused(other: tuple[str, ...]) -> None:
    outcome = asked("a", "b").led_to(7, NOW)

    with pytest.raises(KeyReused):
        outcome.result_of(asked(*other))


def test_another_scope_is_another_seal() -> None:
    assert asked("a", scope="publish 1").macs != asked("a", scope="publish 2").macs


def test_after_a_rotation_what_was_sealed_before_is_still_known() -> None:
    outcome = asked("a", secrets=(EARLIER,)).led_to(7, NOW)

    assert outcome.result_of(asked("a", secrets=(CURRENT, EARLIER))) == 7


def test_what_is_asked_is_sealed_under_the_current_secret() -> None:
    outcome = asked("a", secrets=(CURRENT, EARLIER)).led_to(7, NOW)

    assert outcome.result_of(asked("a", secrets=(CURRENT,))) == 7
    with pytest.raises(KeyReused):
        outcome.result_of(asked("a", secrets=(EARLIER,)))


def test_what_was_sealed_under_a_secret_that_is_gone_is_not_known() -> None:
    outcome = asked("a", secrets=(EARLIER,)).led_to(7, NOW)

    with pytest.raises(KeyReused):
        outcome.result_of(asked("a", secrets=(CURRENT, FOREIGN)))
