"""Runs one way to train as a process of its own, and lets it do an epoch when it is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType

ONEDNN = MappingProxyType({"TF_ENABLE_ONEDNN_OPTS": "1"})
"""TensorFlow itself asks for it only where a processor has AVX-512; what it gains is no merit of a way to train."""


@dataclass(frozen=True)
class EpochTime:
    """What an epoch took, with its validation."""

    seconds: float
    processor_seconds: float
    """Of all cores together."""

    @property
    def cores(self) -> float:
        """How many were at work, on average."""
        return self.processor_seconds / self.seconds


class Contender:
    """A process of `epoch_contender`, warm and waiting; a context manager that ends it."""

    def __init__(
        self, checkout: Path, way: str, folder: Path, epochs: int, environment: Mapping[str, str] | None = None
    ) -> None:
        """
        Args:
            way: as `epoch_contender` knows it.
            folder: where it finds `images` and keeps what it needs.
            epochs: how many it will be asked for at most.
            environment: variables that TensorFlow reads at its start; without them oneDNN is on.
        """
        command = [sys.executable, "-m", "tests.benchmarks.epoch_contender", way, str(folder), str(epochs + 2)]
        self._child = subprocess.Popen(
            command,
            cwd=checkout,
            env={**_without_tensorflows(os.environ), **ONEDNN, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        answer = self._answer()
        assert answer == "ready", f"{way} said {answer!r}"

    def __enter__(self) -> Contender:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()
        self._child.communicate()

    def epoch(self) -> EpochTime:
        """One epoch, with its validation."""
        assert self._child.stdin is not None
        self._child.stdin.write("go\n")
        self._child.stdin.flush()
        seconds, processor_seconds = self._answer().split()
        return EpochTime(float(seconds), float(processor_seconds))

    def _answer(self) -> str:
        assert self._child.stdout is not None
        return self._child.stdout.readline().strip()


def _without_tensorflows(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what the tests set for TensorFlow: a contender has the settings of its own way only."""
    return {name: value for name, value in environment.items() if not name.startswith("TF_")}
