"""What is known of a whole run."""

from __future__ import annotations

from pydantic import Field

from engine.contract.measurements import (
    DatasetSummary,
    ImageBytes,
    ImageSettingBytes,
    Measured,
    SweptEpoch,
    VariantMeasurement,
)
from engine.contract.repeated_results import ChainSummary
from engine.contract.search_result import SearchResult


class RunResult(Measured):
    """What `--json` writes."""

    schema_version: int = Field(1, serialization_alias="schema", validation_alias="schema")
    run: str
    directory: str
    dataset: DatasetSummary
    other_datasets: dict[str, DatasetSummary] = Field(default_factory=dict)
    """Each that a step went over to, under the label that variants have as `dataset`."""
    images: ImageBytes
    """Of the first image setting."""
    image_settings: tuple[ImageSettingBytes, ...] = ()
    """All of them, in the recipe's order."""
    variants: tuple[VariantMeasurement, ...]
    summary: tuple[ChainSummary, ...] = ()
    """Of each chain over the repetitions, where the recipe has several seeds or folds."""
    search: SearchResult | None = None
    """None where the recipe has no search."""
    epoch_sweep: tuple[SweptEpoch, ...] = ()
    """For the epochs that the recipe's `test_epochs` names and the training reached."""
    stages_computed: int = 0
    stages_reused: int = 0
    failed: dict[str, str] = Field(default_factory=dict)
    """Each chain that failed, with its image setting where there are several → why. It is not among `variants`."""
