"""The rows of the matrix: every registered backbone, and what its options make of it."""

from __future__ import annotations

from engine.backbones.backbone import BACKBONES
from engine.contract.recipe import BackboneSettings
from tests.matrix.cell import WIDTH

VARIANTS = {"vgg16 batch_norm": {"kind": "vgg16", "options": {"variant": "batch_norm"}}}


def rows() -> dict[str, BackboneSettings]:
    """Title → settings."""
    every = {key: {"kind": key} for key in BACKBONES} | VARIANTS
    return {title: BackboneSettings.model_validate({"width": WIDTH, **settings}) for title, settings in every.items()}
