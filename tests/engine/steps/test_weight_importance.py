"""Single weights go by what the loss would lose: the figures are those of finite differences, and targets are met."""

from __future__ import annotations

import numpy as np
import pytest

from engine.export.tflite_conversion import float32_tflite
from engine.measurement.tflite_file import TfliteFile
from engine.steps.magnitude_pruning.importance import importance
from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.steps.magnitude_pruning.step import MagnitudePruning
from engine.training.kernels import kernels
from engine.training.objective import cross_entropy
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.engine.steps.test_channel_allocation import images, network
from tests.engine.steps.test_magnitude_pruning import prune, sparsities
from tests.step_place import after

IMAGES = 6


@pytest.mark.parametrize("criterion", ["taylor", "fisher"])
def test_it_is_what_the_loss_of_each_image_would_lose(criterion: str) -> None:
    model, seen = network(), images(IMAGES)
    kernel = kernels(model)["conv2"]
    weights = kernel.numpy()
    weights[0, 0, 0, 0] = 0
    kernel.assign(weights)
    (found,) = importance(model, [kernel], criterion, seen)  # type: ignore[arg-type]
    assert found.shape == weights.shape
    assert found[0, 0, 0, 0] == 0
    assert np.count_nonzero(found) == np.count_nonzero(weights)

    def losses(place: tuple[int, ...], share: float) -> np.ndarray:
        changed = weights.copy()
        changed[place] *= share
        kernel.assign(changed)
        return np.asarray(cross_entropy(model(np.stack(seen.images), training=False), seen.labels), dtype=np.float64)

    strongest = np.argsort(found, axis=None)[-5:]
    for place in zip(*np.unravel_index(strongest, found.shape), strict=True):
        of_each_image = (losses(place, 1.01) - losses(place, 0.99)) / 0.02
        lost = np.abs(of_each_image) if criterion == "taylor" else np.square(of_each_image) / 2
        assert found[place] == pytest.approx(lost.mean(), rel=0.03)


@pytest.mark.parametrize("criterion", ["taylor", "fisher"])
@pytest.mark.parametrize(
    "given",
    [
        {"schedule": "one_shot", "epochs": 0, "scope": "global"},
        {"schedule": "iterative", "rounds": 2},
        {"schedule": "constant"},
        {"schedule": "one_shot", "epochs": 0, "pattern": "2:4"},
        {"schedule": "one_shot", "epochs": 0, "pattern": "block", "norm": "l2"},
    ],
    ids=lambda given: "-".join(map(str, given.values())),
)
def test_the_target_is_met_and_kept_into_the_file(
    small_context: StepContext, trained_network: Network, criterion: str, given: dict[str, object]
) -> None:
    parameters, pruned = prune(
        small_context, trained_network, criterion=criterion, criterion_images=IMAGES, sparsity=0.7, **given
    )
    assert np.average(sparsities(pruned), weights=sizes(pruned)) >= parameters.target_sparsity - 0.01
    MagnitudePruning().check_promise(parameters, pruned, TfliteFile.parse(float32_tflite(pruned.model)))


def sizes(network: Network) -> list[int]:
    return [int(np.prod(kernel.shape)) for kernel in kernels(network.model, "conv").values()]


def test_criteria_choose_differently_and_lose_less(small_context: StepContext, trained_network: Network) -> None:
    """On the images that they look at, the loss rises least by the criteria that look at it."""
    seen = small_context.labelled_images(IMAGES)
    batch, losses = np.stack(seen.images), {}
    for criterion in ("magnitude", "taylor", "fisher"):
        _, pruned = prune(
            small_context,
            trained_network,
            criterion=criterion,
            criterion_images=IMAGES,
            schedule="one_shot",
            epochs=0,
            scope="global",
            sparsity=0.5,
        )
        losses[criterion] = float(np.mean(cross_entropy(pruned.model(batch, training=False), seen.labels)))
    before = float(np.mean(cross_entropy(trained_network.model(batch, training=False), seen.labels)))
    assert len({round(one, 6) for one in losses.values()}) == 3
    assert max(losses["taylor"], losses["fisher"]) - before < losses["magnitude"] - before


def test_weights_that_are_zero_stay_the_first_to_go(small_context: StepContext, trained_network: Network) -> None:
    given = {"criterion": "fisher", "criterion_images": IMAGES, "schedule": "one_shot", "epochs": 0}
    _, half = prune(small_context, trained_network, sparsity=0.5, **given)
    _, more = prune(small_context, half, sparsity=0.7, **given)
    for name, kernel in kernels(half.model, "conv").items():
        assert not kernels(more.model, "conv")[name].numpy()[kernel.numpy() == 0].any()


def test_a_growing_share_is_refused_with_a_repair() -> None:
    parameters = MagnitudePruningParameters(criterion="taylor")
    (finding,) = MagnitudePruning().findings(parameters, after())
    assert "take iterative, one_shot or constant" in finding.message
    assert finding.repair is not None
    assert parameters.label() == "pruning 80 % by taylor"


def test_images_that_magnitudes_do_not_need_name_no_other_stage() -> None:
    one, other = (MagnitudePruningParameters(criterion_images=count) for count in (8, 9))
    assert one.stage_document() == other.stage_document()
    one, other = (other.model_copy(update={"criterion": "fisher"}) for other in (one, other))
    assert one.stage_document() != other.stage_document()


def test_rounds_that_begin_below_the_zeros_there_are_warned_of() -> None:
    earlier = MagnitudePruningParameters(sparsity=0.6)
    later = MagnitudePruningParameters(schedule="iterative", sparsity=0.8)
    (finding,) = MagnitudePruning().findings(later, after(earlier))
    assert "0.6 zeros already" in finding.message
    assert finding.repair is not None
    assert not [*MagnitudePruning().findings(later.model_copy(update={"start_sparsity": 0.6}), after(earlier))]
