"""What the pre-flight says of settings of a pruning that others leave without effect."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.findings import Finding
from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.workbench.step import StepPlace

OF_EACH_ROUND = {
    "epochs": "round_epochs",
    "learning_rate": "round_learning_rates",
    "rate_schedule": "round_rate_schedules",
}
"""Setting → the one that gives it for each round of the iterative schedule instead."""
RATES = ("learning_rate", "rate_schedule", "round_learning_rates", "round_rate_schedules")
USUAL_SPARSITY = 0.8


def overruled_findings(parameters: MagnitudePruningParameters, place: StepPlace) -> Iterator[Finding]:
    """A warning for each setting that is given and does nothing."""
    if not parameters.target_sparsity:
        message = "With a sparsity of 0 nothing is pruned; ask for more, or remove this step."
        yield place.warning(message, "sparsity", place.set("sparsity", USUAL_SPARSITY, "Prune 80 %"))
    for name, other in _overruled(parameters).items():
        usual = type(parameters).model_fields[name].default
        if getattr(parameters, name) != usual:
            message = f"{name} has no effect beside {other}; leave it out, or change {other}."
            yield place.warning(message, name, place.set(name, usual, f"Set {name} back"))


def _overruled(parameters: MagnitudePruningParameters) -> dict[str, str]:
    """Setting → why it does nothing."""
    if parameters.schedule != "iterative":
        return {}
    found = {name: other for name, other in OF_EACH_ROUND.items() if getattr(parameters, other)}
    if parameters.round_epochs and not any(parameters.round_epochs):
        found |= dict.fromkeys(RATES, "round_epochs")
    return found
