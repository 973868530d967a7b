"""What a process uses, as Linux counts it."""

from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process holds at a moment."""

    memory: float
    """In MB."""
    files: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> "Usage":
        """Read the meters of a process."""
        process = psutil.Process(pid)
        with process.oneshot():
            memory = process.memory_info().rss / 1e6
            return cls(memory, process.num_fds(), process.num_threads())


class Peak:
    """The most memory that a process has held since now."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        self._folder.joinpath("clear_refs").write_text("5")  # forget the peak so far: proc(5)
        self._base = self._megabytes("VmRSS")

    @property
    def growth(self) -> float:
        """By how much it was more than at the beginning, in MB."""
        return self._megabytes("VmHWM") - self._base

    def _megabytes(self, name: str) -> float:
        lines = self._folder.joinpath("status").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith(f"{name}:"))
        return int(line.split()[1]) * 1024 / 1e6
