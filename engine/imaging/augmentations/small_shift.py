"""Moves images a little, by as many pixels as a hand or a probe does."""

from __future__ import annotations

from typing import ClassVar

from engine.imaging.augmentations.pad_crop import PadCrop


class SmallShift(PadCrop):
    key: ClassVar[str] = "small_shift"
    title: ClassVar[str] = "Small shift"
    summary: ClassVar[str] = (
        "Pads each image by a sixteenth of its side, mirrored at the edge, and crops it at a random place."
    )
    assumes: ClassVar[str] = "Some pixels more or less at the edges do not change the class."
    paper: ClassVar[str] = "As pad_crop, half as far"
    padded_share: ClassVar[float] = 1 / 16
