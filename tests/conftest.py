"""What every tier shares."""

from pathlib import Path

import pytest
from dependency_injector import providers
from hypothesis import HealthCheck, settings

from blog_adapters.container import Container

# Without deadlines: a slow machine is no failure.
settings.register_profile("short", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "long", settings.get_profile("short"), max_examples=2_000, stateful_step_count=50
)
settings.load_profile("short")

pytest_plugins = ["pytester"]

_APART = {Path(__file__).parent / name for name in ("browser", "faults", "outside")}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the folders that take minutes or a browser, unless the run names them."""
    if collection_path not in _APART:
        return None
    named = (Path(argument.partition("::")[0]).resolve() for argument in config.args)
    return None if any(path.is_relative_to(collection_path) for path in named) else True


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--response-cache`: whatever a test reads over HTTP, it must not matter."""
    parser.addoption("--response-cache", choices=["on", "off"], default="on")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for fixtures and tests."""
    return "asyncio"


@pytest.fixture
def response_cache(pytestconfig: pytest.Config) -> bool:
    """Whether blogs over HTTP have one in this run."""
    return bool(pytestconfig.getoption("response_cache") == "on")


@pytest.fixture
def blog_container(blog_container: Container, response_cache: bool) -> Container:
    """A blog of fakes."""
    if not response_cache:
        blog_container.data_version.override(providers.Object(None))
    return blog_container
