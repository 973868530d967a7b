"""The browser, and a blog for it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page

from lines import HOST
from processes import Served, free_port, serving_at

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",  # there is none for root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 30_000
"""Milliseconds until something that has to appear on a page is given up."""

Browse = Callable[..., Page]
"""Opens a page in a profile of its own; takes the options of Playwright's contexts."""


@contextmanager
def new_blog(**settings: str) -> Iterator[Served]:
    """Serve a blog in a folder outside of pytest's own, which its PostgreSQL could not enter."""
    port = free_port()
    known = {
        "RATE_LIMITS": "off",  # everybody in these tests calls from one address
        "FRONTEND_URL": f"http://{HOST}:{port}",
    }
    with (
        TemporaryDirectory(prefix="blog-test-") as folder,
        serving_at(port, Path(folder), **known, **settings) as served,
    ):
        yield served
