"""What is known of a finished variant, measured on the `.tflite` file that ships, and of its images."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.evidence import StageEvidence
from engine.contract.findings import Finding
from engine.contract.recipe import BASELINE
from engine.contract.runtime_figures import DelegateForecast, KeptLimit, RuntimeFigures


class Measured(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Spread(Measured):
    """A figure over some images."""

    mean: float
    least: float
    greatest: float


class ImageFidelity(Measured):
    """How near some images are to what they were made from, over a seeded sample."""

    images: int
    identical: int
    """Images without any difference: their PSNR is infinite and counts in no figure below."""
    psnr_db: Spread | None
    """Peak signal-to-noise ratio in dB, against the largest value that a pixel can have; None where all are equal."""
    ssim: Spread
    """Structural similarity of the luminance (Wang et al. 2004), windows of 7×7 pixels, all images; 1: equal."""


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
    resize_fidelity: ImageFidelity | None = None
    """The resized image, brought back to its old size by the same filter, against the image as it came, in the
    colours fed; both shrunk to 512 pixels where they are larger. None where nobody looked, or all were tiny."""
    jpeg_fidelity: ImageFidelity | None = None
    """The JPEG read back, against the resized image that was saved; None where no quality is set."""


class Reconstruction(Measured):
    """How near images are that were made from subbands again."""

    psnr_db: Spread | None
    """In dB, against 1, the largest value of an image; None where nothing but rounding is lost."""
    relative_l2: Spread
    """‖image − made again‖ / ‖image‖."""


class TransformFigures(Measured):
    """What the wavelet transform keeps of the resized images, over a seeded sample."""

    images: int
    energy_share: tuple[dict[str, float], ...]
    """A level, the finest first: subband → its share of the level's sum of squares, 0 to 1."""
    zeroed_fraction: float
    """Detail coefficients of all levels that the threshold makes zero, 0 to 1."""
    thresholded: Reconstruction
    """From the approximation and the details of all levels, thresholded."""
    fed: Reconstruction
    """From the subbands that the network is fed alone."""
    jpeg2000_bytes: Spread | None = None
    """An image, by the codec that this transform is of, without loss; None where Pillow was built without it."""
    jpeg2000_bytes_as_fed: Spread | None = None
    """The same with the loss of `fed`."""


class ImageSettingBytes(ImageBytes):
    """What one image setting of the recipe makes of the dataset."""

    setting: str
    """As the variants name it; empty where the recipe has one image setting only."""
    settings: dict[str, Any]
    """The recipe's table `[images]` for this setting."""
    transform: TransformFigures | None = None
    """None where there is no wavelet transform."""


class ClassFigures(Measured):
    """How one class is told from the others, on the test images; None where these cannot say."""

    precision: float | None
    """Right among those that are predicted to be of the class."""
    recall: float | None
    """Right among those that are of the class; the sensitivity."""
    specificity: float | None
    """Predicted to be of another class among those that are."""
    f1: float | None
    """The harmonic mean of precision and recall."""
    support: int
    """Test images of the class."""


class ClassAreas(Measured):
    """Areas under the ROC curves, each class against the rest; None where all or no images are of it."""

    macro: float | None
    """The mean over the classes."""
    per_class: dict[str, float | None]


class DecisionThreshold(Measured):
    """From which probability of the second of two classes on to decide for it, chosen on the validation images."""

    positive: str
    """The class."""
    value: float
    wanted_sensitivity: float = 0.0
    """What the recipe asks for; 0: the greatest sensitivity + specificity − 1 (Youden 1950)."""
    validation_sensitivity: float
    validation_specificity: float
    validation_images: int
    sensitivity: float | None = None
    """On the test images, as specificity and accuracy."""
    specificity: float | None = None
    accuracy: float | None = None


Verdict = Literal["holds", "does not hold", "too few images"]
"""On a target, by where an interval lies: above the drop that is allowed, below it, or around it."""


class RecallComparison(Measured):
    """The recall of one class by a variant less that by its baseline, on the test images of the class."""

    images: int
    """Test images of the class; with none the interval is all that there can be."""
    groups: int | None = None
    """Such as patients, where images of one are no independent witnesses; None: each image stands alone."""
    won: int
    """Images of the class that the baseline classifies wrongly, and this one rightly."""
    lost: int
    """The other way."""
    difference: float
    difference_ci95: tuple[float, float]
    """Tango's score interval; with groups that of as many independent images as they are worth."""
    max_drop: float
    """What the recipe's `target.max_recall_drop` allows."""
    verdict: Verdict


class PairedComparison(Measured):
    """A variant against another on the same test images."""

    against: str
    """The other variant."""
    images: int
    groups: int | None = None
    """Such as patients, where images of one are no independent witnesses; None: each image stands alone."""
    won: int
    """Images that the other classifies wrongly, and this one rightly."""
    lost: int
    """The other way."""
    difference: float
    """Of the accuracies: this one's less the other's."""
    difference_ci95: tuple[float, float]
    """Tango's score interval; with groups that of as many independent images as they are worth."""
    bootstrap_ci95: tuple[float, float] | None = None
    """The plain percentile bootstrap, over whole groups where there are some, for comparison with other programs: too
    narrow where few images change. None in runs of versions that did not tell."""
    p_value: float
    """That the two are equally accurate: McNemar's exact test, or with groups by exchanging the two in whole groups."""
    max_drop: float | None = None
    """What the recipe's `target.max_accuracy_drop` allows; None: it does not ask."""
    verdict: Verdict | None = None
    recall: dict[str, RecallComparison] = Field(default_factory=dict)
    """Of each class that the recipe's `target.max_recall_drop` names."""
    p_holm: float | None = None
    """Corrected for all variants that the run holds against the same one (Holm 1979)."""


class MicroFile(Measured):
    """The file for TensorFlow Lite Micro that a variant has beside its `.tflite`: the same kernels, stored smaller."""

    file: str
    """Relative to the run's directory, with forward slashes."""
    model_bytes: int
    zip_bytes: int
    """The file in a ZIP, DEFLATE level 9."""
    arena_bytes: int
    """What TensorFlow Lite Micro keeps its tensors in, on the computer that measured, whose pointers are longer than a
    microcontroller's."""
    plain_arena_bytes: int
    """The same for the variant's `.tflite`: less, as its kernels are read where they lie."""
    images: int
    """Test images on which TensorFlow Lite Micro runs both files; every number of the outputs is the same."""
    same_class: int
    """Of them, to how many it gives the class that LiteRT gives with the variant's `.tflite`, as figures are of."""


def variant_name(chain: str, branch: str) -> str:
    """What tells a variant from all others of its run, such as "int8", "int8 (64 px)" or "int8 (64 px, seed 2)"."""
    return f"{chain} ({branch})" if branch else chain


def branch_name(setting: str, repeat: str, trial: int | None = None) -> str:
    """What tells a trained baseline and its chains from the others of a run; empty where there is one only."""
    return ", ".join(filter(None, (setting, repeat, f"trial {trial}" if trial else "")))


class VariantMeasurement(Measured):
    """One `.tflite` file and its figures. The keys are those of the command line's `--json`."""

    chain: str
    """The chain's name; "baseline" for the float32 baseline."""
    setting: str = ""
    """The image setting, such as "64 px, JPEG 75"; empty where the recipe has one only."""
    seed: int | None = None
    """That its baseline was trained with; None in runs of versions that did not tell."""
    fold: int | None = None
    """Which part of the images it was tested on, from 1; None without cross-validation."""
    repeat: str = ""
    """Such as "seed 2, fold 1"; empty where the recipe repeats nothing."""
    trial: int | None = None
    """Of a search, from 1; None where there is none."""
    split: str = "split.csv"
    """Where the run's directory has its images with their splits."""
    steps: tuple[str, ...]
    """The labels of the steps, in order."""
    file: str
    """The `.tflite`, relative to the run's directory, with forward slashes."""
    file_sha256: str = ""
    """Of its content, 64 hexadecimal digits; empty in runs of versions that did not tell."""
    ranges_file: str = ""
    """What its calibration found as JSON, likewise; empty where nothing was calibrated."""
    accuracy: float
    """Share of the test images that are classified rightly, 0 to 1."""
    accuracy_ci95: tuple[float, float]
    """Wilson 95 % interval of the accuracy."""
    agreement: float | None
    """Share of the test images on which the file decides as the float32 baseline file of its image setting does; None
    where it was measured on another dataset (`dataset`), which the baseline does not know."""
    confusion: tuple[tuple[int, ...], ...] = ()
    """Test images: rows are true classes, columns predicted ones; empty in runs of versions that did not tell."""
    per_class: dict[str, ClassFigures] = Field(default_factory=dict)
    auc: ClassAreas | None = None
    validation_accuracy: float | None = None
    """Of the file on the validation images; None where no search asked for it."""
    balanced_accuracy: float | None = None
    """The mean recall of the classes."""
    macro_f1: float | None = None
    mcc: float | None = None
    """Matthews correlation coefficient, -1 to 1 (Gorodkin 2004 for several classes)."""
    ece: float | None = None
    """Expected calibration error, 0 to 1: 15 bins of the predicted class's probability (Guo et al. 2017)."""
    log_loss: float | None = None
    """Mean -ln of the true class's probability, in nats."""
    paired: PairedComparison | None = None
    """Against the baseline of its image setting; None of that itself, and where it was measured on another dataset."""
    paired_control: PairedComparison | None = None
    """Against its control; None where it has none."""
    threshold: DecisionThreshold | None = None
    """Of two classes; None where there are more, or the validation images are of one only."""
    predictions: str = ""
    """The file with its probabilities for each test image, relative to the run's directory; empty: none was kept."""
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
    """(1, 1) of a baseline, and of a variant that was not yet timed in turn with it."""
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
    diverged: bool = False
    """Whether its training, or that of a network which it was made from, has most likely diverged, as `note` tells: its
    figures are no result."""
    dataset: str = ""
    """Whose test images it was measured on, where a step went over to another dataset than the recipe's."""
    evidence: tuple[StageEvidence, ...] = ()
    """What the chain's steps found beside what they made, in order."""
    pruning_rounds: tuple[dict[str, Any], ...] = ()
    """Of the chain's one-shot and iterative prunings, in order; the same as in `evidence`."""
    micro: MicroFile | None = None
    """None: none was asked for, or it would be no smaller."""
    runtimes: dict[str, RuntimeFigures] = Field(default_factory=dict)
    """Runtime's key → how it runs the file; empty in runs of versions that did not try."""
    delegates: dict[str, DelegateForecast] = Field(default_factory=dict)
    """Delegate's key → what it leaves to the CPU, by rule; empty in runs of versions that did not tell."""
    limits: tuple[KeptLimit, ...] = ()
    """How the file stands to what the recipe's `[target]` asks of it beside accuracy; empty: nothing is asked."""
    images: ImageBytes | None = None
    """What its image setting makes of the dataset; None in runs of versions that did not tell."""

    @property
    def is_timed_in_turn(self) -> bool:
        """Whether its latency ratio was measured."""
        return self.chain == BASELINE or self.latency_ratio_ci95 != (1.0, 1.0)

    @property
    def name(self) -> str:
        """What tells it from all other variants of its run."""
        return variant_name(self.chain, self.branch)

    @property
    def branch(self) -> str:
        """Which trained baseline it comes from; empty where there is one only."""
        return branch_name(self.setting, self.repeat, self.trial)


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
    repeat: str = ""
    """Which repetition, likewise."""
    epoch: int
    accuracy: float
    accuracy_ci95: tuple[float, float]
    """Wilson 95 % interval."""

    @property
    def branch(self) -> str:
        return branch_name(self.setting, self.repeat)
