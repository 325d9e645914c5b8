"""The search on real small networks: the same twice, ended where it diverges, and a frozen base stays as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.errors import Cancelled
from engine.contract.rate_curve import TriedRate
from engine.datasets.source import Split
from engine.training.control import Control
from engine.training.held_out import HELD_OUT_IMAGES, held_out_rows
from engine.training.plan import TrainingPlan
from engine.training.rate_finder import Sweep, sweep_rates
from engine.training.rate_suggestion import suggested_rate
from engine.workbench.step_context import StepContext
from tests.small_study import make_context, two_layers

BATCHES = 100


def sweep(context: StepContext, model: Any, batches: int = BATCHES, **changes: Any) -> Sweep:
    plan = replace(TrainingPlan.of_recipe(context.recipe.training), **changes)
    return sweep_rates(context.trainer, model, plan, batches, held_out_rows(context.dataset, 7))


def test_the_same_recipe_gives_the_same_curve(small_context: StepContext) -> None:
    first, second = (sweep(small_context, two_layers(small_context), 40) for _ in range(2))
    assert first.tried == second.tried
    assert (first.start_loss, first.diverged) == (second.start_loss, second.diverged)


def test_a_real_network_gets_a_suggestion_within_its_curve(small_context: StepContext) -> None:
    found = sweep(small_context, two_layers(small_context))
    suggestion, _ = suggested_rate(found.tried, found.start_loss, np.log(2))
    assert suggestion is not None
    assert found.tried[0].rate < suggestion.low < suggestion.rate <= suggestion.high <= found.tried[-1].rate * 1.05
    assert suggestion.lowest <= found.tried[-1].rate * 1.05
    # At the lowest rates nothing changes yet.
    assert found.tried[0].loss == pytest.approx(found.start_loss, rel=1e-3)


def test_it_ends_where_the_loss_diverges(small_context: StepContext) -> None:
    found = sweep(small_context, two_layers(small_context), learning_rate=1e-3, head_learning_rate=10.0)
    assert found.diverged
    assert 10 < len(found.tried) < BATCHES
    assert found.tried[-1].smoothed_loss > 4 * min(one.smoothed_loss for one in found.tried)


def test_a_frozen_base_stays_as_it_is(small_context: StepContext) -> None:
    model = two_layers(small_context, freeze_base=True)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    sweep(small_context, model, 40)
    for name in ("conv", "bn"):
        for old, new in zip(before[name], model.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
    assert not np.array_equal(before["classifier"][0], model.get_layer("classifier").get_weights()[0])


def test_it_searches_with_mixed_images_too(small_context: StepContext) -> None:
    plain, mixed = (
        sweep(small_context, two_layers(small_context), 10, augment=names) for names in ((), ("mixup", "cutmix"))
    )
    assert len(mixed.tried) == 10
    assert mixed.start_loss == plain.start_loss, "the held-out images are not mixed"
    # Per image, whatever the labels are made of.
    assert mixed.tried[0].batch_loss == pytest.approx(plain.tried[0].batch_loss, rel=0.5)


def test_the_heads_rate_keeps_its_ratio(small_context: StepContext) -> None:
    alone = sweep(small_context, two_layers(small_context), 30, learning_rate=1e-3, head_learning_rate=1e-3)
    larger = sweep(small_context, two_layers(small_context), 30, learning_rate=1e-4, head_learning_rate=1e-2)
    assert [one.rate for one in alone.tried] == [one.rate for one in larger.tried]
    assert alone.tried[15].loss != larger.tried[15].loss


def test_a_cancelled_search_ends_at_the_next_batch(small_context: StepContext) -> None:
    control, tried = Control(), []

    def cancel_at_third(one: TriedRate, done: int, seconds_left: float) -> None:
        tried.append(one)
        assert seconds_left >= 0
        if done == 3:
            control.cancel()

    trainer = replace(small_context.trainer, control=control)
    plan = TrainingPlan.of_recipe(small_context.recipe.training)
    rows = held_out_rows(small_context.dataset, 7)
    with pytest.raises(Cancelled):
        sweep_rates(trainer, two_layers(small_context), plan, 30, rows, cancel_at_third)
    assert len(tried) == 3


def test_the_held_out_images_are_validation_images_filled_up(small_context: StepContext, tmp_path: Path) -> None:
    dataset = small_context.dataset
    rows = held_out_rows(dataset, 7)
    validation = dataset.splits[Split.VALIDATION]
    usable = len(validation) + len(dataset.splits[Split.TRAIN])
    assert len(set(rows.tolist())) == len(rows) == min(HELD_OUT_IMAGES, usable)
    assert set(validation.tolist()) <= set(rows.tolist()), "12 of 80 images: too few alone"
    assert not set(rows.tolist()) & set(dataset.splits[Split.TEST].tolist())
    np.testing.assert_array_equal(rows, held_out_rows(make_context(tmp_path).dataset, 7))


def test_mixed_images_are_trained_on_too(small_context: StepContext) -> None:
    found = sweep(small_context, two_layers(small_context), 30, augment=("mixup",))
    plain = sweep(small_context, two_layers(small_context), 30, augment=())
    assert len(found.tried) == 30
    assert found.start_loss == plain.start_loss, "the held-out images are not mixed"
    assert found.tried[0].batch_loss == pytest.approx(plain.tried[0].batch_loss, rel=0.5), "a mean per image"
