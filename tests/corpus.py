"""What nobody should send, for every place where something can be sent."""

import unicodedata
from collections.abc import Iterator

CANARY = "c4n4ry"
"""Stands in every text of the corpus: no error and no log line may repeat it."""

_PHRASES = [
    "' OR '1'='1", "'; DROP TABLE users; --", "1; SELECT pg_sleep(10)", "' UNION SELECT NULL--",
    "\\'; --", "admin'--", "%27", "$$; SELECT 1; $$", "E'\\x00'", "1) OR (1=1",
    "../../etc/passwd", "..\\..\\win.ini", "/etc/passwd\x00.jpg", "%2e%2e%2f", "....//....//",
    "file:///etc/passwd", "http://169.254.169.254/", "//example.com", "C:\\", "~root",
    "%s%s%s%n", "{}", "{0.__class__}", "%(x)s", "${jndi:ldap://x}", "${7*7}", "{{7*7}}",
    "{% raw %}", "<%= 7*7 %>", "#{7*7}", "`id`", "$(id)", "; id", "| id", "&& id", "\nid\n",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)",
    '"><svg onload=alert(1)>', "<!--", "]]>", "&lt;", "<![CDATA[", "<?xml version='1.0'?>",
    "x\r\nSet-Cookie: a=b", "x\nBcc: a@example.com", "x\r\n\r\nHTTP/1.1 200 OK",
    "=?UTF-8?Q?=0A?=Bcc: x", "=1+1", "@SUM(1)", "+1", "-1", "null", "None", "undefined", "nil",
    "NaN", "Infinity", "-Infinity", "true", "false", "[]", "{}", '"', "'", "\\", "\\u0000",
    "0", "-0", "00", "1e1", "0x1", "1_0", "1.0", "\u0661", "\uff11", "\u00b2", "1 ", " 1",
    "2147483648", "-2147483649", "9223372036854775808", "18446744073709551616", "9" * 400,
    "a@b", "@", "a@", "@b", "a@@b.example", "a b@example.com", "a@example", "a@.example",
    "a@example..com", "a@-example.com", "a@[127.0.0.1]", '"a b"@example.com', "a@xn--.example",
    "A <a@example.com>", "a@example.com,b@example.com", "a@example.com;b@example.com",
    "a" * 65 + "@example.com", "a@" + "b" * 260 + ".com", "\u0131@example.com", "a@\u00fc.example",
    'W/"1"', '"1"', "*", '"', '"1", "2"', "W/", '"\x7f"', "bytes=0-", "gzip, br",
    "application/json; charset=utf-99", "multipart/form-data", "text/plain", "a/b/c", ";;;=",
    "2024-02-30T00:00:00Z", "0000-00-00", "00000000-0000-0000-0000-000000000000",
    "0b2c5d0e-4c1f-4a53-9c55-6fd1f1a7a1c", "eyJhbGciOiJub25lIn0.e30.", "a.b.c", "v1.local.x",
    "Bearer", "Basic dTpw", "x" * 300, "x" * 10_000, "x" * 70_000, "\u0301" * 1_000,
    "\U0001f469\u200d\U0001f4bb" * 100, "\u202e" + "gpj.exe", "stra\u00dfe", "\u0130", "\u212a",
]  # fmt: skip

_STANDING_ALONE: list[object] = [
    None, True, False, 0, -1, 1.5, 1e308, 2**63, -(2**63) - 1, 2**200, float("nan"), float("inf"),
    "", " ", "\t", "\n", [], [[]], [None], ["a", "b"], {}, {"": ""}, {"$ne": None}, {"a": [{}]},
    {"__proto__": {}}, [0] * 1_000, {str(n): n for n in range(1_000)},
]  # fmt: skip


def _characters() -> Iterator[str]:
    """Yield all controls, and some of every kind of character that Unicode knows."""
    yield from map(chr, (*range(0x20), *range(0x7F, 0xA1)))
    yield from map(chr, (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070)))
    yield from "\ufeff\ufffe\uffff\ufffd\u180e\u034f\U000e0001\U0010ffff\ud800\udfff\ud83d"
    seen: dict[str, int] = {}
    for number in range(0xA1, 0x30000, 7):
        kind = unicodedata.category(chr(number))
        seen[kind] = seen.get(kind, 0) + 1
        if kind not in {"Cs", "Cn"} and seen[kind] <= 4:
            yield chr(number)


CORPUS: list[object] = [
    *_STANDING_ALONE,
    *(f"{phrase}{CANARY}" for phrase in _PHRASES),
    *(f"{CANARY}{phrase}" for phrase in _PHRASES),
    *(f"{CANARY}{character}" for character in _characters()),
    *(f"{character}{CANARY}" for character in _characters()),
]
"""At least 500 of them; some are good values in some places."""
