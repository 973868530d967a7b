"""What processes use, and what else the machine is busy with."""

import platform
import resource
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Seconds of CPU used so far: by an app, by PostgreSQL, by the load, by everybody."""

    app: float
    database: float
    load: float
    everybody: float
    wall: float

    @classmethod
    def now(cls, app: psutil.Process, database: Iterable[psutil.Process]) -> "Usage":
        """Read the meters."""
        load = sum(
            used.ru_utime + used.ru_stime
            for used in map(resource.getrusage, (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
        )
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        return cls(
            app=cpu_of(app),
            database=sum(map(cpu_of, database)),
            load=load,
            everybody=sum(times) - idle - getattr(times, "guest", 0.0),
            wall=time.perf_counter(),
        )

    def since(self, before: "Usage") -> "Usage":
        """Return what has been used in between."""
        return Usage(
            app=self.app - before.app,
            database=self.database - before.database,
            load=self.load - before.load,
            everybody=self.everybody - before.everybody,
            wall=self.wall - before.wall,
        )

    @property
    def others(self) -> float:
        """How many processors were busy with something else."""
        return max(0.0, self.everybody - self.app - self.database - self.load) / self.wall


def cpu_of(process: psutil.Process) -> float:
    """Return the seconds that a process has used so far, and its children, living and ended."""
    times = process.cpu_times()
    used = times.user + times.system + times.children_user + times.children_system
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # then it is among those that ended
            used += sum(child.cpu_times()[:2])
    return float(used)


def description() -> str:
    """Say which machine this is."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
        return f"{platform.system()}, {_size()}, {model}"
    return f"{platform.system()}, {_size()}, {platform.machine()}"


def _size() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{psutil.cpu_count()} processors, {memory:.0f} GiB"
