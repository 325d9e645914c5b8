"""The curve of a search for a learning rate in a terminal, and what to write into the recipe."""

from __future__ import annotations

import numpy as np
from rich.table import Table

from engine.contract.rate_curve import RateCurve, with_rate
from engine.contract.training_settings import TrainingSettings

ROWS = 16
BAR_CELLS = 40


def rate_table(curve: RateCurve) -> Table:
    """Some of the tried rates with their smoothed losses, as figures and as bars; the suggested one is marked."""
    table = Table("learning rate", "loss (nats)", "", "", title=_title(curve), title_justify="left")
    shown = sorted(set(np.linspace(0, len(curve.tried) - 1, ROWS).round().astype(int).tolist()))
    suggested = curve.suggestion.rate if curve.suggestion else None
    marked = min(shown, key=lambda place: abs(np.log(curve.tried[place].rate / suggested))) if suggested else None
    losses = np.array([curve.tried[place].smoothed_loss for place in shown])
    # Far above the start the bars would say nothing of the descent.
    top, low = min(losses.max(), 2 * curve.start_loss - losses.min()), losses.min()
    for place, loss in zip(shown, losses, strict=True):
        share = min((loss - low) / (top - low), 1.0) if top > low else 1.0
        mark = "← suggested" if place == marked else ""
        table.add_row(f"{curve.tried[place].rate:.1e}", f"{loss:.4f}", "█" * (1 + round(share * (BAR_CELLS - 1))), mark)
    return table


def suggestion_text(curve: RateCurve, training: TrainingSettings) -> str:
    """The suggestion with its range, and the lines for the recipe; or why there is none."""
    found = curve.suggestion
    automatic = ", which is automatic" if training.learning_rate is None else ""
    now = f"The recipe's own rate is {curve.current_rate:.2g}{automatic}."
    if found is None:
        return f"{curve.remark} {now}"
    lines = [
        f"Suggested learning rate: {found.rate:g}, where the loss falls fastest; from {found.low:g} to {found.high:g} "
        f"is reasonable. {curve.remark} {now}".replace("  ", " "),
        "In the recipe:",
        "[training]",
        f"learning_rate = {found.rate:g}",
    ]
    if training.head_learning_rate:
        lines.append(
            f"head_learning_rate = {with_rate(training, found.rate, curve.head_rate_ratio).head_learning_rate:g}"
        )
    return "\n".join(lines)


def _title(curve: RateCurve) -> str:
    at = f" at {curve.setting}" if curve.setting else ""
    end = ", ended early as the loss rose" if curve.diverged else ""
    return (
        f"Learning rates tried{at}: {curve.optimizer}, {len(curve.tried)} batches of {curve.batch_size} images, in "
        f"{curve.seconds:.0f} s{end}; loss of {curve.held_out_images} held-out images"
    )
