"""The table of variants as the command line prints it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from engine.contract.evidence import Evidence
from engine.contract.measurements import VariantMeasurement, variant_name
from engine.contract.recipe import BASELINE
from engine.contract.run_result import RunResult
from engine.figures.variant_figures import baselines, figures
from engine.language.sentence_recognition import recognised
from engine.language.speech import number_text, tr
from engine.workbench.evidence_kinds import EVIDENCE, parsed
from ui.counts import counted
from ui.said_figure import said_figure
from ui.terminal.named_rows_table import NamedRowsTable

SHOWN = ("accuracy", "agreement", "size", "size_ratio", "zip", "sparsity", "latency", "latency_p95", "latency_ratio")


def variants_table(result: RunResult) -> Table:
    """One row per variant; sizes in KiB (1024 bytes), latencies in ms, accuracies with their Wilson 95 % interval."""
    first = result.variants[0]
    title = tr(
        "Measured on {cpu_name}, {threads}; {images} test images",
        cpu_name=first.cpu,
        threads=counted(first.threads, "thread"),
        images=result.dataset.test,
    )
    table = NamedRowsTable(title, tr("chain"))
    for figure in figures(*SHOWN):
        table.add_figure(tr(figure.head))
    of_branch = baselines(result.variants)
    for variant in result.variants:
        texts = (said_figure(figure.text(variant, of_branch[variant.branch])) for figure in figures(*SHOWN))
        # An interval stands below its figure, so that the table fits a terminal.
        table.add_row(variant.name, *(text.replace(" (", "\n(") for text in texts))
    return table


def notes(result: RunResult) -> list[Text]:
    """What is to be said of single variants, below the table."""
    return [Text.assemble((name, "bold"), f"{tr(':')} ", recognised(note)) for name, note in said_once(result.variants)]


def said_once(variants: Sequence[VariantMeasurement]) -> Iterator[tuple[str, str]]:
    """Whom a note is of, and the note; once where it is the same for every repetition of a chain."""
    said: dict[tuple[str, str], list[VariantMeasurement]] = {}
    repeats = {variant.repeat for variant in variants}
    for variant in variants:
        if variant.note:
            said.setdefault((variant_name(variant.chain, variant.setting), variant.note), []).append(variant)
    for (chain, note), of in said.items():
        if len(repeats) > 1 and len(of) > 1:
            whom = tr(
                "{chain_name} ({count} of {total} repetitions)", chain_name=chain, count=len(of), total=len(repeats)
            )
            yield whom, note
        else:
            yield from ((variant.name, note) for variant in of)


def epochs_table(result: RunResult) -> Table:
    """Test accuracy of the baselines after the epochs that the recipe names."""
    table = Table(title=tr("Test accuracy after epochs"), title_justify="left")
    table.add_column(tr("network"))
    table.add_column(tr("epoch"), justify="right")
    table.add_column(tr("accuracy (95 % CI)"), justify="right")
    for swept in result.epoch_sweep:
        low, high = swept.accuracy_ci95
        accuracy = f"{swept.accuracy:.3f} ({low:.3f}–{high:.3f})"
        table.add_row(variant_name(BASELINE, swept.branch), str(swept.epoch), number_text(accuracy))
    return table


def evidence_tables(result: RunResult) -> Iterator[Table]:
    """What the steps found, one table per kind, once for all variants in which it is the same."""
    kinds = dict.fromkeys(one.kind for variant in result.variants for one in variant.evidence)
    for kind in (EVIDENCE[name] for name in kinds):
        if not kind.title:
            continue
        table = Table(title=tr(kind.title), title_justify="left")
        table.add_column(tr("chain"))
        for name in kind.header:
            table.add_column(tr(name), justify="right")
        sharing: dict[str, tuple[list[str], list[Evidence]]] = {}
        for variant in result.variants:
            own = [parsed(one) for one in variant.evidence if one.kind == kind.key]
            if own:
                content = "".join(one.model_dump_json() for one in own)
                sharing.setdefault(f"{variant.branch} {content}", ([], own))[0].append(variant.name)
        for chains, found in sharing.values():
            for number, row in enumerate(row for one in found for row in one.rows()):
                table.add_row("" if number else ", ".join(chains), *map(said_figure, row))
        yield table
