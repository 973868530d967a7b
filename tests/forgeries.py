"""Access tokens as forgers make them, and genuine ones whose time or place is another."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

Json = Mapping[str, Any]


def signed(payload: Json | bytes, header: Json | bytes, key: bytes) -> str:
    """Write a token by hand: any header, any payload, any key."""
    parts = [part if isinstance(part, bytes) else _written(part) for part in (header, payload)]
    signing_input = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.digest(key, signing_input, hashlib.sha256)
    return b".".join([signing_input, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def _written(part: Json) -> bytes:
    return json.dumps(part, separators=(",", ":"), sort_keys=True).encode()


@dataclass(frozen=True)
class Forger:
    """Somebody who has a genuine token and even the key that signed it."""

    genuine: str
    secret: bytes

    @property
    def header(self) -> dict[str, Any]:
        """What stands in the genuine token's header."""
        return jwt.get_unverified_header(self.genuine)

    @property
    def claims(self) -> dict[str, Any]:
        """What the genuine token says."""
        claims: dict[str, Any] = jwt.decode(self.genuine, options={"verify_signature": False})
        return claims

    def claiming(self, **changed: object) -> str:
        """Sign the claims with some of them changed."""
        return signed({**self.claims, **changed}, self.header, self.secret)

    def headed(self, **changed: object) -> str:
        """Sign the claims under a header of which something is changed."""
        return signed(self.claims, {**self.header, **changed}, self.secret)

    def lacking(self, name: str) -> str:
        """Sign what is left without a claim."""
        claims = {key: value for key, value in self.claims.items() if key != name}
        return signed(claims, self.header, self.secret)

    def saying(self, payload: bytes) -> str:
        """Sign a payload that may be no JSON."""
        return signed(payload, self.header, self.secret)

    def under(self, header: Json | bytes, key: bytes | None = None) -> str:
        """Sign the claims under a header that may be no JSON, with whatever key."""
        return signed(self.claims, header, self.secret if key is None else key)

    def forgeries(self) -> dict[str, str]:
        """Return tokens none of which may let anybody in, by what is wrong with them."""
        return self._torn() | self._headers() | self._payloads() | self._claims()

    def _torn(self) -> dict[str, str]:
        genuine = self.genuine
        head, body, signature = genuine.split(".")
        return {
            "nothing": "",
            "one dot": ".",
            "two dots": "..",
            "no signature": f"{head}.{body}.",
            "no signature part": f"{head}.{body}",
            "a fourth part": f"{genuine}.x",
            "an encrypted token's five parts": f"{head}..{body}.{signature}.x",
            "another's signature": f"{head}.{body}.{self.lacking('sub').split('.')[2]}",
            "a longer signature": genuine + "AAAA",
            "padded": genuine + "=",
            "standard base64": genuine + "+/",
            "a megabyte of payload": self.claiming(more="x" * 1_000_000),
            "signed with nothing": self.under(self.header, b""),
            "signed with a public word": self.under(self.header, b"secret"),
        }

    def _headers(self) -> dict[str, str]:
        kept = {"alg": "HS256", "typ": "at+jwt"}
        none = self.headed(alg="none")
        return {
            "alg none": f"{none.rpartition('.')[0]}.",
            "alg none, signed": none,
            "alg of another length": jwt.encode(
                self.claims, self.secret * 2, "HS512", self.header | {"alg": "HS512"}
            ),
            "alg RS256": self.headed(alg="RS256"),
            "alg in lower case": self.headed(alg="hs256"),
            "alg a list": self.headed(alg=["HS256"]),
            "alg an object": self.headed(alg={"HS256": 1}),
            "alg null": self.headed(alg=None),
            "no alg": self.under({"typ": "at+jwt", "kid": self.header["kid"]}),
            "another type": self.headed(typ="JWT"),
            "the type of another purpose": self.headed(typ="reset+jwt"),
            "no type": self.under({"alg": "HS256", "kid": self.header["kid"]}),
            "no key id": self.under(kept),
            "an unknown key id": self.headed(kid="0" * 16),
            "a key id that is a number": self.headed(kid=1),
            "a key id that is a statement": self.headed(kid="' UNION SELECT 'x'; --"),
            "a key id of an empty file": self.under({**kept, "kid": "../../dev/null"}, b""),
            "a key of its own": self.under(
                {**self.header, "jwk": {"kty": "oct", "k": "c2VjcmV0"}}, b"secret"
            ),
            "a key elsewhere": self.headed(jku="https://example.com/keys.json"),
            "a critical extension": self.headed(crit=["exp"], exp=1),
            "an empty list of critical extensions": self.headed(crit=[]),
            "an unencoded payload": self.headed(crit=["b64"], b64=False),
            "a header that is no JSON": self.under(b"HS256"),
            "a header that is a list": self.under(b'["HS256"]'),
            "a header that is not UTF-8": self.under(b'{"alg": "HS256\xff"}'),
            "a header without end": self.under(b"[" * 400),
        }

    def _payloads(self) -> dict[str, str]:
        return {
            "a payload that is no JSON": self.saying(b"sub=7"),
            "a payload that is a list": self.saying(b"[]"),
            "a payload that is null": self.saying(b"null"),
            "a payload that is not UTF-8": self.saying(b'{"sub": "\xff"}'),
            "a payload without end": self.saying(b"[" * 400),
            "a payload of nothing": self.saying(b""),
            "exp twice, the last one past": self.saying(
                _written(self.claims)[:-1] + b',"exp":%d}' % (self.claims["iat"] - 60)
            ),
            **{f"no {name}": self.lacking(name) for name in self.claims},
        }

    def _claims(self) -> dict[str, str]:
        session, issued_at, expires_at = (self.claims[name] for name in ("sid", "iat", "exp"))
        wrong: dict[str, list[object]] = {
            "iss": ["another blog", "", None, ["blog"]],
            "aud": ["another service", "", None, ["blog", "another service"]],
            "sub": [
                7, True, None, ["7"], "", "admin", "0", "-7", "+7", "07", " 7", "7\n", "1_0",
                "\u0667", "7.0", str(2**63), "9" * 100,
            ],
            "sid": [
                None, 7, [session], "", session[:-1], session.replace("-", ""),
                f"urn:uuid:{session}", f"{{{session}}}", session.upper(), f"{session}\n",
            ],
            "exp": [
                str(expires_at), expires_at + 0.5, True, None, [expires_at], float("nan"),
                float("inf"), 253_402_300_800, 253_402_300_799, 2**64, 10**500, issued_at - 60,
                -(2**62),
            ],
            "iat": [
                expires_at, str(issued_at), True, float("nan"), -(2**64), -62_135_596_800,
            ],
        }  # fmt: skip
        return {
            f"{name} {number} of {len(values)}": self.claiming(**{name: value})
            for name, values in wrong.items()
            for number, value in enumerate(values, 1)
        }


UNSENDABLE = {
    "white space before": " {}",
    "a line break behind": "{}\n",
    "a NUL": "{}\0",
    "not ASCII": "{}é",
    "a lone surrogate": "\ud800",
    "a megabyte of letters": "A" * 1_000_000,
    "a megabyte of dots": "." * 1_000_000,
}
"""What no header can carry, or a server's parser ends: for those who call the port."""
