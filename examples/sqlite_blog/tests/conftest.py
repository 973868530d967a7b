from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blog_core.testing import Adapter
from blog_sqlite.database import SqliteDatabase
from proof import sqlite_blog


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def blog_adapter() -> AsyncIterator[Adapter]:
    async with sqlite_blog() as adapter:
        yield adapter


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with SqliteDatabase.opened(tmp_path / "blog.db", patience=0) as database:
        yield database
