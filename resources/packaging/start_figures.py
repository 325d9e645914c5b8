"""How fast a bundle's window is painted and what memory it takes: python resources/packaging/start_figures.py BUNDLE

Linux, with a display (or under xvfb-run). Cold means that no file of the bundle is in the system's cache of files; the
system's own libraries are.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

STARTS = 5
IDLE_S = 2.0
"""A process that has used no more than `IDLE_CPU_S` for as long is idle."""
IDLE_CPU_S = 0.05
LONGEST_S = 120.0


@dataclass(frozen=True)
class StartFigures:
    """Of one program; each a list of `STARTS` values."""

    warm_s: tuple[float, ...]
    """From the start of the process to the painted window."""
    cold_s: tuple[float, ...]
    pss_bytes: tuple[int, ...]
    """Of the idle window's process: its memory, with what it shares with others in part."""
    rss_bytes: tuple[int, ...]
    """The same, with what it shares in whole."""

    def text(self) -> str:
        def seconds(values: Sequence[float]) -> str:
            return f"median {statistics.median(values):.2f} s of {', '.join(f'{one:.2f}' for one in values)}"

        def megabytes(values: Sequence[int]) -> str:
            return (
                f"median {statistics.median(values) / 1e6:.0f} MB of {', '.join(f'{one / 1e6:.0f}' for one in values)}"
            )

        return (
            f"start to painted window, warm: {seconds(self.warm_s)}\n"
            f"start to painted window, cold: {seconds(self.cold_s)}\n"
            f"idle window's process, PSS:    {megabytes(self.pss_bytes)}\n"
            f"idle window's process, RSS:    {megabytes(self.rss_bytes)}\n"
        )


def measure_start(command: Sequence[str], folder: Path) -> StartFigures:
    """Start the program again and again.

    Args:
        folder: holds the files that a cold start reads from the disk.
    """
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"XDG_CONFIG_HOME": home}
        full = [*command, "--runs", f"{home}/runs"]
        _seconds_to_paint(full, environment)
        warm = tuple(_seconds_to_paint(full, environment) for _ in range(STARTS))
        cold = []
        for _ in range(STARTS):
            forget_files(folder)
            cold.append(_seconds_to_paint(full, environment))
        memory = [_idle_memory(full, environment) for _ in range(STARTS)]
    return StartFigures(warm, tuple(cold), tuple(pss for pss, _ in memory), tuple(rss for _, rss in memory))


def forget_files(folder: Path) -> None:
    """Ask the system to keep nothing of these files in memory."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _seconds_to_paint(command: Sequence[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    with subprocess.Popen([*command, "--report-start"], stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        if child.stdout.readline() != b"painted\n":
            raise RuntimeError(f"{command[0]} painted no window.")
        return time.perf_counter() - started


def _idle_memory(command: Sequence[str], environment: dict[str, str]) -> tuple[int, int]:
    """PSS and RSS in bytes, once the window has loaded all that it loads by itself."""
    with subprocess.Popen(command, env=environment) as child:
        process = psutil.Process(child.pid)
        try:
            begun = time.monotonic()
            used = -1.0
            while sum(process.cpu_times()[:2]) - used > IDLE_CPU_S and time.monotonic() - begun < LONGEST_S:
                used = sum(process.cpu_times()[:2])
                time.sleep(IDLE_S)
            found = process.memory_full_info()
            return found.pss, found.rss
        finally:
            child.terminate()


if __name__ == "__main__":
    bundle = Path(sys.argv[1]).resolve()
    sys.stdout.write(measure_start([str(bundle / "nutshell")], bundle).text())
