"""The built wheels, installed where nothing of the source tree can be seen."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ["sqlite_blog", "starlette_blog"]
PATIENCE = 900.0
"""Seconds until a command is given up; the longest installs all that is locked."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A virtual environment that has the wheels of this distribution and of the examples."""

    folder: Path

    @property
    def packages(self) -> Path:
        """Where its packages are."""
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    def python(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run its Python, with no variable set that could lead back to the source tree."""
        environment = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(cwd)}
        return run([str(self.folder / "bin/python"), *arguments], cwd=cwd, env=environment)

    def pytest(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run its pytest."""
        return self.python("-m", "pytest", "-p", "no:cacheprovider", *arguments, cwd=cwd)


def run(
    command: Sequence[str], *, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - commands of our own
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built and installed once for all tests, as a release would be."""
    folder = tmp_path_factory.mktemp("outside")
    environment, wheels = folder / "environment", folder / "wheels"
    python = str(environment / "bin/python")
    lock = str(ROOT / "requirements.lock")
    sources = [str(ROOT), *(str(ROOT / "examples" / name) for name in EXAMPLES)]

    for command in (
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation",
         "--wheel-dir", str(wheels), *sources],
        [sys.executable, "-m", "venv", str(environment)],
        # What is imported is compiled then; most of what is locked is not.
        [python, "-m", "pip", "install", "--no-compile", "--no-deps", "--require-hashes",
         "--requirement", lock],
        [python, "-m", "pip", "install", "--no-deps", "--no-index", "--find-links", str(wheels),
         "blog-core", "blog-sqlite", "blog-starlette"],
        [python, "-m", "pip", "check"],
    ):  # fmt: skip
        done = run(command, cwd=folder)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return Installed(folder=environment)
