"""What is known of a finished variant, measured on the `.tflite` file that ships, and of a whole run."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.findings import Finding


class Measured(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ImageBytes(Measured):
    """Trad et al. 2022, equations 4 and 5, over the whole dataset."""

    bytes_before: int
    """Of the image files as they came."""
    bytes_after: int
    """Of the same images resized, and re-saved where a quality is set; else as lossless PNG."""
    compression_ratio: float
    """bytes_before / bytes_after."""
    space_gain: float
    """1 - bytes_after / bytes_before."""


class ImageSettingBytes(ImageBytes):
    """What one image setting of the recipe makes of the dataset."""

    setting: str
    """As the variants name it; empty where the recipe has one image setting only."""
    settings: dict[str, Any]
    """The recipe's table `[images]` for this setting."""


def variant_name(chain: str, setting: str) -> str:
    """What tells a variant from all others of its run, such as "int8" or "int8 (64 px)"."""
    return f"{chain} ({setting})" if setting else chain


class PruningRound(Measured):
    """One round of pruning and fine-tuning (Kharitonov 2024); accuracies are of the Keras network."""

    sparsity_fraction: float
    """Zeros among the pruned kernels' values."""
    epochs: int
    """That the round was fine-tuned."""
    validation_accuracy_after_pruning: float
    validation_accuracy_after_fine_tuning: float


class VariantMeasurement(Measured):
    """One `.tflite` file and its figures. The keys are those of the command line's `--json`."""

    chain: str
    """The chain's name; "baseline" for the float32 baseline."""
    setting: str = ""
    """The image setting, such as "64 px, JPEG 75"; empty where the recipe has one only."""
    steps: tuple[str, ...]
    """The labels of the steps, in order."""
    file: str
    """The `.tflite`, relative to the run's directory, with forward slashes."""
    accuracy: float
    """Share of the test images that are classified rightly, 0 to 1."""
    accuracy_ci95: tuple[float, float]
    """Wilson 95 % interval of the accuracy."""
    agreement: float
    """Share of the test images on which the file decides as the float32 baseline file of its image setting does."""
    model_bytes: int
    zip_bytes: int
    """The file in a ZIP, DEFLATE level 9."""
    parameters: int
    """Of the network before batch normalisation is folded, as papers count them."""
    nonzero_parameters: int
    """`parameters` less the zeros found in the file's kernels."""
    trainable_parameters: int
    sparsity_fraction: float
    """Zeros among the kernel values stored in the file, 0 to 1."""
    unique_weights: int
    """The most distinct values stored in one kernel; a channel at a time where each channel has its own scale."""
    macs: int
    """Multiply-accumulate operations for one image, counted from the file's operators."""
    latency_p50_ms: float
    latency_p95_ms: float
    peak_memory_bytes: int
    """Most resident memory that a fresh interpreter process gained by loading the file and classifying images."""
    epoch_seconds: float
    """Median time of an epoch of the chain's last training."""
    latency_ratio: float = 1.0
    """Median of this file's latency over that of its image setting's baseline, measured in turn; under 1 is faster."""
    latency_ratio_ci95: tuple[float, float] = (1.0, 1.0)
    threads: int = 1
    cpu: str = ""
    weight_dtypes: tuple[str, ...] = ()
    """The number types that the kernels are stored in."""
    float_operators: int = 0
    """How many operators compute in floating point."""
    control: str = ""
    """The chain that shows what a step of this one is worth: the same without it."""
    note: str = ""
    """A sentence where a step did not help, or stands short of its full training."""
    pruning_rounds: tuple[PruningRound, ...] = ()
    """Of the chain's one-shot and iterative prunings, in order."""
    images: ImageBytes | None = None
    """What its image setting makes of the dataset; None in runs of versions that did not tell."""

    @property
    def name(self) -> str:
        """What tells it from all other variants of its run."""
        return variant_name(self.chain, self.setting)


class SkippedFile(Measured):
    path: str
    reason: str


class DatasetSummary(Measured):
    classes: tuple[str, ...]
    train: int
    validation: int
    test: int
    skipped: tuple[SkippedFile, ...] = ()
    counts: dict[str, dict[str, int]] = Field(default_factory=dict)
    """split → class → number of images."""
    left_out: int = 0
    """Duplicates that the recipe leaves out; the run's `dataset.json` lists them."""
    findings: tuple[Finding, ...] = ()
    """What there is to know of the images before their figures are believed."""


class SweptEpoch(Measured):
    """The test accuracy of a baseline as it was after an epoch: of the network that trains, not of a file."""

    setting: str = ""
    """Which image setting the baseline was trained on, where there are several."""
    epoch: int
    accuracy: float
    accuracy_ci95: tuple[float, float]
    """Wilson 95 % interval."""


class RunResult(Measured):
    """What `--json` writes."""

    schema_version: int = Field(1, serialization_alias="schema", validation_alias="schema")
    run: str
    directory: str
    dataset: DatasetSummary
    images: ImageBytes
    """Of the first image setting."""
    image_settings: tuple[ImageSettingBytes, ...] = ()
    """All of them, in the recipe's order."""
    variants: tuple[VariantMeasurement, ...]
    epoch_sweep: tuple[SweptEpoch, ...] = ()
    """For the epochs that the recipe's `test_epochs` names and the training reached."""
    stages_computed: int = 0
    stages_reused: int = 0
