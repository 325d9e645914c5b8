"""The declared parameters of a compression step: the one source of recipe checks, wizard form and docs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from engine.contract.registry import Registry
from engine.contract.section import Section

if TYPE_CHECKING:
    from engine.contract.dataset_settings import DatasetSettings


class StepParameters(Section):
    """Base of every step's parameters. A subclass sets `key` and gives each field a title, a range and a unit.

    A field may carry `json_schema_extra={"unit": "epochs", "shown_for": {"schedule": ["iterative"]}}`: the form
    shows such a field only while the named field has one of the listed values. `"may_repeat": True` marks a list of
    choices in which the order counts.
    """

    key: ClassVar[str]
    compared: ClassVar[str] = ""
    """What `as_control` leaves out, as the beginning of a sentence."""

    step: str = Field(title="Step", description="Which compression step this is.")

    def label(self) -> str:
        """A short name for tables and the stage tree, such as "pruning 80 %"."""
        return self.step

    def as_control(self) -> StepParameters | None:
        """The step without the part whose benefit is to be shown, if it wants a control."""
        return None

    def control_steps(self) -> tuple[StepParameters, ...] | None:
        """What stands in its place in the control; several steps where what it makes is known only afterwards."""
        control = self.as_control()
        return None if control is None else (control,)

    def zeros_left(self) -> float:
        """The share of zeros that the step leaves among the kernels that it prunes; 0: it prunes none."""
        return 0.0

    def distinct_values(self) -> int:
        """The most distinct values that the step leaves in a kernel; 0: it limits none."""
        return 0

    def other_dataset(self) -> DatasetSettings | None:
        """The images that the step, and all after it, train on and are measured on; None: those of before it."""
        return None


STEP_PARAMETERS: Registry[StepParameters] = Registry("engine.steps", StepParameters, "step")


def parse_step(value: object) -> object:
    """A mapping with the key "step" as that step's parameters; anything else unchanged.

    Raises:
        RecipeError: the step is not known.
    """
    if isinstance(value, dict) and isinstance(value.get("step"), str):
        return STEP_PARAMETERS[value["step"]].model_validate(value)
    return value
