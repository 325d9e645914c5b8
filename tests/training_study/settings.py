"""The training settings that are compared: the defaults, each of them changed, and what they replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.training_settings import TrainingSettings

EPOCHS = 8
BACKBONES: Mapping[str, BackboneSettings] = MappingProxyType(
    {
        "resnet18 ×0.25": BackboneSettings(kind="resnet18", width=0.25),
        "mobilenet_v2 ×0.35": BackboneSettings(kind="mobilenet_v2", width=0.35),
        "vgg16 ×0.25": BackboneSettings(kind="vgg16", width=0.25),
    }
)
FINE_TUNED: Mapping[str, BackboneSettings] = MappingProxyType({"resnet18 ×0.25": BACKBONES["resnet18 ×0.25"]})
"""Those that the steps' learning rates are compared on."""
DEFAULTS = "the defaults"
EARLIER: Mapping[str, object] = MappingProxyType(
    {
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup_epochs": 0,
        "label_smoothing": 0.0,
        "augment": (),
    }
)
"""What a plain Keras user writes: Adam at 1e-3, and nothing else."""


@dataclass(frozen=True)
class Change:
    """What is changed of the defaults."""

    training: Mapping[str, object] = field(default_factory=dict)
    rate_share: float = 1.0
    """Multiplies the automatic learning rate."""
    batch_norm_momentum: float | None = None
    """Of every batch normalisation; None: the network's own, 0.9."""
    average_decay: float | None = None
    """The network that is tested has the exponential moving average of all weights."""


CHANGED: Mapping[str, Change] = MappingProxyType(
    {
        DEFAULTS: Change(),
        "plain Adam, 1e-3": Change(EARLIER),
        "rate × 1/2": Change(rate_share=0.5),
        "rate × 2": Change(rate_share=2.0),
        "no warm-up": Change({"warmup_epochs": 0}),
        "no label smoothing": Change({"label_smoothing": 0.0}),
        "no augmentation": Change({"augment": ()}),
        "pad_crop": Change({"augment": ("pad_crop",)}),
        "batches of 128": Change({"batch_size": 128}),
        "sgd": Change({"optimizer": "sgd"}),
        "batch-norm momentum 0.99": Change(batch_norm_momentum=0.99),
        "average of weights, 0.99": Change(average_decay=0.99),
    }
)


def training_settings(change: Change) -> TrainingSettings:
    """The defaults for `EPOCHS` epochs with a change."""
    return TrainingSettings.model_validate({"epochs": EPOCHS, **change.training})
