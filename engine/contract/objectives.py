"""The figures of a variant that a search can improve, and which way each is better."""

from __future__ import annotations

from engine.contract.registry import unknown_name_message

HIGHER_IS_BETTER: dict[str, bool] = {
    "accuracy": True,
    "validation_accuracy": True,
    "balanced_accuracy": True,
    "macro_f1": True,
    "mcc": True,
    "agreement": True,
    "sparsity_fraction": True,
    "ece": False,
    "log_loss": False,
    "model_bytes": False,
    "zip_bytes": False,
    "parameters": False,
    "nonzero_parameters": False,
    "unique_weights": False,
    "macs": False,
    "latency_p50_ms": False,
    "latency_p95_ms": False,
    "peak_memory_bytes": False,
}
"""Fields of `VariantMeasurement`."""

ACCURACIES = ("accuracy", "validation_accuracy")
"""The share of images that are classified rightly: of the test images, and of the validation images."""

SHARES = frozenset((*ACCURACIES, "balanced_accuracy", "macro_f1", "agreement", "sparsity_fraction", "ece"))
"""From 0 to 1."""

LEAST: dict[str, float] = {"mcc": -1, "log_loss": 0, "nonzero_parameters": 0, "macs": 0, "peak_memory_bytes": 0}
"""The lowest value that a figure can have; of what else is no share it is above 0, since every file has some bytes,
parameters and values, and takes some time."""

OF_TEST_IMAGES = frozenset(("accuracy", "balanced_accuracy", "macro_f1", "mcc", "ece", "log_loss"))
"""Which a search that chooses by them makes look better than they are."""


def refuse_impossible(name: str, value: float) -> float:
    """The value of a figure, where a file can have it.

    Raises:
        ValueError: none can.
    """
    if name in SHARES and not 0 <= value <= 1:
        raise ValueError(f"{name} is a share from 0 to 1, and {value:g} is none; 80 % is 0.8")
    if name == "mcc" and not LEAST[name] <= value <= 1:
        raise ValueError(f"{name} goes from -1 to 1, and {value:g} lies outside")
    if name in LEAST and value < LEAST[name]:
        raise ValueError(f"{name} cannot be below {LEAST[name]:g}, and {value:g} is")
    if name not in SHARES and name not in LEAST and value <= 0:
        raise ValueError(f"{name} is above 0 for every file, so none reaches {value:g}")
    return value


def refuse_unknown(name: str) -> str:
    """The name, where a search knows it.

    Raises:
        ValueError: it does not.
    """
    if name not in HIGHER_IS_BETTER:
        raise ValueError(unknown_name_message("figure to search by", name, list(HIGHER_IS_BETTER)))
    return name
