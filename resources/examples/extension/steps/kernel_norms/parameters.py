"""What a recipe says of the step."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from engine.contract.step_parameters import StepParameters


class KernelNormsParameters(StepParameters):
    """The wizard makes its form of this."""

    key: ClassVar[str] = "kernel_norms"

    step: Literal["kernel_norms"] = "kernel_norms"
    norm: Literal["l1", "l2"] = Field(
        "l2", title="Norm", description="l1: mean of the magnitudes; l2: root mean square."
    )

    def label(self) -> str:
        return f"{self.norm} norms"
