"""The processor: its name, its cores, and the instruction sets that decide whether networks can be trained."""

from __future__ import annotations

from typing import ClassVar

from engine.doctor.health_check import CheckedFolders, CheckedPart, Fact, HealthCheck, Trouble
from engine.doctor.instruction_sets import avx_refusal, instruction_sets
from engine.measurement.machine import core_count, cpu_name


class ProcessorCheck(HealthCheck):
    """Asks the system, not TensorFlow."""

    key: ClassVar[str] = "processor"
    title: ClassVar[str] = "Processor"
    place: ClassVar[int] = 3

    def look(self, folders: CheckedFolders) -> CheckedPart:
        sets = instruction_sets()
        said = ", ".join(f"{name} {'yes' if has else 'no'}" for name, has in sets.items()) or "not known"
        facts = (
            Fact("Name", cpu_name()),
            Fact("Cores", f"{core_count()} that this program may use"),
            Fact("Instructions", said),
        )
        what, _, remedy = avx_refusal().partition("; ")
        troubles = (Trouble(f"{what}.", f"{remedy[0].upper()}{remedy[1:]}"),) if what else ()
        return CheckedPart(self.title, facts, troubles)
