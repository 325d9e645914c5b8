"""What a check of this computer is and gives: facts, and what is wrong with a way out. Standard library only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from engine.contract.registry import Registry


@dataclass(frozen=True)
class Fact:
    """One line, such as "Python: 3.11.7"."""

    name: str
    value: str


@dataclass(frozen=True)
class Trouble:
    """What is wrong, and what to do, each as a sentence."""

    what: str
    remedy: str


@dataclass(frozen=True)
class CheckedPart:
    """What one check found."""

    title: str
    facts: tuple[Fact, ...]
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True)
class CheckedFolders:
    """Where this user's program keeps and finds things."""

    runs: Path
    settings: Path
    weights: Path


class HealthCheck(ABC):
    """A check of one part of this computer. It is quick, imports neither TensorFlow nor Qt, and changes nothing."""

    key: ClassVar[str]
    title: ClassVar[str]
    place: ClassVar[int]
    """In the text: smaller numbers come first."""

    @abstractmethod
    def look(self, folders: CheckedFolders) -> CheckedPart:
        """Look at this computer; an error is a finding and never raised."""


HEALTH_CHECKS: Registry[HealthCheck] = Registry("engine.doctor.checks", HealthCheck, "check")
