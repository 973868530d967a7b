"""An environment for each kind of app, kept in `.bench/`."""

import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".bench"
_REQUIREMENTS = Path(__file__).parent / "requirements"
_PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


class NotInstalled(Exception):
    """An environment could not be made; the message is pip's."""


@cache
def python_of(name: str) -> Path:
    """Return the interpreter of an environment, which is made if it is missing or outdated.

    What this environment has too is installed in its version, so that only the apps differ.

    Raises:
        NotInstalled: a package could not be had.
    """
    requirements = _REQUIREMENTS / f"{name}.txt"
    here = _run(sys.executable, *_PIP, "freeze", "--exclude-editable")
    wanted = sha256((sys.version + requirements.read_text() + here).encode()).hexdigest()
    place = KEPT / name
    python, mark = place / "bin" / "python", place / "made-from"
    if not (mark.exists() and mark.read_text() == wanted):
        constraints = KEPT / "constraints.txt"
        KEPT.mkdir(exist_ok=True)
        constraints.write_text(here)
        _run(sys.executable, "-m", "venv", "--clear", str(place))
        _run(str(python), *_PIP, "install", "-r", str(requirements), "-c", str(constraints))
        mark.write_text(wanted)
    return python


def versions_in(python: Path, *packages: str) -> dict[str, str]:
    """Return which versions an environment has."""
    lines = _run(str(python), *_PIP, "freeze").lower().replace("_", "-").splitlines()
    found = dict(line.split("==", 1) for line in lines if "==" in line)
    return {package: found[package] for package in packages if package in found}


def _run(*command: str) -> str:
    done = subprocess.run(  # noqa: S603 - ours
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotInstalled(" ".join(done.stderr.split())[-300:])
    return done.stdout
