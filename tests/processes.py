"""Runs the `blog` command for tests, as a person would: its own processes, folder and settings."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

BLOG = Path(sys.executable).with_name("blog")
PATIENCE = 120.0
"""Seconds until a process that does not come up, or does not end, is given up."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A blog that is being served."""

    process: subprocess.Popen[str]
    folder: Path
    url: str
    log: Path

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        url = httpx.URL(self.url)
        assert url.port is not None
        return url.host, url.port

    def get(self, path: str) -> httpx.Response:
        """Answer one GET."""
        return httpx.get(self.url + path, timeout=PATIENCE)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the status the process ends with."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return the variables of a shell in which nothing is set but these."""
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    return {
        "PATH": f"{BLOG.parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "DATA_DIR": str(folder / "var"),
        **coverage,
        **settings,
    }


def run_blog(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one `blog` command to its end."""
    return run([str(BLOG), *arguments], cwd=folder, env=environment(folder, **settings))


def run(command: list[str], *, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, whatever that is, and keep what it says."""
    return subprocess.run(  # noqa: S603 - commands of our own
        command,
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet collected by its parent does not."""
    with suppress(FileNotFoundError, ProcessLookupError):  # gone since, or no /proc on macOS
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def eventually(fact: Callable[[], bool]) -> bool:
    """Whether the fact comes true before patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def started(folder: Path, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command, and see to it that it has ended after."""
    with (
        (folder / "log").open("a") as log,
        subprocess.Popen(  # noqa: S603 - the command under test
            [BLOG, *arguments],
            cwd=folder,
            env=environment(folder, **settings),
            stdout=log,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE)


@contextmanager
def serving(folder: Path, *arguments: str, **settings: str) -> Iterator[Served]:
    """Serve a blog on a free port, from its first answer until after it has ended."""
    with serving_at(free_port(), folder, *arguments, **settings) as served:
        yield served


@contextmanager
def serving_at(port: int, folder: Path, *arguments: str, **settings: str) -> Iterator[Served]:
    """Do the same on a certain port."""
    with started(folder, "serve", "--port", str(port), *arguments, **settings) as process:
        served = Served(
            process=process, folder=folder, url=f"http://127.0.0.1:{port}", log=folder / "log"
        )
        _await_answer(served)
        yield served


def _await_answer(served: Served) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if served.process.poll() is not None:
            break
        try:
            served.get("/livez")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the blog did not come up:\n{served.log.read_text()}")
