"""What there is to prove: `pytest --blog-adapter=proof:sqlite_blog`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from blog_core.testing import Adapter
from blog_sqlite.database import SqliteDatabase
from blog_sqlite.pictures import ShardedImageStorage
from blog_sqlite.queries import SqlitePostQueries
from blog_sqlite.unit_of_work import sqlite_unit_of_work


@asynccontextmanager
async def sqlite_blog() -> AsyncIterator[Adapter]:
    """Offer an empty blog in a file and a folder of its own."""
    with TemporaryDirectory() as name:
        pictures = Path(name, "pictures")

        async def stored() -> dict[str, bytes]:
            return {path.name: path.read_bytes() for path in pictures.rglob("*") if path.is_file()}

        async with SqliteDatabase.opened(Path(name, "blog.db")) as database:
            yield Adapter(
                uow=partial(sqlite_unit_of_work, database),
                post_queries=SqlitePostQueries(database),
                storage=ShardedImageStorage(pictures, public_url="/media"),
                stored=stored,
                lacks={
                    "sessions": "whoever is at this blog's door logs people in elsewhere",
                    "reset_tokens": "there are no passwords to reset",
                    "outbox": "nothing is sent later",
                    "idempotency": "there is no network between this blog and its callers",
                },
            )
