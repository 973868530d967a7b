"""The server's keys, and what is derived from them."""

import re
from itertools import count
from uuid import UUID

import pytest

from blog_core.domain.keys import KeyRing, RefreshClaims
from blog_core.errors import InvalidAccessToken, InvalidRefreshToken

KEY = b"a key of thirty-two bytes, or so"
OTHER = KEY[::-1]
ID = UUID("0b2c5d0e-4c1f-4a53-9c55-6fd1f1a7a1c2")
RING = KeyRing((KEY,))
REFRESH = RING.refresh_token(ID, 1)
SESSION = RING.session_token(ID)


def test_a_ring_has_a_key() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        KeyRing(())


def test_a_reset_token_is_43_url_safe_characters() -> None:
    (token,) = RING.reset_tokens(ID)

    assert re.fullmatch("[A-Za-z0-9_-]{43}", token)


def test_one_entry_has_one_reset_token() -> None:
    assert RING.reset_tokens(ID) == RING.reset_tokens(UUID(bytes=ID.bytes))


def test_every_release_derives_the_same_reset_token() -> None:
    (token,) = RING.reset_tokens(ID)  # of a mail, maybe, that an older release promised

    assert token == "NCqjOLEgrvCc04jDp3DkBl7ebqgwRyNyOW65DozyB7E"


@pytest.mark.parametrize(("key", "entry"), [(KEY, UUID(int=1)), (OTHER, ID)])
def test_another_entry_or_key_has_another_reset_token(key: bytes, entry: UUID) -> None:
    assert KeyRing((key,)).reset_tokens(entry) != RING.reset_tokens(ID)


def test_a_ring_derives_a_reset_token_by_each_of_its_keys() -> None:
    ring = KeyRing((KEY, OTHER))

    assert ring.reset_tokens(ID) == RING.reset_tokens(ID) + KeyRing((OTHER,)).reset_tokens(ID)


def test_one_purpose_has_other_macs_than_another() -> None:
    assert RING.macs("one", b"message") != RING.macs("another", b"message")


def test_a_refresh_token_is_read_as_it_was_made() -> None:
    token = RING.refresh_token(ID, 12)

    assert RING.read_refresh_token(token) == RefreshClaims(session_id=ID, generation=12)


def test_a_refresh_token_of_a_key_that_is_still_accepted_is_read() -> None:
    assert KeyRing((OTHER, KEY)).read_refresh_token(REFRESH).session_id == ID


def test_the_first_key_makes_refresh_tokens() -> None:
    token = KeyRing((OTHER, KEY)).refresh_token(ID, 1)

    assert token == KeyRing((OTHER,)).refresh_token(ID, 1)


HEX, NUMBER, MAC = REFRESH.split(".")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "..",
        f"{HEX}.{NUMBER}.",
        f"{HEX}.{NUMBER}.{MAC}.",
        f"{HEX}.{NUMBER}.{MAC}x",
        f"{HEX}.{NUMBER}.{MAC[::-1]}",
        f"{HEX}.{NUMBER}.{MAC}\n",
        f" {REFRESH}",
        f"{HEX}.2.{MAC}",
        f"{HEX}.0{NUMBER}.{MAC}",
        f"{HEX}.\u0661.{MAC}",
        f"{HEX}.{'9' * 1000}.{MAC}",
        f"{UUID(int=1).hex}.{NUMBER}.{MAC}",
        f"{ID}.{NUMBER}.{MAC}",
        f"{HEX.upper()}.{NUMBER}.{MAC}",
        f"{HEX}.{NUMBER}.{RING.reset_tokens(ID)[0]}",
        KeyRing((OTHER,)).refresh_token(ID, 1),
        "\0",
        "\ud800",
        "x" * 1_000_000,
    ],
    ids=map(str, count()),
)
def test_whatever_else_is_no_refresh_token(token: str) -> None:
    with pytest.raises(InvalidRefreshToken):
        RING.read_refresh_token(token)


def test_a_session_token_is_read_as_it_was_made() -> None:
    assert RING.read_session_token(SESSION) == ID


def test_a_session_token_of_a_key_that_is_still_accepted_is_read() -> None:
    assert KeyRing((OTHER, KEY)).read_session_token(SESSION) == ID


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        SESSION[:-1],
        SESSION + "A",
        SESSION.upper(),
        SESSION.replace(ID.hex, UUID(int=0).hex),
        f"{ID.hex}.{RING.macs('refresh-token', ID.bytes)[0]}",
        REFRESH,
        KeyRing((OTHER,)).session_token(ID),
    ],
)
def test_whatever_else_is_no_session_token(token: str) -> None:
    with pytest.raises(InvalidAccessToken):
        RING.read_session_token(token)
