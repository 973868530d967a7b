"""What a read costs at 10,000 posts and at 1,000,000, in one run: flat is what it should be.

python -m benchmarks.growth prints a table; --write growth.json keeps the figures. Each call goes
through the query ports to a PostgreSQL of its own, and asks for something else than the one before.
"""

import argparse
import asyncio
import json
import platform
import random
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import asyncpg
from sqlalchemy import text

from benchmarks.meter import Server, ran_and_waited
from blog_adapters.embedded_postgres import EmbeddedPostgres
from blog_adapters.sql import PooledDatabase, SqlPostQueries, SqlUserQueries, sql_unit_of_work
from blog_adapters.sql.urls import engine_url
from blog_adapters.testing.databases import throw_away_databases
from blog_core.domain.paging import SKIP_MAX, Cursor
from blog_core.domain.posts import PostId
from blog_core.domain.users import UserId

SETTINGS = {
    "fsync": "off",
    "autovacuum": "off",  # nothing but the calls shall use the processor
    "shared_buffers": "1536MB",
    "max_wal_size": "8GB",
}
NEWEST = datetime(2025, 1, 1, tzinfo=UTC)
CHUNK = 100_000
ADD_USERS = """
    INSERT INTO users (username, username_key, email, email_key, password_hash, version)
    SELECT 'u' || n, 'u' || n, 'e' || n, 'e' || n, 'hash', 1 FROM generate_series(1, $1::int) n
"""
ADD_POSTS = """
    INSERT INTO posts (title, content, user_id, date_posted, version)
    SELECT 'A title', repeat('x', 500), 1 + n % $3,
           timestamptz '2025-01-01 00:00Z' - n * interval '1 minute', 1
    FROM generate_series($1::int, $2::int) n
"""
PROLIFIC = text(
    """
    INSERT INTO posts (title, content, user_id, date_posted, version)
    SELECT 'A title', repeat('x', 500), :author_id, now(), 1 FROM generate_series(1, 10000)
    """
)
FLAT, SKIPPED = 1.2, 10.0
"""How many times as much a read may cost with all posts, and a skip as the first page."""

LEAVING = 1.0
"""Seconds that an author with 10,000 posts may take to be deleted."""


@dataclass(frozen=True, slots=True)
class Blog:
    """A blog of some size, whose posts lie a minute apart and are spread evenly over its users."""

    posts: int
    users: int
    database: PooledDatabase
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - which rows are read is no secret

    @property
    def author_id(self) -> UserId:
        """Anybody."""
        return UserId(self.chance.randint(1, self.users))

    @property
    def middle(self) -> Cursor:
        """A place in the middle fifth of the list."""
        number = self.chance.randint(self.posts * 2 // 5, self.posts * 3 // 5)
        return Cursor(date_posted=NEWEST - timedelta(minutes=number), post_id=number)


Read = Callable[[Blog, SqlPostQueries, SqlUserQueries], Awaitable[object]]
SKIP = f"skip={SKIP_MAX:,}"
READS: dict[str, Read] = {
    "first page": lambda _, posts, __: posts.page(limit=10),
    "cursor page": lambda blog, posts, _: posts.page(limit=10, cursor=blog.middle),
    "author's page": lambda blog, posts, _: posts.page(limit=10, author_id=blog.author_id),
    "author's total": lambda blog, posts, _: posts.page(limit=1, author_id=blog.author_id),
    "one post": lambda blog, posts, _: posts.get(PostId(blog.chance.randint(1, blog.posts))),
    "one profile": lambda blog, _, users: users.public(blog.author_id),
    SKIP: lambda blog, posts, _: posts.page(limit=10, skip=min(SKIP_MAX, blog.posts - 10)),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call costs, in microseconds; `cpu` is the caller's and the server's together."""

    wall: float
    cpu: float


Costs = dict[str, dict[int, list[Cost]]]
"""By the name of the read and the number of posts, a cost for each round."""


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=150, help="of each kind in each round")
    parser.add_argument("--posts", type=int, default=1_000_000, help="of the larger blog")
    parser.add_argument("--write", type=Path, help="a JSON file, to put the figures into")
    options = parser.parse_args()

    with (
        TemporaryDirectory(prefix="blog-growth-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres", SETTINGS) as url,
    ):
        report = asyncio.run(measured(url, options.posts, options.rounds, options.calls))
    sys.stdout.write(f"{table(report)}\n")
    if options.write:
        options.write.write_text(json.dumps(asdict(report), indent=2) + "\n")


@dataclass(frozen=True, slots=True)
class Row:
    """A read: its costs in microseconds at both sizes, and the median of the rounds' ratios."""

    read: str
    few: Cost
    many: Cost
    wall_ratio: float
    cpu_ratio: float
    allowed: float


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and where."""

    date: str
    machine: str
    posts: tuple[int, int]
    rows: list[Row]
    leaving_seconds: float
    waited: float
    """The part of its time that this process waited for a processor."""


async def measured(url: str, many: int, rounds: int, calls: int) -> Report:
    """Make both blogs, read them by turns, and let some authors go."""
    async with (
        throw_away_databases(url, run="growth") as databases,
        databases.migrated() as few_url,
        databases.migrated() as many_url,
    ):
        few, many_posts = await seeded(few_url, 10_000), await seeded(many_url, many)
        costs: Costs = defaultdict(lambda: defaultdict(list))
        ran, waited = ran_and_waited()
        for _ in range(rounds):
            for name, read in READS.items():
                for blog in (few, many_posts):
                    costs[name][blog.posts].append(await cost(Server(url, ""), blog, read, calls))
        now_ran, now_waited = ran_and_waited()
        leaving = median([await seconds_to_leave(many_posts) for _ in range(3)])
        await few.database.close()
        await many_posts.database.close()
    busy = (now_waited - waited) / (now_ran - ran + now_waited - waited)
    return Report(
        f"{datetime.now(UTC):%Y-%m-%d}",
        f"{platform.machine()}, Python {platform.python_version()}",
        (few.posts, many),
        [row(name, costs, few.posts, many) for name in READS],
        leaving,
        busy,
    )


async def seeded(url: str, posts: int) -> Blog:
    """Fill an empty blog, twenty posts for each user, all of it in the server's memory."""
    users = posts // 20
    plain = engine_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    await connection.execute(ADD_USERS, users)
    for start in range(1, posts + 1, CHUNK):
        await connection.execute(ADD_POSTS, start, min(start + CHUNK - 1, posts), users)
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("CHECKPOINT")
    await connection.close()
    return Blog(posts, users, PooledDatabase(url, size=1))


async def cost(server: Server, blog: Blog, read: Read, calls: int) -> Cost:
    """Return what a call costs, one after the other; the median of the times, the mean of CPU."""
    posts, users = SqlPostQueries(blog.database), SqlUserQueries(blog.database)
    for _ in range(3):
        await read(blog, posts, users)
    walls = []
    before = server.cpu() + time.process_time() * 1000
    for _ in range(calls):
        start = time.perf_counter()
        await read(blog, posts, users)
        walls.append(time.perf_counter() - start)
    used = server.cpu() + time.process_time() * 1000 - before
    return Cost(wall=median(walls) * 1e6, cpu=used * 1000 / calls)


async def seconds_to_leave(blog: Blog) -> float:
    """Return how long an author with 10,000 posts takes to be deleted."""
    author_id = blog.author_id
    async with blog.database.writing() as transaction:
        await transaction.execute(PROLIFIC, {"author_id": author_id})
        await transaction.commit()
    start = time.perf_counter()
    async with partial(sql_unit_of_work, blog.database)() as unit:
        await unit.users.delete(author_id)
        await unit.commit()
    return time.perf_counter() - start


def row(name: str, costs: Costs, few: int, many: int) -> Row:
    """Return a line of the table; a skip is held against the first page of the same blog."""
    base = costs["first page"][many] if name == SKIP else costs[name][few]
    pairs = list(zip(costs[name][many], base, strict=True))
    return Row(
        name,
        typical(costs[name][few]),
        typical(costs[name][many]),
        median(large.wall / small.wall for large, small in pairs),
        median(large.cpu / small.cpu for large, small in pairs),
        SKIPPED if name == SKIP else FLAT,
    )


def typical(costs: list[Cost]) -> Cost:
    """Return the median of both."""
    return Cost(median(one.wall for one in costs), median(one.cpu for one in costs))


def table(report: Report) -> str:
    """Return the report as text."""
    few, many = report.posts
    lines = [
        f"{report.date}, {report.machine}; waited {report.waited:.0%} for a processor",
        f"{'us per call':16}{few:>10,} wall/CPU{many:>13,} wall/CPU{'ratio wall/CPU':>17}  allowed",
    ]
    for one in report.rows:
        verdict = "" if one.wall_ratio <= one.allowed else "  MISSED"
        lines.append(
            f"{one.read:16}{one.few.wall:10.0f} /{one.few.cpu:6.0f}"
            f"{one.many.wall:15.0f} /{one.many.cpu:6.0f}"
            f"{one.wall_ratio:11.2f} /{one.cpu_ratio:5.2f}{one.allowed:8.1f}{verdict}"
        )
    lines.append(
        f"an author with 10,000 posts leaves in {report.leaving_seconds:.2f} s"
        f" (at most {LEAVING:.0f} s)"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
