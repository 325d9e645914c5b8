"""The curve of a search for a learning rate in a terminal, and what to write into the recipe."""

from __future__ import annotations

import numpy as np
from rich.table import Table

from engine.contract.rate_curve import RateCurve, with_rate
from engine.contract.training_settings import TrainingSettings
from engine.language.sentence_recognition import recognised
from engine.language.speech import number_text, tr

ROWS = 16
BAR_CELLS = 40


def rate_table(curve: RateCurve) -> Table:
    """Some of the tried rates with their smoothed losses, as figures and as bars; the suggested one is marked."""
    table = Table(tr("learning rate"), tr("loss (nats)"), "", "", title=_title(curve), title_justify="left")
    shown = sorted(set(np.linspace(0, len(curve.tried) - 1, ROWS).round().astype(int).tolist()))
    suggested = curve.suggestion.rate if curve.suggestion else None
    marked = min(shown, key=lambda place: abs(np.log(curve.tried[place].rate / suggested))) if suggested else None
    losses = np.array([curve.tried[place].smoothed_loss for place in shown])
    # Far above the start the bars would say nothing of the descent.
    top, low = min(losses.max(), 2 * curve.start_loss - losses.min()), losses.min()
    for place, loss in zip(shown, losses, strict=True):
        share = min((loss - low) / (top - low), 1.0) if top > low else 1.0
        sign = tr("← suggested") if place == marked else ""
        bar = "█" * (1 + round(share * (BAR_CELLS - 1)))
        table.add_row(number_text(f"{curve.tried[place].rate:.1e}"), number_text(f"{loss:.4f}"), bar, sign)
    return table


def suggestion_text(curve: RateCurve, training: TrainingSettings) -> str:
    """The suggestion with its range, and the lines for the recipe; or why there is none."""
    found = curve.suggestion
    automatic = tr(", which is automatic") if training.learning_rate is None else ""
    now = tr("The recipe's own rate is {rate:.2g}{automatic}.", rate=curve.current_rate, automatic=automatic)
    remark = recognised(curve.remark)
    if found is None:
        return f"{remark} {now}"
    suggested = tr(
        "Suggested learning rate: {rate:g}, where the loss falls fastest; from {low:g} to {high:g} is reasonable.",
        rate=found.rate,
        low=found.low,
        high=found.high,
    )
    lines = [
        " ".join(filter(None, (suggested, remark, now))),
        tr("In the recipe:"),
        "[training]",
        f"learning_rate = {found.rate:g}",  # not shown
    ]
    if training.head_learning_rate:
        head = with_rate(training, found.rate, curve.head_rate_ratio)
        lines.append(f"head_learning_rate = {head.head_learning_rate:g}")  # not shown
    return "\n".join(lines)


def _title(curve: RateCurve) -> str:
    at = tr(" at {setting}", setting=curve.setting) if curve.setting else ""
    end = tr(", ended early as the loss rose") if curve.diverged else ""
    return tr(
        "Learning rates tried{at}: {optimizer}, {batches} batches of {batch_size} images, in "
        "{seconds:.0f} s{end}; loss of {held_out} held-out images",
        at=at,
        optimizer=curve.optimizer,
        batches=len(curve.tried),
        batch_size=curve.batch_size,
        seconds=curve.seconds,
        end=end,
        held_out=curve.held_out_images,
    )
