"""What every tier shares."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "long",
    max_examples=2_000,
    stateful_step_count=50,
    derandomize=False,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for fixtures and tests."""
    return "asyncio"
