"""Containers of real parts, made so that tests are quick and can move the clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dependency_injector import providers

from blog_adapters.container import Container
from blog_adapters.passwords import Argon2Passwords
from blog_adapters.settings import Settings
from blog_adapters.sql import Database
from blog_adapters.testing.s3 import BUCKET
from blog_core.ports import Mailer


class MovableClock:
    """The time, which a test may put on or stop."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.stopped_at: datetime | None = None

    def __call__(self) -> datetime:
        """Return the time now."""
        return (self.stopped_at or datetime.now(UTC)) + self.ahead


def real_container(**settings: object) -> Container:
    """Return a container of real parts, none of which asks the environment.

    Only two things differ from what the settings build: the clock can be moved, and passwords
    are hashed with little effort.
    """
    values: dict[str, Any] = {
        "secret_key": "a key for tests, of no use to anybody else",
        "s3_bucket_name": BUCKET,
        "s3_access_key_id": "app",
        "s3_secret_access_key": "secret",
    }
    container = Container(settings=Settings(**values | settings))
    container.clock.override(providers.Object(MovableClock()))
    container.passwords.override(
        providers.Singleton(
            Argon2Passwords,
            workers=container.password_workers,
            time_cost=1,
            memory_cost=64,
            parallelism=1,
        )
    )
    return container


def container_over(database: Database, *, parts: Container, mailer: Mailer) -> Container:
    """Return a container of real parts over a database.

    Args:
        database: what the units of work and the queries stand on.
        parts: lends its storage and its threads, and outlives the container.
        mailer: where mail goes.
    """
    container = real_container(**parts.settings().model_dump())
    container.override_providers(
        database=providers.Object(database),
        mailer=providers.Object(mailer),
        storage=parts.storage,
        password_workers=parts.password_workers,
        image_workers=parts.image_workers,
    )
    return container
