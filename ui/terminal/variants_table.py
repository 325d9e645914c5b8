"""The table of variants as the command line prints it."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from engine.contract.measurements import PruningRound, RunResult, VariantMeasurement, variant_name
from engine.contract.recipe import BASELINE


def variants_table(result: RunResult) -> Table:
    """One row a variant; sizes in KiB (1024 bytes), latencies in ms, accuracies with their Wilson 95 % interval."""
    first = result.variants[0]
    baselines = {variant.setting: variant for variant in reversed(result.variants)}
    threads = f"{first.threads} thread{'s' if first.threads != 1 else ''}"
    title = f"Measured on {first.cpu}, {threads}; {result.dataset.test} test images"
    table = Table(title=title, title_justify="left")
    table.add_column("chain", overflow="fold", min_width=9)
    for name in (
        "accuracy\n(95 % CI)",
        "agree-\nment",
        "size\nKiB",
        "× of\nbase",
        "zip\nKiB",
        "zeros",
        "p50\nms",
        "p95\nms",
        "time ×\nof base",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for variant in result.variants:
        table.add_row(*_cells(variant, baselines[variant.setting]))
    return table


def notes(result: RunResult) -> list[Text]:
    """What is to be said of single variants, below the table."""
    return [Text.assemble((variant.name, "bold"), ": ", variant.note) for variant in result.variants if variant.note]


def epochs_table(result: RunResult) -> Table:
    """Test accuracy of the baselines after the epochs that the recipe names."""
    table = Table(title="Test accuracy after epochs", title_justify="left")
    table.add_column("network")
    table.add_column("epoch", justify="right")
    table.add_column("accuracy (95 % CI)", justify="right")
    for swept in result.epoch_sweep:
        low, high = swept.accuracy_ci95
        accuracy = f"{swept.accuracy:.3f} ({low:.3f}–{high:.3f})"
        table.add_row(variant_name(BASELINE, swept.setting), str(swept.epoch), accuracy)
    return table


def rounds_table(result: RunResult) -> Table:
    """What each round of pruning came to, once for variants that share their prunings."""
    table = Table(title="Validation accuracy by pruning round", title_justify="left")
    table.add_column("chain")
    for name in ("round", "zeros", "right after\npruning", "after\nfine-tuning", "epochs"):
        table.add_column(name, justify="right")
    sharing: dict[tuple[str, tuple[PruningRound, ...]], VariantMeasurement] = {}
    for variant in result.variants:
        if variant.pruning_rounds:
            sharing.setdefault((variant.setting, variant.pruning_rounds), variant)
    for variant in sharing.values():
        for number, one in enumerate(variant.pruning_rounds, start=1):
            accuracies = one.validation_accuracy_after_pruning, one.validation_accuracy_after_fine_tuning
            cells = (f"{one.sparsity_fraction:.4f}", *(f"{value:.3f}" for value in accuracies), str(one.epochs))
            table.add_row(variant.name if number == 1 else "", str(number), *cells)
    return table


def _cells(variant: VariantMeasurement, baseline: VariantMeasurement) -> tuple[str, ...]:
    low, high = variant.accuracy_ci95
    return (
        variant.name,
        f"{variant.accuracy:.3f}\n({low:.3f}–{high:.3f})",
        "–" if variant.agreement is None else f"{variant.agreement:.3f}",
        f"{variant.model_bytes / 1024:,.1f}",
        f"{variant.model_bytes / baseline.model_bytes:.2f}",
        f"{variant.zip_bytes / 1024:,.1f}",
        f"{variant.sparsity_fraction:.3f}",
        f"{variant.latency_p50_ms:.2f}",
        f"{variant.latency_p95_ms:.2f}",
        f"{variant.latency_ratio:.2f}",
    )
