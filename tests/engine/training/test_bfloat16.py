"""Computing in bfloat16: it is used, weights and probabilities stay float32, and it is never left out silently."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from engine.contract.errors import NutshellError
from engine.contract.training_settings import Precision, TrainingSettings
from engine.launch.bfloat16_processor import multiplies_bfloat16
from engine.training.plan import TrainingPlan
from engine.workbench.step_context import StepContext
from tests.small_study import untrained

pytestmark = [
    pytest.mark.usefixtures("small_context"),
    pytest.mark.skipif(not multiplies_bfloat16(), reason="the processor does not compute in bfloat16"),
]
BATCH = 16


def one_update(context: StepContext, precision: Precision) -> tuple[Any, np.ndarray]:
    """A network after one batch, and its probabilities for that batch."""
    import tensorflow as tf

    from engine.training.graph_building import compiled
    from engine.training.objective import CrossEntropy
    from engine.training.precision import computing_in
    from engine.training.update import Optimizers, training_step

    model = untrained(context).model
    images, labels = context.pipeline.feed(context.dataset.images[:BATCH]), context.dataset.labels[:BATCH]
    probabilities = tf.Variable(tf.zeros((BATCH, *model.outputs[0].shape[1:])))

    def outputs(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        probabilities.assign(model(images, training=False))
        return tf.constant(0.0), tf.constant(0)

    with computing_in(precision) as scale:
        assert scale is None
        optimizers = Optimizers(model, TrainingPlan.of_recipe(TrainingSettings()))
        training_step(model, optimizers, (), CrossEntropy(model))(images, labels)
        compiled(outputs, model)(images, labels)
    return model, probabilities.numpy()


def test_convolutions_are_rounded_and_weights_and_probabilities_are_not(small_context: StepContext) -> None:
    before = dict(os.environ)
    exact, exact_probabilities = one_update(small_context, "float32")
    rounded, probabilities = one_update(small_context, "mixed_bfloat16")
    assert dict(os.environ) == before
    difference = np.abs(probabilities - exact_probabilities).max()
    assert 1e-6 < difference < 0.1, "otherwise bfloat16 is not used, or not only there"
    assert (probabilities.view(np.uint32) & 0xFFFF).any(), "probabilities have more digits than bfloat16"
    for weights in (*rounded.get_weights(), *exact.get_weights()):
        assert weights.dtype == np.float32
    kernels = [values for values in rounded.get_weights() if values.ndim == 4]
    assert all((values.view(np.uint32) & 0xFFFF).any() for values in kernels)


def test_it_is_refused_where_onednn_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.training.precision import computing_in

    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    with pytest.raises(NutshellError, match="bfloat16 needs oneDNN"), computing_in("mixed_bfloat16"):
        pass
