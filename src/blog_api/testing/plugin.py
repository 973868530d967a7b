"""Fixtures for tests over HTTP, which pytest finds by itself; all names begin with `blog_`.

Nothing heavy is imported before a test asks: pytest reads this module in every project that has
the distribution installed.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # see above; nothing reads these annotations at run time
    from fastapi import FastAPI
    from xdist.workermanage import WorkerController  # type: ignore[import-untyped]  # none are published

    from blog_adapters.container import Container
    from blog_api.testing.people import Apps, Blog, LogIn, Member, OpenBlog, SignUp


_SEEN = pytest.StashKey[set[tuple[str, int, str, str]]]()
"""What the recorder took note of, in this process and in the workers that have ended."""

_DIFFERENCES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--blog-openapi`."""
    parser.getgroup("blog").addoption(
        "--blog-openapi",
        choices=["declared", "complete"],
        default="declared",
        help="declared: every answer to a blog_* client must be in the OpenAPI document. "
        "complete: by the end of the run, every answer in the document must have been given too.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Open the record."""
    config.stash[_SEEN] = set()
    if _complete(config) and find_spec("jsonschema") is None:
        raise pytest.UsageError("--blog-openapi=complete needs: pip install jsonschema")


def _complete(config: pytest.Config) -> bool:
    return bool(config.getoption("blog_openapi") == "complete")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: "WorkerController") -> None:
    """Take over what a worker of pytest-xdist has seen."""
    seen = getattr(node, "workeroutput", {}).get("blog_openapi_seen", ())
    node.config.stash[_SEEN].update(seen)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker, hand over what was seen; elsewhere compare it, if that was asked for."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["blog_openapi_seen"] = [tuple(each) for each in config.stash[_SEEN]]
    elif _complete(config) and not config.getoption("collectonly"):
        from blog_api.testing.recorder import differences, document

        seen = config.stash[_SEEN]
        config.stash[_DIFFERENCES] = found = differences(document(), seen)
        if found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name every difference."""
    if found := config.stash.get(_DIFFERENCES, []):
        terminalreporter.section("the OpenAPI document and the answers differ", red=True)
        for line in found:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def _blog_apps(pytestconfig: pytest.Config) -> "Apps":
    from blog_api.testing.people import Apps
    from blog_api.testing.recorder import Recorder, document

    return Apps(Recorder(document(), pytestconfig.stash[_SEEN]))


@pytest.fixture
def blog_http(_blog_apps: "Apps") -> "OpenBlog":
    """Opens the API over any container: `async with blog_http(container) as blog:`.

    Meanwhile the app's lifespan runs; afterwards the container is closed. `blog` has `visitor()`,
    `sign_up(username)`, `log_in(email, password)`, `deliver()` and `app`.
    """  # noqa: D402 - an example
    return _blog_apps.open


@pytest.fixture
async def blog_over_http(
    blog_http: "OpenBlog", blog_container: "Container"
) -> "AsyncIterator[Blog]":
    """The blog over `blog_container`, opened by `blog_http`."""
    async with blog_http(blog_container) as blog:
        yield blog


@pytest.fixture
def blog_app(blog_over_http: "Blog") -> "FastAPI":
    """The API over `blog_container`, its lifespan run; override dependencies at will."""
    return blog_over_http.app


@pytest.fixture
async def blog_client(blog_over_http: "Blog") -> "Member":
    """An httpx client of the API over `blog_container`, for somebody who is not logged in."""
    return await blog_over_http.visitor()


@pytest.fixture
def blog_sign_up(blog_over_http: "Blog") -> "SignUp":
    """Opens an account and logs it in: `ada = await blog_sign_up("ada")`.

    What it returns is an httpx client that also has `id`, `path`, `picture`, `publish()` and
    `status()`.
    """  # noqa: D402 - an example
    return blog_over_http.sign_up


@pytest.fixture
def blog_log_in(blog_over_http: "Blog") -> "LogIn":
    """Logs an account in once more: `phone = await blog_log_in("ada@example.com")`."""  # noqa: D402 - an example
    return blog_over_http.log_in


@pytest.fixture
def blog_deliver(blog_over_http: "Blog") -> "Callable[[], Awaitable[None]]":
    """Sends the mails, and does whatever else the outbox asks for: `await blog_deliver()`."""  # noqa: D402 - an example
    return blog_over_http.deliver
