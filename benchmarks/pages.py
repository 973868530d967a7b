"""What a page costs beside the JSON behind it, asked for in turns: python -m benchmarks.pages."""

import argparse
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from processes import Served, run_blog, serving  # noqa: E402 - found through the line above

PAIRS: Final = {
    "the newest posts": ("/api/posts", "/"),
    "a user's posts": ("/api/users/1/posts", "/users/1/posts"),
    "a post": ("/api/posts/7", "/posts/7"),
}
PROMISED = 1.5
"""The home page takes at most so many times as long as the list behind it."""


def main() -> int:
    """Measure and print; return 1 when the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=1000)
    turns = parser.parse_args().turns

    kept = True
    say("| what | response cache | JSON | page | ratio |\n| --- | --- | --- | --- | --- |")
    for cache, size in (("on", "67108864"), ("off", "0")):
        with TemporaryDirectory(prefix="blog-bench-") as folder:
            done = run_blog(Path(folder), "demo")
            assert done.returncode == 0, done.stderr
            with serving(Path(folder), RESPONSE_CACHE_BYTES=size, LOG_LEVEL="WARNING") as served:
                for name, paths in PAIRS.items():
                    json, page = taken(served, paths, turns)
                    ratio = page / json
                    say(f"| {name} | {cache} | {json:.2f} ms | {page:.2f} ms | {ratio:.2f} |")
                    kept = kept and (ratio <= PROMISED or name != "the newest posts")
    return 0 if kept else 1


def taken(served: Served, paths: tuple[str, str], turns: int) -> list[float]:
    """Return how long each of two paths takes, the median in milliseconds."""
    seconds: dict[str, list[float]] = {path: [] for path in paths}
    with closing(HTTPConnection(*served.address)) as connection:
        for turn in range(turns):
            for path in paths if turn % 2 else reversed(paths):
                began = time.perf_counter()
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                seconds[path].append(time.perf_counter() - began)
                assert answer.status == 200, path
    return [1000 * median(each) for each in seconds.values()]


def say(text: str) -> None:
    """Print it."""
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
