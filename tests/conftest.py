"""What every tier shares."""

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for fixtures and tests."""
    return "asyncio"
