"""What is known of a chain over the repetitions of a study."""

from __future__ import annotations

from pydantic import Field

from engine.contract.measurements import Measured, Verdict, variant_name


class RepeatedFigure(Measured):
    """A figure of a chain over the repetitions of a study."""

    mean: float
    deviation: float | None
    """Standard deviation over the repetitions (n - 1); None of one."""
    ci95: tuple[float, float] | None
    """Of the mean; None where one repetition says nothing of it."""
    values: tuple[float, ...]
    """In the order of the repetitions."""


class RepeatedRecall(RepeatedFigure):
    """The recall of one class by a chain less its baseline's, each repetition on its own test images of the class."""

    max_drop: float
    """What the recipe's `target.max_recall_drop` allows."""
    verdict: Verdict


class RepeatedComparison(RepeatedFigure):
    """The accuracy of a chain less its baseline's, each repetition on its own test images."""

    p_value: float | None
    """That both are equally accurate; None of one repetition."""
    p_holm: float | None = None
    """Corrected for all chains that the run holds against the same baselines (Holm 1979)."""
    max_drop: float | None = None
    """What the recipe's `target.max_accuracy_drop` allows; None: it does not ask."""
    verdict: Verdict | None = None
    recall: dict[str, RepeatedRecall] = Field(default_factory=dict)
    """Of each class that the recipe's `target.max_recall_drop` names."""


class ChainSummary(Measured):
    """One chain over all repetitions that it was finished in; the figures are those of `VariantMeasurement`."""

    chain: str
    setting: str = ""
    """The image setting; empty where the recipe has one only."""
    steps: tuple[str, ...]
    repeats: tuple[str, ...]
    """Which repetitions, such as "seed 1"."""
    seeds: tuple[int, ...]
    """Of each repetition."""
    folds: int = 0
    """Of a cross-validation; 0: none."""
    same_test_images: bool
    """Whether every repetition was tested on the same images."""
    accuracy: RepeatedFigure
    difference: RepeatedComparison | None
    """None of the baseline, and where it was measured on another dataset."""
    agreement: RepeatedFigure | None = None
    balanced_accuracy: RepeatedFigure | None = None
    macro_f1: RepeatedFigure | None = None
    sparsity_fraction: RepeatedFigure | None = None
    model_bytes: RepeatedFigure | None = None
    zip_bytes: RepeatedFigure | None = None
    nonzero_parameters: RepeatedFigure | None = None
    macs: RepeatedFigure | None = None
    latency_p50_ms: RepeatedFigure | None = None
    latency_ratio: RepeatedFigure | None = None
    peak_memory_bytes: RepeatedFigure | None = None

    @property
    def name(self) -> str:
        """What tells it from the others of its run."""
        return variant_name(self.chain, self.setting)
