"""The load: one tool, one scenario, some connections, for some seconds."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.http.environments import ROOT

_SCRIPT = Path(__file__).with_name("load.lua")


class BadAnswers(Exception):
    """Some requests were refused or broken off: their figures are worth nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is asked.

    Args:
        name: what it is called.
        path: where.
        publishes: whether posts are sent, and not read.
    """

    name: str
    path: str
    publishes: bool = False

    @property
    def title(self) -> str:
        """What it looks like from outside."""
        return f"{'POST' if self.publishes else 'GET'} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a tool has seen; latencies in ms."""

    requests: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What requests that publish are made of."""

    tokens: Path
    body: Path

    @classmethod
    def in_folder(cls, folder: Path, *, tokens: list[str]) -> "Material":
        """Write it into files, which is what the tools take."""
        material = cls(tokens=folder / "tokens.txt", body=folder / "post.json")
        material.tokens.write_text("\n".join(tokens) + "\n")
        draft = {"title": "Written under load", "content": "Measure first; then sleep on it. " * 30}
        material.body.write_text(json.dumps(draft))
        return material


def drive(
    scenario: Scenario, url: str, material: Material, *, connections: int, seconds: int
) -> Load:
    """Send as many requests as are answered, on some connections.

    Raises:
        BadAnswers: not all were answered well.
    """
    command = [*_tool(connections, seconds), url + scenario.path, "--"]
    if scenario.publishes:
        command += [str(material.tokens), str(material.body)]
    done = subprocess.run(  # noqa: S603 - ours
        command, cwd=ROOT, check=False, capture_output=True, text=True
    )
    return figures_in(done.stdout + done.stderr)


def tool() -> str:
    """Say what makes the load."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return "our own slow generator, because wrk is not on PATH (apt-get install wrk)"
    done = subprocess.run([wrk, "-v"], check=False, capture_output=True, text=True)  # noqa: S603 - wrk
    return " ".join(done.stdout.split()[:2])


def _tool(connections: int, seconds: int) -> list[str]:
    wrk = shutil.which("wrk")
    if wrk is None:
        own = [sys.executable, "-m", "benchmarks.http.generator"]
        return [*own, f"--connections={connections}", f"--seconds={seconds}"]
    timing = [f"-c{connections}", f"-d{seconds}s", "--timeout=30s"]
    return [wrk, "-t1", *timing, "-s", str(_SCRIPT)]


def figures_in(output: str) -> Load:
    """Read what the tool says.

    Raises:
        BadAnswers: it says that not all were answered well.
    """
    line = next((line for line in output.splitlines() if line.startswith("{")), None)
    if line is None:
        raise BadAnswers(f"the load said no figures: {output.strip()[-300:]}")
    said = json.loads(line)
    if said["refused"] or said["broken"] or not said["requests"]:
        raise BadAnswers(
            f"of {said['requests']} requests {said['refused']} were refused and "
            f"{said['broken']} broken off"
        )
    return Load(
        requests=said["requests"], seconds=said["seconds"], p50=said["p50"], p99=said["p99"]
    )
