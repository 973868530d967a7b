"""The apps that are compared, and how each is started."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_UVICORN = (
    "-m", "uvicorn", "--loop=uvloop", "--http=httptools", "--no-access-log", "--log-level=warning",
    "--port={port}",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One of the apps that are compared.

    Args:
        name: what it is called in the tables.
        environment: whose packages it uses: a file in `requirements/`.
        command: what follows the interpreter.
        settings: its environment variables, beside those that all have; `{database}` and
            `{pgbouncer}` stand for URLs.
        scenarios: what it can be asked.
        connections: how many it is driven with.
        extra: whether the run goes on without it, and a quick one never has it.
    """

    name: str
    environment: str
    command: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    scenarios: tuple[str, ...] = ("list", "one", "create")
    connections: tuple[int, ...] = (1, 16, 64)
    extra: bool = False


_LIMIT = (*_UVICORN, "benchmarks.http.apps.limit:app")
_UNCACHED = {"RESPONSE_CACHE_BYTES": "0"}
_OURS = Variant(
    name="ours",
    environment="ours",
    command=("-m", "blog_api", "serve", "--workers=1"),
    settings=_UNCACHED,
)

VARIANTS = (
    _OURS,
    replace(_OURS, name="ours-cached", settings={}, scenarios=("list", "one")),
    # What the log line costs: most of what is left.
    replace(
        _OURS,
        name="ours-cached-quiet",
        settings={"LOG_LEVEL": "warning"},
        scenarios=("list", "one"),
        connections=(16,),
        extra=True,
    ),
    Variant(
        name="tutorial",
        environment="plain",
        command=(*_UVICORN, "benchmarks.http.apps.tutorial:app"),
        settings={"DRIVER": "asyncpg"},
    ),
    Variant(
        name="limit4",
        environment="plain",
        command=_LIMIT,
        settings={"POOL_SIZE": "4", "POOL_RESETS": "yes"},
    ),
    Variant(
        name="limit16",
        environment="plain",
        command=_LIMIT,
        settings={"POOL_SIZE": "16", "POOL_RESETS": "yes"},
    ),
    replace(
        _OURS,
        name="ours-pooled",
        settings={
            "DATABASE_URL": "{pgbouncer}",
            "DATABASE_DIRECT_URL": "{database}",
            **_UNCACHED,
        },
        connections=(16,),
        extra=True,
    ),
    # The limit without the round trip in which asyncpg's pool resets a connection.
    Variant(
        name="bare16",
        environment="plain",
        command=_LIMIT,
        settings={"POOL_SIZE": "16", "POOL_RESETS": "no"},
        connections=(16,),
        extra=True,
    ),
    # The tutorial with the driver that it really has.
    Variant(
        name="tutorial-psycopg",
        environment="plain",
        command=(*_UVICORN, "benchmarks.http.apps.tutorial:app"),
        settings={"DRIVER": "psycopg"},
        connections=(16,),
        extra=True,
    ),
    Variant(
        name="ninja",
        environment="ninja",
        command=(
            *("-m", "gunicorn", "--worker-class=gthread", "--threads=8", "--keep-alive=60"),
            *("--bind=127.0.0.1:{port}", "benchmarks.http.peers.ninja:app"),
        ),
        settings={"DJANGO_SETTINGS_MODULE": "benchmarks.http.peers.ninja_settings"},
        scenarios=("list", "one"),
        extra=True,
    ),
    Variant(
        name="litestar",
        environment="litestar",
        command=(*_UVICORN, "benchmarks.http.peers.with_litestar:app"),
        scenarios=("list", "one"),
        extra=True,
    ),
)
