"""What the step finds."""

from __future__ import annotations

from typing import ClassVar

from engine.contract.evidence import Evidence


class KernelNorms(Evidence):
    """The norm of each kernel."""

    key: ClassVar[str] = "kernel_norms"
    title: ClassVar[str] = "Kernel norms"
    header: ClassVar[tuple[str, ...]] = ("layer", "norm")

    norms: dict[str, float]
    """Layer → norm of its kernel's values, in the network's order."""

    def sentence(self) -> str:
        return f"{len(self.norms)} kernels measured."

    def rows(self) -> list[tuple[str, ...]]:
        return [(layer, f"{norm:.4f}") for layer, norm in self.norms.items()]
