"""Measures every app in one run: `make bench`, `make bench-quick`."""

import argparse
import asyncio
import fcntl
import os
import platform
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from benchmarks.http import footprint
from benchmarks.http.answers import UnlikeAnswers, check
from benchmarks.http.chart import chart
from benchmarks.http.database import Server, fill, server, touch_sessions
from benchmarks.http.environments import KEPT, NotInstalled, python_of, versions_in
from benchmarks.http.figures import TUTORIAL, Figures
from benchmarks.http.footprint import Footprint
from benchmarks.http.load import BadAnswers, Material, Scenario, tool
from benchmarks.http.machine import description
from benchmarks.http.pooler import pooled
from benchmarks.http.profiling import profile
from benchmarks.http.report import Run
from benchmarks.http.rounds import Field, Plan, Reading
from benchmarks.http.servers import NotServing, Serving, serving
from benchmarks.http.variants import VARIANTS

FULL = Plan(rounds={1: 2, 16: 5, 64: 3}, seconds=1)
QUICK = Plan(rounds={16: 3, 64: 1}, seconds=1)

PAGE = "/api/posts?skip=0&limit=10"

TOLD = {
    "ours": ("fastapi", "starlette", "pydantic", "sqlalchemy", "asyncpg", "uvicorn", "uvloop"),
    "plain": ("orjson", "pyjwt"),
    "ninja": ("django", "django-ninja", "psycopg", "gunicorn"),
    "litestar": ("litestar", "advanced-alchemy"),
}
"""Whose versions are told, by environment."""


class Busy(Exception):
    """Another run is going on, and two would disturb each other."""


def main() -> int:
    """Measure and print; return 1 when nothing could be compared."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    try:
        with _alone(), TemporaryDirectory(prefix="blog-bench-") as folder, server() as database:
            measure(options, database, Path(folder))
    except (Busy, NotInstalled, NotServing, UnlikeAnswers, BadAnswers) as error:
        say(f"Nothing was compared: {error}")
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one minute, and without the peers")
    parser.add_argument("--posts", type=int, default=10_000, help="how many there are")
    parser.add_argument("--only", metavar="NAMES", help="some scenarios: list,one,create")
    parser.add_argument("--profile", metavar="NAME", help="show where ours spends its time instead")
    parser.add_argument("--write", type=Path, metavar="FILE", help="a Markdown file to put it into")
    return parser.parse_args()


def measure(options: argparse.Namespace, database: Server, folder: Path) -> None:
    """Fill the database, start the apps, let them race, and report."""
    posts, users = options.posts, max(20, options.posts // 20)
    say(f"{posts:,} posts of {users:,} authors are being written")
    tokens = asyncio.run(fill(database.url, posts=posts, users=users))
    material = Material.in_folder(folder, tokens=tokens[:500])
    scenarios = [
        Scenario(name="list", path=PAGE),
        Scenario(name="one", path=f"/api/posts/{posts // 2}"),
        Scenario(name="create", path="/api/posts", publishes=True),
    ]
    if options.profile:
        wanted = next(one for one in scenarios if one.name == options.profile)
        profile(wanted, material, urls={"database": database.url}, folder=folder)
        return
    if options.only:
        scenarios = [one for one in scenarios if one.name in options.only.split(",")]

    say("how long apps take to start")
    urls = {"database": database.url}
    starts = footprint.starts(urls=urls, folder=folder)
    imports = footprint.imports(urls=urls, folder=folder)
    with ExitStack() as stack:
        pgbouncer = stack.enter_context(pooled(database))
        if pgbouncer is not None:
            urls["pgbouncer"] = pgbouncer.url
        apps, missing = _start(stack, urls, folder, quick=options.quick)
        paths = ("/api/posts?skip=20&limit=10", f"/api/posts/{posts // 2}", "/api/users/7")
        page = check(apps, [PAGE, *paths])
        idle = {app.variant.name: app.memory() for app in apps}
        services = [each.process for each in (database, pgbouncer) if each is not None]
        field = Field(apps=apps, database=services, material=material)
        readings: list[Reading] = []
        for scenario in scenarios:
            asyncio.run(touch_sessions(database.url))
            readings += field.race(scenario, QUICK if options.quick else FULL, say)
        memory = {
            name: footprint.kept([one for one in readings if one.app == name], idle=idle[name])
            for name in ("ours", TUTORIAL)
        }
        if not options.quick:
            say(f"what ours keeps after {footprint.MARKS[-1]:,} requests")
            ours = next(app for app in apps if app.variant.name == "ours")
            footprint.soak(ours, scenarios[0], material, memory["ours"])
    run = Run(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        command=" ".join(["python -m benchmarks.http", *sys.argv[1:]]),
        machine=description(),
        versions=_versions(apps),
        data=f"{posts:,} posts of {users:,} authors; the first page has {page:,} bytes.",
        scenarios=scenarios,
        figures=Figures(readings),
        footprint=Footprint(starts=starts, imports=imports, memory=memory),
        missing=missing,
    )
    sys.stdout.write(run.as_markdown() + "\n")
    _keep(run, KEPT / "last.md")
    if options.write:
        _keep(run, options.write)


def _start(
    stack: ExitStack, urls: Mapping[str, str], folder: Path, *, quick: bool
) -> tuple[list[Serving], list[str]]:
    """Start every app; what the run can do without may fail."""
    apps, missing = [], []
    for variant in VARIANTS:
        if quick and variant.extra:
            continue
        try:
            app = stack.enter_context(serving(variant, urls=urls, folder=folder))
        except (NotInstalled, NotServing) as error:
            if not variant.extra:
                raise
            missing.append(f"{variant.name}: {error}")
            say(missing[-1])
        else:
            apps.append(app)
    return apps, missing


def _versions(apps: list[Serving]) -> dict[str, str]:
    found = {"Python": platform.python_version(), "load": tool()}
    for name in dict.fromkeys(app.variant.environment for app in apps):
        found |= versions_in(python_of(name), *TOLD[name])
    return found


def _keep(run: Run, path: Path) -> None:
    """Put a run between the two marks of a file, and its JSON and chart beside it."""
    text = path.read_text() if path.exists() else "<!-- measured -->\n<!-- end -->\n"
    before, _, rest = text.partition("<!-- measured -->\n")
    _, _, after = rest.partition("<!-- end -->")
    path.write_text(f"{before}<!-- measured -->\n{run.as_markdown()}\n<!-- end -->{after}")
    path.with_suffix(".json").write_text(run.as_json())
    subtitle = f"{run.date}; {run.machine}"
    path.with_suffix(".svg").write_text(chart(run.figures, run.scenarios, subtitle=subtitle))


@contextmanager
def _alone() -> Iterator[None]:
    lock = Path(gettempdir()) / f"blog-bench-{os.getuid()}.lock"
    with lock.open("w") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("another run is going on, and two would disturb each other") from None
        yield


def say(text: str) -> None:
    """Tell how far it is, apart from the result."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
