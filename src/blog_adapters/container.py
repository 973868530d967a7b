"""The composition root: the only place that knows every part.

    container = Container(settings=load_settings())     # real parts, chosen by the settings
    container = in_memory_container()                   # the fakes, nothing to start
    posts = container.posts()

Parts are built when first asked for and imported then, so that whoever uses a few needs only
their extras. `await close(container)` ends what was started. To swap a part, override its
provider before anything is built: `container.mailer.override(providers.Object(my_mailer))`.
Answers are cached only while `data_version` knows the data: whoever swaps a part that stores posts
or accounts, and wants that, overrides it too.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Protocol
from uuid import uuid4

from blog_adapters import memory

try:
    from dependency_injector import containers, providers
    from pydantic import SecretStr

    from blog_adapters.settings import Settings, SettingsError, kept_secret_key
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"{missing.name} is missing: pip install 'blog-core[container]'", name=missing.name
    ) from missing

from blog_adapters.relay import pause
from blog_adapters.texts import KeptTexts
from blog_adapters.workers import Workers
from blog_core.domain.keys import KeyRing
from blog_core.domain.limits import DEFAULT_LIMITS, RateLimits
from blog_core.errors import DatabaseUnavailable
from blog_core.ports import (
    AccessTokens,
    Clock,
    ImageProcessor,
    ImageStorage,
    Mailer,
    NewId,
    PasswordHasher,
    PostQueries,
    RateLimiter,
    UnitOfWorkFactory,
    UserQueries,
)
from blog_core.services import Access, AccessPolicy, Delivery, Posts, Users

_WATCH_SECONDS = 1.0
_RENDERED_BYTES = 32 * 1024 * 1024
_log = logging.getLogger("blog.container")

Check = Callable[[], Awaitable[None]]
"""Raises an `Unavailable` when a part is not ready."""


SqlDatabase = Any
"""A `blog_adapters.sql.Database`, which is not imported before somebody asks for one."""


EmbeddedServer = Any
"""A `blog_adapters.embedded_postgres.EmbeddedPostgres`, likewise."""


class DataVersion(Protocol):
    """Tells whether what anonymous readers may see is still the same."""

    def current(self) -> Hashable | None:
        """Return the version of the data now; None while it is not known.

        While it equals an earlier one, what was read since then is as good as read now.
        """
        ...

    def move(self) -> None:
        """Make the version another one, as a commit in this process does before it ends."""
        ...

    async def keep_up(self) -> None:
        """Do what it takes to know the version, until cancelled or when nothing has to be done."""
        ...


class StartError(Exception):
    """A part cannot be built or used; one line says why, and what to do."""


@contextmanager
def _extra(name: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise StartError(f"{error.name} is missing: pip install 'blog-core[{name}]'") from error


def _now() -> datetime:
    return datetime.now(UTC)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _exits() -> AsyncExitStack:
    return AsyncExitStack()


def _workers(exits: AsyncExitStack, name: str, *, threads: int, waiting: int) -> Workers:
    workers = Workers(name, threads=threads, waiting=waiting)
    exits.push_async_callback(asyncio.to_thread, workers.close)
    return workers


def _secret_key(settings: Settings) -> str:
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return kept_secret_key(settings.data_dir)


def _keys(settings: Settings, secret_key: str) -> KeyRing:
    return KeyRing(tuple(key.encode() for key in (secret_key, *settings.accepted_keys)))


def _policy(settings: Settings, keys: KeyRing) -> AccessPolicy:
    return AccessPolicy(
        access_lifetime=settings.access_lifetime,
        refresh_lifetime=timedelta(days=settings.refresh_token_expire_days),
        session_lifetime=timedelta(days=settings.session_expire_days),
        reset_lifetime=settings.reset_lifetime,
        keys=keys,
        frontend_url=settings.frontend_url,
    )


def _embedded(settings: Settings, exits: AsyncExitStack) -> EmbeddedServer | None:
    if settings.database_url is not None:
        return None
    from blog_adapters.embedded_postgres import EmbeddedPostgres

    server = EmbeddedPostgres(settings.data_dir / "postgres")
    exits.push_async_callback(asyncio.to_thread, server.stop)
    return server


def _database_url(settings: Settings, server: EmbeddedServer | None) -> str:
    if server is None:
        return _revealed(settings.database_url) or ""
    from blog_adapters.embedded_postgres import EmbeddedPostgresError

    try:
        url: str = server.start()
    except EmbeddedPostgresError as error:
        raise StartError(str(error)) from error
    return url


def _database(
    settings: Settings, url: str, exits: AsyncExitStack, *, size: int | None = None
) -> SqlDatabase:
    with _extra("sql"):
        from blog_adapters.sql import PooledDatabase
    try:
        database = PooledDatabase(
            url,
            size=size or settings.database_pool_size,
            behind_pooler=settings.database_direct_url is not None,
        )
    except ValueError as error:
        raise SettingsError(f"DATABASE_URL: {error}") from error
    exits.push_async_callback(database.close)
    return database


def _readers(container: "Container") -> SqlDatabase:
    """Return where anybody's reads go: to the replica as long as it has caught up."""
    url, primary = _revealed(container.settings().database_read_url), container.database()
    version: Any = container.data_version()
    if url is None or version is None:
        return primary
    from blog_adapters.sql import CaughtUpReplica, PooledDatabase

    try:
        replica = PooledDatabase(url, size=container.settings().database_pool_size)
    except ValueError as error:
        raise SettingsError(f"DATABASE_READ_URL: {error}") from error
    container.exits().push_async_callback(replica.close)
    return CaughtUpReplica(primary, replica, version=version)


def _data_version(container: "Container") -> DataVersion | None:
    """Return the version of our own database; of a part put in its place nothing is known."""
    settings = container.settings()
    parts = ("database", "unit_of_work", "post_queries", "user_queries")
    nobody_asks = not settings.response_cache_bytes and settings.database_read_url is None
    if nobody_asks or any(container.providers[part].overridden for part in parts):
        return None
    from blog_adapters.sql import SqlDataVersion

    # A connection of its own: while requests wait for theirs, the version has to be known.
    aside = _database(settings, container.database_url(), container.exits(), size=1)
    return SqlDataVersion(aside, bound=settings.response_cache_lag_ms / 1000)


def _unit_of_work(database: SqlDatabase, version: DataVersion | None) -> UnitOfWorkFactory:
    from blog_adapters.sql import sql_unit_of_work

    if version is None:
        return partial(sql_unit_of_work, database)
    return partial(sql_unit_of_work, database, changed=version.move)


def _post_queries(readers: SqlDatabase) -> PostQueries:
    from blog_adapters.sql import SqlPostQueries

    return SqlPostQueries(readers)


def _user_queries(database: SqlDatabase, readers: SqlDatabase) -> UserQueries:
    from blog_adapters.sql import SqlUserQueries

    return SqlUserQueries(database, readers=readers)


def _media_folder(settings: Settings) -> Path | None:
    return None if settings.s3_bucket_name else settings.data_dir / "pictures"


def _storage(
    settings: Settings, folder: Path | None, workers: Workers, exits: AsyncExitStack
) -> ImageStorage:
    if folder is not None:
        from blog_adapters.filesystem import FolderImageStorage

        return FolderImageStorage(folder, workers=workers)
    with _extra("s3"):
        from botocore.exceptions import BotoCoreError

        from blog_adapters.s3 import S3ImageStorage
    try:
        storage = S3ImageStorage(
            workers=workers,
            bucket=settings.s3_bucket_name or "",
            region=settings.s3_region,
            access_key_id=_revealed(settings.s3_access_key_id),
            secret_access_key=_revealed(settings.s3_secret_access_key),
            endpoint_url=settings.s3_endpoint_url,
            public_url=settings.s3_public_url,
        )
    except (BotoCoreError, ValueError) as error:
        raise StartError(f"S3_REGION, S3_ENDPOINT_URL: {error}") from error
    exits.push_async_callback(asyncio.to_thread, storage.close)
    return storage


def _mailer(settings: Settings) -> Mailer:
    if settings.mail_server is None:
        from blog_adapters.mailbox import FolderMailer

        return FolderMailer(settings.data_dir / "mail", sender=settings.mail_from)
    with _extra("smtp"):
        from blog_adapters.smtp import SmtpMailer
    return SmtpMailer(
        host=settings.mail_server,
        port=settings.mail_port,
        username=settings.mail_username or "",
        password=_revealed(settings.mail_password) or "",
        sender=settings.mail_from,
        security="tls"
        if settings.mail_use_ssl
        else "starttls"
        if settings.mail_use_tls
        else "plain",
    )


def _passwords(workers: Workers) -> PasswordHasher:
    with _extra("accounts"):
        from blog_adapters.passwords import Argon2Passwords
    return Argon2Passwords(workers=workers)


def _tokens(settings: Settings, keys: KeyRing) -> AccessTokens:
    with _extra("accounts"):
        from blog_adapters.tokens import JwtAccessTokens
    return JwtAccessTokens(
        secrets=keys.keys,
        algorithm=settings.algorithm,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
    )


def _images(workers: Workers) -> ImageProcessor:
    with _extra("images"):
        from blog_adapters.images import PillowImageProcessor
    return PillowImageProcessor(workers=workers)


def _limiter(container: "Container") -> RateLimiter:
    """Return what counts for all processes: Redis when there is one, else the database."""
    settings: Settings = container.settings()
    url = _revealed(settings.rate_limit_redis_url)
    if settings.limits is None:
        return memory.Unlimited()
    with _extra("limits"):
        from blog_adapters.limiter import RedisCounters, SharedRateLimiter
    if url is None:
        with _extra("sql"):
            from blog_adapters.sql.counters import SqlCounters
        return SharedRateLimiter(SqlCounters(container.database()))
    with _extra("redis"):
        import redis  # noqa: F401 - `limits` imports it too, and hides that it is missing
    try:
        counters = RedisCounters(url)
    except ValueError as error:
        raise SettingsError(f"RATE_LIMIT_REDIS_URL: {error}") from error
    container.exits().push_async_callback(counters.close)
    return SharedRateLimiter(counters)


def _write_limiter(settings: Settings, clock: Clock) -> RateLimiter:
    return memory.Unlimited() if settings.limits is None else memory.MemoryRateLimiter(clock)


def _limits(settings: Settings) -> RateLimits:
    return settings.limits or DEFAULT_LIMITS


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


class Container(containers.DeclarativeContainer):
    """Every part of the blog, built when first asked for and once."""

    __self__ = providers.Self()
    settings = providers.Dependency(instance_of=Settings)
    exits: providers.Provider[AsyncExitStack] = providers.Singleton(_exits)
    clock: providers.Provider[Clock] = providers.Object(_now)
    new_id: providers.Provider[NewId] = providers.Object(uuid4)

    secret_key = providers.Singleton(_secret_key, settings)
    keys = providers.Singleton(_keys, settings, secret_key)
    policy = providers.Singleton(_policy, settings, keys)

    embedded = providers.Singleton(_embedded, settings, exits)
    database_url = providers.Singleton(_database_url, settings, embedded)
    database = providers.Singleton(_database, settings, database_url, exits)
    data_version: providers.Provider[DataVersion | None] = providers.Singleton(
        _data_version, __self__
    )
    unit_of_work = providers.Singleton(_unit_of_work, database, data_version)
    readers = providers.Singleton(_readers, __self__)
    post_queries = providers.Singleton(_post_queries, readers)
    user_queries = providers.Singleton(_user_queries, database, readers)
    checks: providers.Provider[dict[str, Check]] = providers.Dict(database=database.provided.check)

    # Threads by kind. A hash takes a whole core, a picture up to 400 MB; storage only waits.
    password_workers = providers.Singleton(
        _workers, exits, "passwords", threads=_cores(), waiting=64
    )
    image_workers = providers.Singleton(
        _workers, exits, "images", threads=min(2, _cores()), waiting=16
    )
    storage_workers = providers.Singleton(_workers, exits, "storage", threads=16, waiting=64)
    # One core is all that Python gives them, however many they are: two, so that what is short
    # does not wait for what is long.
    text_workers = providers.Singleton(_workers, exits, "texts", threads=2, waiting=64)
    preview_workers = providers.Singleton(_workers, exits, "previews", threads=1, waiting=8)

    passwords = providers.Singleton(_passwords, password_workers)
    tokens = providers.Singleton(_tokens, settings, keys)
    images = providers.Singleton(_images, image_workers)
    media_folder = providers.Singleton(_media_folder, settings)
    storage = providers.Singleton(_storage, settings, media_folder, storage_workers, exits)
    mailer = providers.Singleton(_mailer, settings)
    rendered_texts = providers.Singleton(KeptTexts, text_workers, max_bytes=_RENDERED_BYTES)

    limits: providers.Provider[RateLimits] = providers.Singleton(_limits, settings)
    limiter: providers.Provider[RateLimiter] = providers.Singleton(_limiter, __self__)
    write_limiter: providers.Provider[RateLimiter] = providers.Singleton(
        _write_limiter, settings, clock
    )

    posts = providers.Singleton(Posts, uow=unit_of_work, clock=clock)
    users = providers.Singleton(
        Users,
        uow=unit_of_work,
        passwords=passwords,
        images=images,
        storage=storage,
        clock=clock,
        new_id=new_id,
        max_upload_bytes=settings.provided.max_upload_size_bytes,
        limiter=limiter,
        limits=limits,
    )
    access = providers.Singleton(
        Access,
        uow=unit_of_work,
        queries=user_queries,
        passwords=passwords,
        tokens=tokens,
        clock=clock,
        new_id=new_id,
        policy=policy,
        limiter=limiter,
        limits=limits,
    )
    delivery = providers.Singleton(
        Delivery,
        uow=unit_of_work,
        mailer=mailer,
        storage=storage,
        clock=clock,
        new_id=new_id,
        policy=policy,
    )


def in_memory_container(settings: Settings | None = None) -> Container:
    """Return a container whose every part is a fake: no server, no file, no environment."""
    container = Container(settings=settings or Settings())
    database = memory.MemoryDatabase()
    container.override_providers(
        secret_key=providers.Object(token_urlsafe(48)),
        embedded=providers.Object(None),
        database_url=providers.Object("memory:"),
        database=providers.Object(database),
        data_version=providers.Object(database),
        unit_of_work=providers.Object(database.unit_of_work),
        post_queries=providers.Singleton(memory.MemoryPostQueries, database),
        user_queries=providers.Singleton(memory.MemoryUserQueries, database),
        checks=providers.Object({}),
        passwords=providers.Singleton(memory.MemoryPasswords),
        tokens=providers.Singleton(memory.MemoryAccessTokens),
        images=providers.Singleton(memory.MemoryImages),
        media_folder=providers.Object(None),
        storage=providers.Singleton(memory.MemoryImageStorage),
        mailer=providers.Singleton(memory.MemoryMailer),
        limiter=container.write_limiter,
    )
    return container


def build(container: Container) -> None:
    """Build every part now, so that what is wrong shows at the start and not at a request.

    Raises:
        SettingsError, StartError: a part cannot be built; one line says why.
    """
    for part in (container.posts, container.users, container.access, container.delivery):
        part()


async def migrate(container: Container, revision: str = "head") -> None:
    """Bring the database's schema up to a revision.

    Raises:
        StartError: it could not be done; one line says why.
    """
    with _extra("sql"):
        from blog_adapters.sql import migrate as migrations
        from blog_adapters.sql.schema import SchemaError
    url = _revealed(container.settings().database_direct_url)  # a pooler keeps no lock
    try:
        await migrations.upgrade(url or container.database_url(), revision)
    except SchemaError as error:
        raise StartError(str(error)) from error
    except ValueError as error:
        raise SettingsError(f"DATABASE_URL: {error}") from error


async def prepare(container: Container) -> None:
    """Make sure that the database is there and has the schema that this version needs.

    The embedded default is migrated; any other database belongs to somebody who decides when.

    Raises:
        StartError: it is not; one line says why, and which command helps.
    """
    if container.settings().database_url is None:
        await migrate(container)
        return
    database = container.database()
    from blog_adapters.sql import schema

    try:
        await schema.require_current_schema(database)
    except schema.SchemaError as error:
        raise StartError(str(error)) from error
    except DatabaseUnavailable as error:
        raise StartError("DATABASE_URL: the database does not answer") from error


async def keep_up(container: Container, *, stop: asyncio.Event) -> None:
    """Until `stop` is set, bring the embedded server up again whenever it is gone.

    One that nobody started is not missed: another database may have been put in its place. Any
    other database is its owner's business: then this returns at once.
    """
    server = container.embedded()
    if server is None:
        return
    from blog_adapters.embedded_postgres import EmbeddedPostgresError

    while not stop.is_set():
        await pause(stop, _WATCH_SECONDS)
        if stop.is_set() or not server.is_started or await asyncio.to_thread(server.is_up):
            continue
        _log.warning("the embedded database is gone; bringing it up again")
        try:
            await asyncio.to_thread(server.start)
        except EmbeddedPostgresError as error:
            _log.error("the embedded database does not come up: %s", error)


async def follow_data(container: Container) -> None:
    """Know the version of the data, and whether the replica has it, until cancelled."""
    parts: tuple[Any, ...] = (container.data_version(), container.readers())
    await asyncio.gather(*(part.keep_up() for part in parts if hasattr(part, "keep_up")))


async def close(container: Container) -> None:
    """End what this container started: connections, threads, the embedded server."""
    await container.exits().aclose()
