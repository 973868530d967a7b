"""How much chance: `pytest tests/openapi --fuzz-cases=20000 --fuzz-seed=1`."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-cases", type=int, help="how many requests to send at least")
    parser.addoption("--fuzz-seed", type=int, help="which ones")
