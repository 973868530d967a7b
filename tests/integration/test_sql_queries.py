"""What a read costs: how many statements, and which way the server finds the rows."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from blog_adapters.sql import (
    PooledDatabase,
    RollbackDatabase,
    SqlPostQueries,
    SqlUserQueries,
    sql_unit_of_work,
)
from blog_adapters.testing.databases import ThrowAwayDatabases, connected
from blog_core.domain.paging import Cursor
from blog_core.domain.posts import PostId
from blog_core.domain.users import UserId
from blog_core.testing import builders
from blog_core.testing.builders import NOW
from blog_core.testing.contracts.base import given_posts, given_user

pytestmark = pytest.mark.anyio

MANY_POSTS = [
    """INSERT INTO users (username, username_key, email, email_key, password_hash, version)
       SELECT 'u' || n, 'u' || n, 'e' || n, 'e' || n, 'hash', 1 FROM generate_series(1, 50) n""",
    """INSERT INTO posts (title, content, user_id, date_posted, version)
       SELECT 'A title', repeat('x', 500), 1 + n % 50, now() - n * interval '1 minute', 1
       FROM generate_series(1, 20000) n""",
    "ANALYZE",
]
MIDDLE = builders.new_post(UserId(1)).date_posted
