import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
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

SECRET = b"a secret of thirty-two bytes, ok"
SESSION = UUID("0b2c5d0e-4c1f-4a53-9c55-6fd1f1a7a1c2")
ISSUED_AT = int(NOW.timestamp())
EXPIRES_AT = ISSUED_AT + 1800
CLAIMS = {"sub": "7", "sid": str(SESSION), "iat": ISSUED_AT, "exp": EXPIRES_AT}
HEADER = {"alg": "HS256", "typ": "JWT"}


@pytest.fixture
def tokens() -> JwtAccessTokens:
    return JwtAccessTokens(secret=SECRET)


class TestJwtAccessTokens(AccessTokensContract):
    """On one process's clock and secret."""

    @pytest.fixture
    def blog_adapter(self, tokens: JwtAccessTokens) -> Adapter:
        return Adapter(tokens=tokens)


def signed(
    payload: dict[str, Any] | bytes, header: dict[str, Any] | bytes = HEADER, key: bytes = SECRET
) -> str:
    """Write a token by hand, as forgers do: any header, any payload, any key."""
    parts = [
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)
    ]
    signing_input = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.digest(key, signing_input, hashlib.sha256)
    return b".".join([signing_input, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def claiming(**changed: object) -> str:
    """Sign our claims with one of them changed, with our own key."""
    return signed({**CLAIMS, **changed})


def lacking(name: str) -> str:
    return signed({key: value for key, value in CLAIMS.items() if key != name})


GENUINE = signed(CLAIMS)
HEAD, BODY, SIGNATURE = GENUINE.split(".")

FORGED = {
    "nothing": "",
    "one dot": ".",
    "two dots": "..",
    "no signature": f"{HEAD}.{BODY}.",
    "no signature part": f"{HEAD}.{BODY}",
    "a fourth part": f"{GENUINE}.x",
    "an encrypted token's five parts": f"{HEAD}..{BODY}.{SIGNATURE}.x",
    "another's signature": f"{HEAD}.{BODY}.{lacking('sub').split('.')[2]}",
    "a longer signature": GENUINE + "AAAA",
    "padded": GENUINE + "=",
    "white space before": " " + GENUINE,
    "a line break behind": GENUINE + "\n",
    "standard base64": GENUINE + "+/",
    "a NUL": GENUINE + "\0",
    "not ASCII": GENUINE + "é",
    "a lone surrogate": "\ud800",
    "fullwidth letters": GENUINE.replace("e", "\uff45"),
    "a megabyte of letters": "A" * 1_000_000,
    "a megabyte of dots": "." * 1_000_000,
    "a megabyte of payload": claiming(more="x" * 1_000_000),
    "signed with nothing": signed(CLAIMS, key=b""),
    "signed with a public word": signed(CLAIMS, key=b"secret"),
    "alg none": f"{signed(CLAIMS, {'alg': 'none', 'typ': 'JWT'}).rpartition('.')[0]}.",
    "alg None, signed": signed(CLAIMS, {"alg": "None"}),
    "alg of another length": jwt.encode(CLAIMS, SECRET * 2, "HS512"),
    "alg RS256": signed(CLAIMS, {"alg": "RS256"}),
    "alg in lower case": signed(CLAIMS, {"alg": "hs256"}),
    "alg a list": signed(CLAIMS, {"alg": ["HS256"]}),
    "alg an object": signed(CLAIMS, {"alg": {"HS256": 1}}),
    "alg null": signed(CLAIMS, {"alg": None}),
    "no alg": signed(CLAIMS, {"typ": "JWT"}),
    "a critical extension": signed(CLAIMS, {**HEADER, "crit": ["exp"], "exp": 1}),
    "an empty list of critical extensions": signed(CLAIMS, {**HEADER, "crit": []}),
    "an unencoded payload": signed(CLAIMS, {**HEADER, "crit": ["b64"], "b64": False}),
    "a key id that is a number": signed(CLAIMS, {**HEADER, "kid": 1}),
    "a key id of an empty file": signed(CLAIMS, {**HEADER, "kid": "../../dev/null"}, b""),
    "a key of its own": signed(
        CLAIMS, {**HEADER, "jwk": {"kty": "oct", "k": "c2VjcmV0"}}, b"secret"
    ),
    "a header that is no JSON": signed(CLAIMS, b"HS256"),
    "a header that is a list": signed(CLAIMS, b'["HS256"]'),
    "a header that is not UTF-8": signed(CLAIMS, b'{"alg": "HS256\xff"}'),
    "a header without end": signed(CLAIMS, b"[" * 400),
    "a payload that is no JSON": signed(b"sub=7"),
    "a payload that is a list": signed(b"[]"),
    "a payload that is null": signed(b"null"),
    "a payload that is not UTF-8": signed(b'{"sub": "\xff"}'),
    "a payload without end": signed(b"[" * 400),
    "a payload of nothing": signed(b""),
    "no sub": lacking("sub"),
    "no sid": lacking("sid"),
    "no iat": lacking("iat"),
    "no exp": lacking("exp"),
    "sub a number": claiming(sub=7),
    "sub a boolean": claiming(sub=True),
    "sub null": claiming(sub=None),
    "sub a list": claiming(sub=["7"]),
    "sub empty": claiming(sub=""),
    "sub a word": claiming(sub="admin"),
    "sub zero": claiming(sub="0"),
    "sub negative": claiming(sub="-7"),
    "sub with a sign": claiming(sub="+7"),
    "sub with a leading zero": claiming(sub="07"),
    "sub with white space": claiming(sub=" 7"),
    "sub with a line break": claiming(sub="7\n"),
    "sub with an underscore": claiming(sub="1_0"),
    "sub in other digits": claiming(sub="\u0667"),
    "sub a fraction": claiming(sub="7.0"),
    "sub just too large": claiming(sub=str(2**63)),
    "sub of a hundred digits": claiming(sub="9" * 100),
    "sid null": claiming(sid=None),
    "sid a number": claiming(sid=SESSION.int),
    "sid a list": claiming(sid=[str(SESSION)]),
    "sid empty": claiming(sid=""),
    "sid cut": claiming(sid=str(SESSION)[:-1]),
    "sid without hyphens": claiming(sid=SESSION.hex),
    "sid a URN": claiming(sid=SESSION.urn),
    "sid in braces": claiming(sid=f"{{{SESSION}}}"),
    "sid in capitals": claiming(sid=str(SESSION).upper()),
    "sid with a line break": claiming(sid=f"{SESSION}\n"),
    "exp a text": claiming(exp=str(EXPIRES_AT)),
    "exp a fraction": claiming(exp=EXPIRES_AT + 0.5),
    "exp a boolean": claiming(exp=True),
    "exp null": claiming(exp=None),
    "exp a list": claiming(exp=[EXPIRES_AT]),
    "exp no number": claiming(exp=float("nan")),
    "exp for ever": claiming(exp=float("inf")),
    "exp in the year 10000": claiming(exp=253_402_300_800),
    "exp at the end of the year 9999": claiming(exp=253_402_300_799),
    "exp past 64 bits": claiming(exp=2**64),
    "exp of 500 digits": claiming(exp=10**500),
    "exp past": claiming(exp=ISSUED_AT - 60),
    "exp negative": claiming(exp=-(2**62)),
    "exp twice, the last one past": signed(
        json.dumps(CLAIMS).encode()[:-1] + b', "exp": %d}' % (ISSUED_AT - 60)
    ),
    "iat to come": claiming(iat=ISSUED_AT + 60),
    "iat a text": claiming(iat=str(ISSUED_AT)),
    "iat a boolean": claiming(iat=True),
    "iat no number": claiming(iat=float("nan")),
    "iat past 64 bits": claiming(iat=-(2**64)),
    "iat in the year 1": claiming(iat=-62_135_596_800),
    "meant for somebody else": claiming(aud="another service"),
}


def test_a_token_made_by_hand_like_ours_is_genuine(tokens: JwtAccessTokens) -> None:
    assert tokens.read(GENUINE, now=NOW) == AccessClaims(user_id=UserId(7), session_id=SESSION)


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_is_invalid(tokens: JwtAccessTokens, token: str) -> None:
    with pytest.raises(InvalidAccessToken):
        tokens.read(token, now=NOW)


def test_a_key_id_chooses_nothing(tokens: JwtAccessTokens) -> None:
    token = signed(CLAIMS, {**HEADER, "kid": "'; DROP TABLE users; --"})

    assert tokens.read(token, now=NOW).user_id == 7


def test_the_error_does_not_repeat_the_token(tokens: JwtAccessTokens) -> None:
    with pytest.raises(InvalidAccessToken) as caught:
        tokens.read("canary", now=NOW)

    assert "canary" not in str(caught.value)


def test_a_token_says_who_in_which_session_and_until_when(tokens: JwtAccessTokens) -> None:
    claims = AccessClaims(user_id=UserId(7), session_id=SESSION)

    token = tokens.issue(claims, now=NOW, expires_at=NOW + minutes(30))

    payload = jwt.decode(token, SECRET, ["HS256"], {"verify_exp": False})
    assert payload == {**CLAIMS, "exp": EXPIRES_AT + 1}


@pytest.mark.parametrize("year", [1970, 2100])
def test_the_time_is_the_one_we_say(tokens: JwtAccessTokens, year: int) -> None:
    claims = AccessClaims(user_id=UserId(7), session_id=SESSION)
    now = NOW.replace(year=year)

    token = tokens.issue(claims, now=now, expires_at=now + minutes(30))

    assert tokens.read(token, now=now + minutes(30)) == claims


def test_a_token_is_good_to_the_microsecond_its_session_is(tokens: JwtAccessTokens) -> None:
    claims = AccessClaims(user_id=UserId(7), session_id=SESSION)
    token = tokens.issue(claims, now=NOW, expires_at=NOW + minutes(30))

    read = tokens.read(token, now=NOW + minutes(30) + timedelta(seconds=30))

    assert read == claims


def test_another_secret_reads_none_of_our_tokens() -> None:
    other = JwtAccessTokens(secret=SECRET[::-1])

    with pytest.raises(InvalidAccessToken):
        other.read(GENUINE, now=NOW)


def test_a_secret_may_be_a_text() -> None:
    tokens = JwtAccessTokens(secret=SECRET.decode())

    assert tokens.read(GENUINE, now=NOW).user_id == 7


@pytest.mark.parametrize(("algorithm", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_as_long_as_its_algorithm_asks_for_will_do(algorithm: str, size: int) -> None:
    tokens = JwtAccessTokens(secret=b"x" * size, algorithm=algorithm)
    claims = AccessClaims(user_id=UserId(7), session_id=SESSION)

    token = tokens.issue(claims, now=NOW, expires_at=NOW + minutes(30))

    assert tokens.read(token, now=NOW) == claims


@pytest.mark.parametrize(("algorithm", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_shorter_secret_is_refused(algorithm: str, size: int) -> None:
    with pytest.raises(ValueError, match=f"at least {size} bytes"):
        JwtAccessTokens(secret=b"x" * (size - 1), algorithm=algorithm)


@pytest.mark.parametrize("algorithm", ["none", "RS256", "ES256", "EdDSA", "hs256", ""])
def test_only_hmac_is_accepted(algorithm: str) -> None:
    with pytest.raises(ValueError, match="must be one of HS256, HS384, HS512"):
        JwtAccessTokens(secret=SECRET, algorithm=algorithm)
