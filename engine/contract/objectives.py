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

SHARES = frozenset(
    ("accuracy", "validation_accuracy", "balanced_accuracy", "macro_f1", "agreement", "sparsity_fraction", "ece")
)
"""From 0 to 1."""

OF_TEST_IMAGES = frozenset(("accuracy", "balanced_accuracy", "macro_f1", "mcc", "ece", "log_loss"))
"""Which a search that chooses by them makes look better than they are."""


def refuse_unknown(name: str) -> str:
    """The name, where a search knows it.

    Raises:
        ValueError: it does not.
    """
    if name not in HIGHER_IS_BETTER:
        raise ValueError(unknown_name_message("figure to search by", name, list(HIGHER_IS_BETTER)))
    return name
