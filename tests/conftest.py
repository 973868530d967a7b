"""What every tier shares."""

import pytest
from hypothesis import HealthCheck, settings

# Without deadlines: a slow machine is no failure.
settings.register_profile("short", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "long", settings.get_profile("short"), max_examples=2_000, stateful_step_count=50
)
settings.load_profile("short")

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for fixtures and tests."""
    return "asyncio"
