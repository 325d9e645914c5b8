"""What is read off a curve of losses over rates: the steepest descent, a range, or nothing."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract.rate_curve import TriedRate, with_rate
from engine.contract.training_settings import TrainingSettings
from engine.training.held_out import guessing_loss
from engine.training.rate_range import MAX_BATCHES, MIN_BATCHES, SmoothedLoss, planned_batches, tried_rates
from engine.training.rate_suggestion import suggested_rate

GUESSING = float(np.log(2))


def curve(losses: np.ndarray, optimizer: str = "adam") -> list[TriedRate]:
    rates = tried_rates(optimizer, len(losses))
    values = zip(rates, losses.tolist(), strict=True)
    return [TriedRate(rate=rate, batch_loss=loss, loss=loss, smoothed_loss=loss) for rate, loss in values]


def descent(middle: float, rise: float, batches: int = 121) -> np.ndarray:
    """Losses that fall from 0.7 to 0.4 around log10(rate) = `middle`, and rise steeply after `rise`."""
    places = np.log10(tried_rates("adam", batches))
    return 0.7 - 0.3 / (1 + np.exp(-4 * (places - middle))) + 5 * np.maximum(places - rise, 0.0) ** 2


def test_the_suggestion_is_the_steepest_descent_within_its_range() -> None:
    found, remark = suggested_rate(curve(descent(-3.0, -1.5)), 0.7, GUESSING)
    assert found is not None
    assert remark == ""
    assert found.rate == pytest.approx(1e-3, rel=0.15)
    assert found.low == pytest.approx(found.rate / 3, rel=0.05)
    assert 2.8 * found.rate <= found.high <= 10.5 * found.rate
    assert 10**-2.5 < found.lowest < 10**-1.2


@pytest.mark.parametrize("losses", [np.full(100, 0.7), np.linspace(0.7, 2.0, 100), 0.7 - np.linspace(0, 0.005, 100)])
def test_a_curve_that_never_falls_has_no_suggestion(losses: np.ndarray) -> None:
    found, remark = suggested_rate(curve(losses), 0.7, GUESSING)
    assert found is None
    assert "no suggestion" in remark


def test_no_better_than_guessing_is_told() -> None:
    found, remark = suggested_rate(curve(descent(-3.0, -1.5) + 0.5), 1.2, GUESSING)
    assert found is not None
    assert "uncertain" in remark


def test_a_descent_at_the_highest_rates_of_a_network_that_guesses_is_chance() -> None:
    found, remark = suggested_rate(curve(descent(-0.6, 1.0) + 0.5), 1.2, GUESSING)
    assert found is None
    assert "chance" in remark


def test_a_search_that_ended_at_once_has_no_suggestion() -> None:
    assert suggested_rate([], 0.7, GUESSING)[0] is None


@pytest.mark.parametrize(("optimizer", "top"), [("adam", 1.0), ("adamw", 1.0), ("rmsprop", 1.0), ("sgd", 10.0)])
def test_rates_rise_by_one_factor(optimizer: str, top: float) -> None:
    rates = np.array(tried_rates(optimizer, 120))
    assert (rates[0], rates[-1]) == (pytest.approx(1e-6), pytest.approx(top))
    np.testing.assert_allclose(rates[1:] / rates[:-1], (top / 1e-6) ** (1 / 119))


def test_the_smoothed_loss_is_the_corrected_mean() -> None:
    losses = np.random.default_rng(7).uniform(0.5, 1.0, 30)
    smoothed = SmoothedLoss()
    told = [smoothed.add(float(loss)) for loss in losses]
    for count in (1, 2, 30):
        weights = 0.8 ** np.arange(count)[::-1]
        assert told[count - 1] == pytest.approx(float((weights * losses[:count]).sum() / weights.sum()))
    assert not smoothed.has_diverged
    for _ in range(20):
        smoothed.add(10.0)
    assert smoothed.has_diverged
    smoothed = SmoothedLoss()
    smoothed.add(float("nan"))
    assert smoothed.has_diverged


def test_the_number_of_batches_follows_the_arithmetic_alone() -> None:
    assert planned_batches(1_000, 32, 64) == MAX_BATCHES
    assert planned_batches(4_000_000_000, 32, 64) == MIN_BATCHES
    between = planned_batches(10_000_000, 32, 64)
    assert MIN_BATCHES < between < MAX_BATCHES
    assert planned_batches(11_000_000, 32, 64) < between


def test_guessing_costs_the_entropy_of_the_classes() -> None:
    assert guessing_loss(np.array([0, 1, 0, 1]), 2) == pytest.approx(np.log(2))
    assert guessing_loss(np.array([0, 0, 0, 1]), 3) == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))


def test_a_rate_of_the_head_keeps_its_ratio() -> None:
    training = TrainingSettings(learning_rate=1e-3, head_learning_rate=1e-2)
    assert with_rate(training, 2e-3, 10.0) == training.model_copy(
        update={"learning_rate": 2e-3, "head_learning_rate": 2e-2}
    )
    assert with_rate(training, 5.0, 10.0).head_learning_rate == 10.0
    assert with_rate(TrainingSettings(), 0.5, 1.0).head_learning_rate == 0.0
