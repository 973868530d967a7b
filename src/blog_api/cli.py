"""The `blog` command."""

import asyncio
import json
import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Annotated, Any

import typer
import uvicorn
import uvloop
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from blog_adapters.container import (
    Container,
    StartError,
    build,
    close,
    in_memory_container,
    prepare,
)
from blog_adapters.container import migrate as migrate_schema
from blog_adapters.relay import run_relay
from blog_adapters.settings import Settings, SettingsError, load_settings
from blog_api import demo as demo_blog
from blog_api.app import create_app
from blog_api.logging import configure_logging
from blog_core.errors import BlogError

DRAIN_SECONDS = 20
"""How long requests and mails in hand may take after a SIGTERM."""

_LINGER_SECONDS = 0.5

START_SECONDS = 30
"""How long one of several processes may take to start, and to answer its supervisor."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""A blog backend: posts, users, pictures, mail.

With nothing set, everything lives in DATA_DIR (./var): a real PostgreSQL, the pictures, the mail
that would be sent, and a secret key. DATABASE_URL, S3_BUCKET_NAME and MAIL_SERVER switch each
part to the real thing. Settings come from the environment, then from .env in the working
directory; `blog config` shows them.""",
)

DataDir = Annotated[Path | None, typer.Option(help="Where embedded data lives (DATA_DIR).")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (PORT).")] = None,
    data_dir: DataDir = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Server processes.")] = 1,
) -> None:
    """Serve the API, with one outbox relay in each process.

    On the embedded database the schema is brought up to date first; on any other an old schema
    stops the start. SIGTERM and Ctrl-C let the requests in hand finish (at most 20 s) and exit 0.
    """
    _end_quietly_on_signals()
    settings = _settings(host=host, port=port, data_dir=data_dir)
    _say_which_parts(settings)
    if workers == 1:
        _run(_serve, settings)
    else:
        _supervise(settings, workers)


@app.command()
def worker(data_dir: DataDir = None) -> None:
    """Run one outbox relay alone: it sends the mail and deletes the pictures that are due.

    SIGTERM and Ctrl-C let the deliveries in hand finish and exit 0.
    """
    settings = _settings(data_dir=data_dir)
    _say_which_parts(settings)
    _run(_work, settings)


@app.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="How far.")] = "head", data_dir: DataDir = None
) -> None:
    """Bring the database's schema up to date. Safe to run while the blog serves, and twice."""

    async def bring_up(container: Container) -> None:
        await migrate_schema(container, revision)
        typer.echo("The schema is up to date.")

    _run(bring_up, _settings(data_dir=data_dir))


@app.command()
def demo(data_dir: DataDir = None) -> None:
    """Fill the blog with 6 authors and 44 posts over 90 days. Twice adds nothing."""
    from rich.progress import Progress  # a server's start has no use for it

    async def fill(container: Container) -> None:
        await prepare(container)
        with Progress() as progress:
            steps = len(demo_blog.AUTHORS) + len(demo_blog.POSTS)
            task = progress.add_task("Writing", total=steps)
            filled = await demo_blog.fill(container, step=lambda: progress.advance(task))
        typer.echo(f"{filled.posts_added} posts added.")
        for name in filled.left_alone:
            typer.echo(f"{name} was left alone: somebody else has this name or address.")
        for name in filled.authors[:1]:
            typer.echo(f"Log in as {name}@example.com with the password '{demo_blog.PASSWORD}'.")

    _run(fill, _settings(data_dir=data_dir))


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    document = create_app(in_memory_container()).openapi()
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


@app.command()
def doctor(
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say it for programs.")] = False,
) -> None:
    """Check every part, say what is wrong and what to do; nothing is left behind.

    Exits 0 when nothing failed (there may be warnings), 1 when something did, and 2 when the
    settings do not even let it start.
    """
    from blog_adapters import doctor as checking  # a server's start has no use for it
    from blog_adapters.diagnosis import Finding

    found: list[Finding] = []

    async def examine(container: Container) -> None:
        found.extend(await checking.examine(container))

    try:
        _run(examine, _settings(data_dir=data_dir))
    except SystemExit as refused:
        typer.echo(refused.code, err=True)
        raise typer.Exit(2) from None
    state = next((s for s in ("failed", "warning") if s in {each.state for each in found}), "ok")
    if as_json:
        checks = [asdict(finding) for finding in found]
        typer.echo(json.dumps({"state": state, "checks": checks}, indent=2, ensure_ascii=False))
    else:
        for each in found:
            advice = f"; {each.advice}" if each.advice else ""
            typer.echo(f"{each.state:8} {each.name}: {each.said}{advice}")
    raise typer.Exit(1 if state == "failed" else 0)


@app.command()
def config(data_dir: DataDir = None) -> None:
    """Print the settings in effect, secrets masked; what is empty has its default."""
    for name, value in _settings(data_dir=data_dir):
        if name in Settings.model_fields:
            typer.echo(f"{name.upper()}={'' if value is None else value}")


def child_app() -> FastAPI:
    """Return the app of one of several server processes, from the environment."""
    settings = _settings()
    Thread(target=_end_with_parent, daemon=True).start()
    return create_app(Container(settings=settings))


def _end_with_parent() -> None:
    """Drain and end when the supervisor is gone, killed perhaps: nobody else would end us."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


async def _serve(container: Container) -> None:
    settings = container.settings()
    with _listening(settings) as listener:
        await _ready(container)
        _say_where(listener)
        server = _Server(uvicorn.Config(create_app(container), **_SERVER))
        await server.serve(sockets=[listener])
    if not server.started:
        raise StartError("the server could not start; the log says why")


class _Server(uvicorn.Server):
    """A server that reads what was sent to it before it was told to end.

    Else what waits in a connection, or to be connected, would be cut off. Whoever is answered
    meanwhile is asked to let go of the connection.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go of everybody, and end."""
        state = self.server_state
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        await asyncio.sleep(_LINGER_SECONDS)
        await super().shutdown(sockets)


def _supervise(settings: Settings, workers: int) -> None:
    """Keep several server processes, each with a container of its own, on one listener."""
    with _one_line_errors(), _listening(settings) as listener:
        _run(_ready, settings)
        _say_where(listener)
        # The processes are spawned, and read their settings from the environment.
        os.environ["DATA_DIR"] = str(settings.data_dir)
        os.environ["PORT"] = str(settings.port)
        config = uvicorn.Config("blog_api.cli:child_app", factory=True, workers=workers, **_SERVER)
        supervisor = Multiprocess(config, sockets=[listener])
        supervisor.run()
    if any(child.exitcode == STARTUP_FAILURE for child in supervisor.processes):
        sys.exit("blog: a server process could not start; the log says why")


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Take the port, before anything is started that would have to be stopped again."""
    address = (settings.host, settings.port)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server(address, family=family, backlog=2048)
    except OSError as error:
        raise StartError(
            f"HOST, PORT: cannot listen on {address[0]}:{address[1]}: {error.strerror}"
        ) from error
    with listener:
        yield listener


_SERVER: dict[str, Any] = {
    "loop": "uvloop",
    "http": "httptools",
    "lifespan": "on",
    "access_log": False,  # the API logs its requests itself, with their ids
    "log_config": None,
    "server_header": False,
    "proxy_headers": False,  # TrustedProxies reads them
    "timeout_graceful_shutdown": DRAIN_SECONDS,
    "timeout_worker_healthcheck": START_SECONDS,
}


async def _ready(container: Container) -> None:
    build(container)
    await prepare(container)


async def _work(container: Container) -> None:
    await _ready(container)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run_relay(container.delivery(), stop=stop)


def _run(use: Callable[[Container], Awaitable[None]], settings: Settings) -> None:
    """Use a container in an event loop of its own, and end what it started."""

    async def with_container() -> None:
        container = Container(settings=settings)
        try:
            await use(container)
        finally:
            await close(container)

    with _one_line_errors(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(with_container())


def _settings(**given: object) -> Settings:
    with _one_line_errors():
        settings = load_settings(**given)
    configure_logging(settings.log_level)
    return settings


def _say_which_parts(settings: Settings) -> None:
    """Log what this process is made of, so that nobody has to guess where the data goes."""
    folder = settings.data_dir
    logging.getLogger("blog").info(
        "database: %s, pictures: %s, mail: %s",
        "DATABASE_URL" if settings.database_url else f"embedded in {folder / 'postgres'}",
        f"bucket {settings.s3_bucket_name}" if settings.s3_bucket_name else folder / "pictures",
        settings.mail_server or f"files in {folder / 'mail'}",
    )


def _say_where(listener: socket.socket) -> None:
    logging.getLogger("blog").info("listening on http://%s:%d", *listener.getsockname()[:2])


def _end_quietly_on_signals() -> None:
    """Make SIGTERM and Ctrl-C end the process with status 0, whenever they come.

    The server drains first and then raises the signal again, which ends here too. A terminal that
    is closed (SIGHUP) ends it as well; of several processes the supervisor starts each one again.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn what stops the start into one line and status 1."""
    try:
        yield
    except (SettingsError, StartError, BlogError) as error:
        sys.exit(f"blog: {error}")
