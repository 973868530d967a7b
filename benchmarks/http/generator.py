"""A load for machines that have no wrk; it says what `load.lua` says.

Python takes ten times as long for a request as wrk does, and takes it from the apps when there are
few processors: ratios to a fast app come out nearer to 1 than they are.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LATENESS = 30.0
"""Seconds until an answer that does not come is given up."""


@dataclass(slots=True)
class Tally:
    """What all connections have seen."""

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    broken: int = 0


async def ask(host: str, port: int, requests: Iterator[bytes], tally: Tally, end: float) -> None:
    """Send one request after the other on one connection, until the time is over."""
    reader, writer = await asyncio.open_connection(host, port)
    while (sent := time.perf_counter()) < end:
        writer.write(next(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert length is not None
        await reader.readexactly(int(length[1]))
        tally.latencies.append((time.perf_counter() - sent) * 1000)
        tally.refused += not head.startswith(b"HTTP/1.1 2")
    writer.close()


async def drive(url: str, requests: Iterator[bytes], *, connections: int, seconds: float) -> Tally:
    """Ask on some connections at once."""
    tally, where = Tally(), urlsplit(url)
    assert where.hostname is not None
    assert where.port is not None
    end = time.perf_counter() + seconds
    asked = [ask(where.hostname, where.port, requests, tally, end) for _ in range(connections)]
    async with asyncio.timeout(seconds + _LATENESS):
        for outcome in await asyncio.gather(*asked, return_exceptions=True):
            tally.broken += isinstance(outcome, Exception)
    return tally


def requests_for(url: str, tokens: Path | None, body: Path | None) -> Iterator[bytes]:
    """Return the same request for ever, or one that publishes a post for each token in turn."""
    where = urlsplit(url)
    target = f"{where.path}?{where.query}" if where.query else where.path
    host = f"HTTP/1.1\r\nHost: {where.netloc}\r\n"
    if tokens is None or body is None:
        return cycle([f"GET {target} {host}\r\n".encode()])
    post = body.read_bytes()
    kind = f"Content-Type: application/json\r\nContent-Length: {len(post)}\r\n"
    return cycle(
        [
            f"POST {target} {host}Authorization: Bearer {token}\r\n{kind}\r\n".encode() + post
            for token in tokens.read_text().split()
        ]
    )


def main() -> None:
    """Ask, and say the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("url")
    parser.add_argument("tokens", type=Path, nargs="?")
    parser.add_argument("body", type=Path, nargs="?")
    options = parser.parse_args()
    requests = requests_for(options.url, options.tokens, options.body)
    started = time.perf_counter()
    tally = uvloop.run(
        drive(options.url, requests, connections=options.connections, seconds=options.seconds)
    )
    found = quantiles(tally.latencies, n=100) if len(tally.latencies) > 1 else [0.0] * 99
    said = {
        "requests": len(tally.latencies),
        "seconds": time.perf_counter() - started,
        "p50": found[49],
        "p99": found[98],
        "refused": tally.refused,
        "broken": tally.broken,
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
