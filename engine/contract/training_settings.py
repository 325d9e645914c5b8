"""The training table of a recipe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from engine.contract.section import Section

Augmentation = Literal["hflip", "vflip", "rotate", "autoaugment_cifar"]


def _ascending(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers)))


Epochs = Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], AfterValidator(_ascending)]
"""Epochs, counted from 1, ascending, each once."""


class TrainingSettings(Section):
    """How the baseline is trained; steps that train use the same settings, except those for the baseline only."""

    train: bool = Field(
        True, title="Train", description="Off: the baseline is the network exactly as in its weights file."
    )
    epochs: int = Field(10, ge=1, le=10_000, title="Epochs")
    batch_size: int = Field(32, ge=1, le=4096, title="Batch size", description="Images.")
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = Field(
        "adam", title="Optimizer", description="adamw: decoupled weight decay; the others: L2 penalty."
    )
    momentum: float = Field(
        0.9,
        ge=0,
        lt=1,
        title="Momentum",
        description="For sgd, in Nesterov's form.",
        json_schema_extra={"shown_for": {"optimizer": ["sgd"]}},
    )
    learning_rate: float = Field(1e-3, gt=0, le=10, title="Learning rate")
    head_learning_rate: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Head learning rate",
        description="0: the same.",
        json_schema_extra={"zero": "the same"},
    )
    weight_decay: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Weight decay",
        description="Applies to kernels, not to biases and normalisation; decoupled for adamw (Loshchilov and Hutter "
        "2019).",
    )
    schedule: Literal["constant", "cosine", "step"] = Field("constant", title="Schedule")
    step_epochs: Epochs = Field(
        (),
        title="Steps after epochs",
        description="After each of these epochs the learning rate is multiplied by the step factor; empty: after "
        "half and three quarters of the epochs.",
        json_schema_extra={"shown_for": {"schedule": ["step"]}, "empty": "half and three quarters of the epochs"},
    )
    step_factor: float = Field(
        0.1,
        gt=0,
        lt=1,
        title="Step factor",
        json_schema_extra={"shown_for": {"schedule": ["step"]}},
    )
    augment: tuple[Augmentation, ...] = Field(
        (),
        title="Augmentation",
        json_schema_extra={
            "names": {
                "hflip": "flip left–right",
                "vflip": "flip up–down",
                "rotate": "rotate",
                "autoaugment_cifar": "AutoAugment (CIFAR)",
            }
        },
    )
    warmup_epochs: int = Field(
        0,
        ge=0,
        le=1000,
        title="Warm-up",
        description="The learning rate rises linearly over this many epochs before the schedule starts (Goyal et al. "
        "2017).",
        json_schema_extra={"unit": "epochs", "advanced": True, "zero": "none"},
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Label smoothing",
        description="The share of each label that is spread over all classes (Szegedy et al. 2016).",
        json_schema_extra={"advanced": True},
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none",
        title="Class weights",
        description="balanced: images of rarer classes get more weight.",
        json_schema_extra={"advanced": True},
    )
    early_stopping: int = Field(
        0,
        ge=0,
        le=10_000,
        title="Early stopping",
        description="Stops the training when it has not improved on the validation images for this many epochs; 0: "
        "off.",
        json_schema_extra={"unit": "epochs", "advanced": True, "zero": "off"},
    )
    restore_best: bool = Field(
        True,
        title="Restore the best epoch",
        description="Keep the weights of the epoch with the highest validation accuracy; off: of the last epoch.",
        json_schema_extra={"advanced": True},
    )
    unfreeze_epoch: int = Field(
        0,
        ge=0,
        le=10_000,
        title="Unfreeze from epoch",
        description="From this epoch on, a frozen base is trained too, except its batch normalisation; 0: never.",
        json_schema_extra={"advanced": True, "zero": "never"},
    )
    unfreeze_layers: int = Field(
        0,
        ge=0,
        le=1000,
        title="Layers to unfreeze",
        description="How many of the base's last convolutions and dense layers are then trained; 0: all.",
        json_schema_extra={"advanced": True, "zero": "all"},
    )
    test_epochs: Epochs = Field(
        (),
        title="Test after epochs",
        description="After each of these epochs the test images are classified too (Trad et al. 2022, table 1).",
        json_schema_extra={"advanced": True, "empty": "none"},
    )

    precision: Literal["auto", "float32", "mixed_float16"] = Field(
        "auto",
        title="Precision",
        description="auto and mixed_float16: 16 bits on graphics cards with tensor cores; processors always compute "
        "in float32."
        "",
        json_schema_extra={"advanced": True, "names": {"auto": "automatic"}},
    )

    @property
    def trained_epochs(self) -> int:
        """Epochs that the baseline trains."""
        return self.epochs if self.train else 0

    @model_validator(mode="after")
    def _epochs_lie_within(self) -> TrainingSettings:
        if self.warmup_epochs and self.warmup_epochs >= self.epochs:
            raise ValueError(f"warmup_epochs must be below epochs = {self.epochs}, or the schedule never begins")
        for name in ("step_epochs", "test_epochs"):
            if max(getattr(self, name), default=0) > self.epochs:
                raise ValueError(f"{name} names epoch {max(getattr(self, name))}, and epochs = {self.epochs}")
        if self.unfreeze_epoch > self.epochs:
            raise ValueError(f"unfreeze_epoch = {self.unfreeze_epoch} is never reached, because epochs = {self.epochs}")
        return self
