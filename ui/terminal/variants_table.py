"""The table of variants as the command line prints it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from engine.contract.evidence import Evidence
from engine.contract.measurements import RunResult, VariantMeasurement, variant_name
from engine.contract.recipe import BASELINE
from engine.workbench.evidence import EVIDENCE, parsed


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


def evidence_tables(result: RunResult) -> Iterator[Table]:
    """What the steps found, a table a kind, once for variants that share the stage."""
    kinds = dict.fromkeys(one.kind for variant in result.variants for one in variant.evidence)
    for kind in (EVIDENCE[name] for name in kinds):
        if not kind.title:
            continue
        table = Table(title=kind.title, title_justify="left")
        table.add_column("chain")
        for name in kind.header:
            table.add_column(name, justify="right")
        sharing: dict[str, tuple[str, list[Evidence]]] = {}
        for variant in result.variants:
            own = [parsed(one) for one in variant.evidence if one.kind == kind.key]
            if own:
                content = "".join(one.model_dump_json() for one in own)
                sharing.setdefault(f"{variant.setting} {content}", (variant.name, own))
        for chain, found in sharing.values():
            for number, row in enumerate(row for one in found for row in one.rows()):
                table.add_row("" if number else chain, *row)
        yield table


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
