"""The training table of a recipe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from engine.contract.augmentation import AUGMENTATIONS, known_augmentation, usual_order
from engine.contract.automatic import AUTO, RealOrAuto, WholeOrAuto
from engine.contract.document import Document
from engine.contract.section import Section

Precision = Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"]


def _ascending(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers)))


MAX_AUTOMATIC_EPOCHS = 300
"""Of a training whose length is automatic."""
Epochs = Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], AfterValidator(_ascending)]
"""Epochs, counted from 1, ascending, each once."""


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f'"{twice}" is named twice; each augmentation is applied once')
    return names


Augmentations = Annotated[
    tuple[Annotated[str, AfterValidator(known_augmentation)], ...],
    AfterValidator(_each_once),
]
"""Keys of augmentations, in the order in which they are applied, each once."""


def _list_augmentations(schema: Document) -> None:
    # Added when a schema is asked for: the registry reads its package then.
    keys = usual_order(AUGMENTATIONS)
    schema["items"]["enum"] = keys
    schema["names"] = {key: AUGMENTATIONS[key].title for key in keys}


def epochs_text(epochs: int, open_ended: bool) -> str:
    """How many epochs a stage trains, for tables."""
    return AUTO if open_ended else str(epochs or "–")


class TrainingSettings(Section):
    """How the baseline is trained; steps that train use the same settings, except those for the baseline only."""

    train: bool = Field(
        True, title="Train", description="Off: the baseline is the network exactly as in its weights file."
    )
    epochs: WholeOrAuto = Field(
        None,
        ge=1,
        le=10_000,
        title="Epochs",
        description="auto: trains until nothing more is gained on the validation images, then lets the learning rate "
        "fall to the end; within the time budget.",
        json_schema_extra={"default": AUTO},
    )
    budget_minutes: float = Field(
        60.0,
        ge=0,
        le=100_000,
        title="Time budget",
        description="The longest that the epochs of a training of automatic length take; 0: no limit.",
        json_schema_extra={"unit": "minutes", "zero": "no limit", "shown_for": {"epochs": [None]}},
    )
    batch_size: int = Field(32, ge=1, le=4096, title="Batch size", description="Images.")
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = Field(
        "adamw", title="Optimizer", description="adamw: decoupled weight decay; the others: L2 penalty."
    )
    momentum: float = Field(
        0.9,
        ge=0,
        lt=1,
        title="Momentum",
        description="For sgd, in Nesterov's form.",
        json_schema_extra={"shown_for": {"optimizer": ["sgd"]}},
    )
    learning_rate: RealOrAuto = Field(
        None,
        gt=0,
        le=10,
        title="Learning rate",
        description="auto: at batches of 32 images 0.006 for adamw, 0.003 for adam, 0.05 for sgd, 0.001 for rmsprop; "
        "more for larger batches; a sixth of it without batch normalisation or with weights of a file.",
        json_schema_extra={"default": AUTO},
    )
    head_learning_rate: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Head learning rate",
        description="0: the same.",
        json_schema_extra={"zero": "the same"},
    )
    weight_decay: RealOrAuto = Field(
        None,
        ge=0,
        le=1,
        title="Weight decay",
        description="Applies to kernels, not to biases and normalisation; decoupled for adamw (Loshchilov and Hutter "
        "2019). auto: 0.05 for adamw, 0.0005 for sgd, none for the others.",
        json_schema_extra={"default": AUTO},
    )
    schedule: Literal["constant", "cosine", "step"] = Field(
        "cosine",
        title="Schedule",
        description="How the learning rate falls over the epochs; where their number is automatic, after nothing "
        "more is gained, and with constant the training ends then.",
    )
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
    augment: Augmentations = Field(
        ("small_shift",),
        title="Augmentation",
        description="Random changes to the training images, applied in this order.",
        json_schema_extra=_list_augmentations,
    )
    warmup_epochs: WholeOrAuto = Field(
        None,
        ge=0,
        le=1000,
        title="Warm-up",
        description="The learning rate rises linearly over this many epochs before the schedule starts (Goyal et al. "
        "2017). auto: over a tenth of the epochs; where their number is automatic, over 200 batches, but over 1 to 5 "
        "epochs.",
        json_schema_extra={"default": AUTO, "unit": "epochs", "advanced": True, "zero": "none"},
    )
    label_smoothing: float = Field(
        0.1,
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
        description="Stops the training when it has not improved on the validation images for this many epochs, or, "
        "where their number is automatic, lets the learning rate fall then; 0: off, or automatic.",
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

    precision: Precision = Field(
        "auto",
        title="Precision",
        description="auto and mixed_float16: 16 bits on graphics cards with tensor cores; processors compute in "
        "float32. mixed_bfloat16: 16 bits on processors with AVX-512 BF16 or AMX, faster where layers are wide; the "
        "same recipe then gives slightly different weights on each kind of processor.",
        json_schema_extra={"advanced": True, "names": {"auto": "automatic"}},
    )

    @property
    def is_open_ended(self) -> bool:
        """Whether the number of epochs is found while the baseline trains."""
        return self.train and self.epochs is None

    @property
    def trained_epochs(self) -> int:
        """Epochs that the baseline trains; at most, where their number is automatic."""
        if not self.train:
            return 0
        return self.epochs or MAX_AUTOMATIC_EPOCHS

    @model_validator(mode="after")
    def _epochs_lie_within(self) -> TrainingSettings:
        if self.epochs is None and self.schedule == "step":
            raise ValueError('schedule = "step" needs a number of epochs; give epochs, or choose another schedule')
        last = self.epochs or MAX_AUTOMATIC_EPOCHS
        told = f"epochs = {last}" if self.epochs else f"an automatic training has {last} epochs at most"
        if self.warmup_epochs and self.warmup_epochs >= last:
            raise ValueError(f"warmup_epochs must be below {last}, or the schedule never begins: {told}")
        for name in ("step_epochs", "test_epochs"):
            if max(getattr(self, name), default=0) > last:
                raise ValueError(f"{name} names epoch {max(getattr(self, name))}, and {told}")
        if self.unfreeze_epoch > last:
            raise ValueError(f"unfreeze_epoch = {self.unfreeze_epoch} is never reached, because {told}")
        return self
