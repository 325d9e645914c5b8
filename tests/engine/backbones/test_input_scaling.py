"""The range of pixels that a saved network takes is known, or it is refused: a guess gives wrong answers in silence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.backbones.input_scaling import input_scaling
from engine.contract.errors import DataError


def saved(folder: Path, before: Sequence[Any]) -> Path:
    import keras

    image = x = keras.Input((16, 16, 1))
    for layer in before:
        x = layer(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(x))
    path = folder / "network.keras"
    keras.Model(image, keras.layers.Dense(2, activation="softmax")(x)).save(path)
    return path


def test_scalings_in_a_row_count_together(tmp_path: Path) -> None:
    from keras import layers

    scaling = input_scaling(saved(tmp_path, [layers.Rescaling(1.0), layers.Rescaling(1 / 255)]))
    assert (scaling.scale, scaling.max_pixel) == ("unit", 255.0)


@pytest.mark.parametrize("kind", ["sixteen bits", "twelve bits", "normalised", "after padding"])
def test_what_is_not_known_is_refused(tmp_path: Path, kind: str) -> None:
    from keras import layers

    before = {
        "sixteen bits": [layers.Rescaling(1 / 65535)],
        "twelve bits": [layers.Rescaling(1 / 4095)],
        "normalised": [layers.Normalization(mean=[32000.0], variance=[3.6e8])],
        "after padding": [layers.ZeroPadding2D(1), layers.Rescaling(1 / 255)],
    }[kind]
    with pytest.raises(DataError, match=r"save (the model|it) again"):
        input_scaling(saved(tmp_path, before))


def test_a_file_that_says_nothing_has_no_scale(tmp_path: Path) -> None:
    from keras import layers

    assert input_scaling(saved(tmp_path, [layers.BatchNormalization()])).scale == ""
