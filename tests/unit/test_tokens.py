from datetime import timedelta
from uuid import UUID

import jwt
import pytest

from blog_adapters.tokens import JwtAccessTokens
from blog_core.domain.access import AccessClaims
from blog_core.domain.users import UserId
from blog_core.errors import InvalidAccessToken
from blog_core.testing import Adapter
from blog_core.testing.builders import NOW, minutes
from blog_core.testing.contracts import AccessTokensContract
from forgeries import UNSENDABLE, Forger

SECRET = b"a secret of thirty-two bytes, ok"
OTHER = SECRET[::-1]
SESSION = UUID("0b2c5d0e-4c1f-4a53-9c55-6fd1f1a7a1c2")
CLAIMS = AccessClaims(user_id=UserId(7), session_id=SESSION)
ISSUED_AT = int(NOW.timestamp())
GENUINE = JwtAccessTokens(secrets=[SECRET]).issue(CLAIMS, now=NOW, expires_at=NOW + minutes(30))
FORGER = Forger(GENUINE, SECRET)
FORGED = FORGER.forgeries() | {name: form.format(GENUINE) for name, form in UNSENDABLE.items()}


@pytest.fixture
def tokens() -> JwtAccessTokens:
    return JwtAccessTokens(secrets=[SECRET])


class TestJwtAccessTokens(AccessTokensContract):
    """On one process's clock and secret."""

    @pytest.fixture
    def blog_adapter(self, tokens: JwtAccessTokens) -> Adapter:
        return Adapter(tokens=tokens)


def test_a_token_made_by_hand_like_ours_is_genuine(tokens: JwtAccessTokens) -> None:
    assert tokens.read(FORGER.claiming(), now=NOW) == CLAIMS


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_is_invalid(tokens: JwtAccessTokens, token: str) -> None:
    with pytest.raises(InvalidAccessToken):
        tokens.read(token, now=NOW)


def test_the_error_does_not_repeat_the_token(tokens: JwtAccessTokens) -> None:
    with pytest.raises(InvalidAccessToken) as caught:
        tokens.read("canary", now=NOW)

    assert "canary" not in str(caught.value)


def test_a_token_says_who_in_which_session_and_until_when(tokens: JwtAccessTokens) -> None:
    token = tokens.issue(CLAIMS, now=NOW, expires_at=NOW + minutes(30))

    assert jwt.decode(token, options={"verify_signature": False}) == {
        "iss": "blog",
        "aud": "blog",
        "sub": "7",
        "sid": str(SESSION),
        "iat": ISSUED_AT,
        "exp": ISSUED_AT + 1801,
    }


def test_a_token_says_what_it_is_and_which_key_signed_it(tokens: JwtAccessTokens) -> None:
    token = tokens.issue(CLAIMS, now=NOW, expires_at=NOW + minutes(30))

    header = jwt.get_unverified_header(token)
    assert (header["alg"], header["typ"], len(header["kid"])) == ("HS256", "at+jwt", 16)


@pytest.mark.parametrize("year", [1970, 2100])
def test_the_time_is_the_one_we_say(tokens: JwtAccessTokens, year: int) -> None:
    now = NOW.replace(year=year)

    token = tokens.issue(CLAIMS, now=now, expires_at=now + minutes(30))

    assert tokens.read(token, now=now + minutes(30)) == CLAIMS


def test_a_token_is_good_to_the_microsecond_its_session_is(tokens: JwtAccessTokens) -> None:
    token = tokens.issue(CLAIMS, now=NOW, expires_at=NOW + minutes(30))

    read = tokens.read(token, now=NOW + minutes(30) + timedelta(seconds=30))

    assert read == CLAIMS


def test_another_secret_reads_none_of_our_tokens() -> None:
    other = JwtAccessTokens(secrets=[OTHER])

    with pytest.raises(InvalidAccessToken):
        other.read(GENUINE, now=NOW)


def test_a_token_of_a_secret_that_is_still_accepted_is_good() -> None:
    rotated = JwtAccessTokens(secrets=[OTHER, SECRET])

    assert rotated.read(GENUINE, now=NOW) == CLAIMS


def test_the_first_secret_signs() -> None:
    rotated = JwtAccessTokens(secrets=[OTHER, SECRET])

    token = rotated.issue(CLAIMS, now=NOW, expires_at=NOW + minutes(30))

    assert JwtAccessTokens(secrets=[OTHER]).read(token, now=NOW) == CLAIMS


def test_the_key_id_of_one_secret_does_not_let_another_sign() -> None:
    both = JwtAccessTokens(secrets=[SECRET, OTHER])

    with pytest.raises(InvalidAccessToken):
        both.read(FORGER.under(FORGER.header, OTHER), now=NOW)


@pytest.mark.parametrize("changed", [{"issuer": "another blog"}, {"audience": "another service"}])
def test_a_token_of_another_issuer_or_for_another_audience_is_invalid(
    tokens: JwtAccessTokens, changed: dict[str, str]
) -> None:
    others = JwtAccessTokens(secrets=[SECRET], **changed)

    with pytest.raises(InvalidAccessToken):
        tokens.read(others.issue(CLAIMS, now=NOW, expires_at=NOW + minutes(30)), now=NOW)


@pytest.mark.parametrize(("algorithm", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_as_long_as_its_algorithm_asks_for_will_do(algorithm: str, size: int) -> None:
    tokens = JwtAccessTokens(secrets=[b"x" * size], algorithm=algorithm)

    token = tokens.issue(CLAIMS, now=NOW, expires_at=NOW + minutes(30))

    assert tokens.read(token, now=NOW) == CLAIMS


@pytest.mark.parametrize(("algorithm", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_shorter_secret_is_refused(algorithm: str, size: int) -> None:
    with pytest.raises(ValueError, match=f"at least {size} bytes"):
        JwtAccessTokens(secrets=[SECRET * 2, b"x" * (size - 1)], algorithm=algorithm)


@pytest.mark.parametrize("algorithm", ["none", "RS256", "ES256", "EdDSA", "hs256", ""])
def test_only_hmac_is_accepted(algorithm: str) -> None:
    with pytest.raises(ValueError, match="must be one of HS256, HS384, HS512"):
        JwtAccessTokens(secrets=[SECRET], algorithm=algorithm)


def test_without_a_secret_nothing_is_signed() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        JwtAccessTokens(secrets=[])
