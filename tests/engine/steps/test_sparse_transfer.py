"""A transfer keeps the zeros, brings a new last layer, and trains no more than it is told to."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract.errors import PromiseBroken
from engine.export.tflite_conversion import float32_tflite
from engine.measurement.tflite_file import TfliteFile
from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.steps.magnitude_pruning.step import MagnitudePruning
from engine.steps.sparse_transfer.step import SparseTransfer, SparseTransferParameters
from engine.training.kernels import kernels
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.small_study import forget_training, untrained


@pytest.fixture(scope="module")
def pruned(small_context: StepContext) -> Network:
    forget_training(small_context)
    parameters = MagnitudePruningParameters(schedule="one_shot", sparsity=0.9, epochs=0, layers="all")
    return MagnitudePruning().apply(parameters, untrained(small_context), small_context)


def test_only_the_new_last_layer_trains_where_the_base_is_frozen(small_context: StepContext, pruned: Network) -> None:
    forget_training(small_context)
    parameters = SparseTransferParameters(epochs=1, freeze_base=True)
    made = SparseTransfer().apply(parameters, pruned, small_context)
    before, after = kernels(pruned.model), kernels(made.model)
    *base, head = after
    for name in base:
        assert np.array_equal(after[name].numpy(), before[name].numpy()), name
    assert (after[head].numpy() != 0).all(), "the new last layer is not pruned"
    assert made.facts.pruned_layers == tuple(base)
    assert made.facts.trainable_parameters == after[head].shape.num_elements() + 1
    file = TfliteFile.parse(float32_tflite(made.model))
    SparseTransfer().check_promise(parameters, made, file)
    assert made.facts.carried_zeros == sum(int((after[name].numpy() == 0).sum()) for name in base)
    dense = TfliteFile.parse(float32_tflite(untrained(small_context).model))
    with pytest.raises(PromiseBroken, match=r"must keep the [\d,]+ zeros of the pruning, and the file has"):
        SparseTransfer().check_promise(parameters, made, dense)
