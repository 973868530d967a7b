"""Apps that are being served, each in a process of its own."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

import psutil

from benchmarks.http.database import SECRET_KEY
from benchmarks.http.environments import ROOT, python_of
from benchmarks.http.variants import Variant

PATIENCE = 60.0
"""Seconds until an app that does not answer is given up."""


class NotServing(Exception):
    """An app did not come up, or answered wrongly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """An app that is being served."""

    variant: Variant
    process: psutil.Process
    url: str
    seconds: float
    """How long it took from the start to the first answer."""

    def get(self, path: str) -> bytes:
        """Return the body of an answer.

        Raises:
            NotServing: it is not a 200.
        """
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:  # noqa: S310 - ours
                body: bytes = answer.read()
        except (OSError, URLError) as error:
            raise NotServing(f"{self.variant.name}: GET {path}: {error}") from error
        return body

    def memory(self) -> float:
        """Return what its processes keep in memory, in MiB."""
        processes = [self.process, *self.process.children(recursive=True)]
        return float(sum(each.memory_info().rss for each in processes)) / 2**20


def environment_of(
    variant: Variant, *, urls: Mapping[str, str], folder: Path, port: int = 0
) -> dict[str, str]:
    """Return the environment variables of an app, and no others.

    Raises:
        NotServing: it needs a URL that there is not.
    """
    try:
        settings = {name: value.format_map(urls) for name, value in variant.settings.items()}
    except KeyError as error:
        raise NotServing(f"there is no {error}") from None
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": urls["database"],
        "SECRET_KEY": SECRET_KEY,
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "LOG_LEVEL": "info",
        "RATE_LIMITS": "writes=1000000/s",  # counted, and never too many for one who measures
        **settings,
    }


@contextmanager
def serving(variant: Variant, *, urls: Mapping[str, str], folder: Path) -> Iterator[Serving]:
    """Serve an app on a free port, from its first answer on; its log goes into the folder.

    Raises:
        NotInstalled: its environment cannot be made.
        NotServing: it does not answer.
    """
    port = _free_port()
    log = folder / f"{variant.name}.log"
    environment = environment_of(variant, urls=urls, folder=folder, port=port)
    command = [
        str(python_of(variant.environment)),
        *(part.format(port=port) for part in variant.command),
    ]
    started = time.perf_counter()
    with (
        log.open("w") as output,
        subprocess.Popen(  # noqa: S603 - ours
            command, cwd=folder, env=environment, stdout=output, stderr=output
        ) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            while not _answers(url):
                if process.poll() is not None or time.perf_counter() - started > PATIENCE:
                    raise NotServing(f"{variant.name} did not come up:\n{log.read_text()[-2000:]}")
                time.sleep(0.005)
            yield Serving(
                variant=variant,
                process=psutil.Process(process.pid),
                url=url,
                seconds=time.perf_counter() - started,
            )
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/posts/1", timeout=PATIENCE):  # noqa: S310 - ours
            return True
    except HTTPError:
        return True  # wrongly, which the check of answers will say
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
