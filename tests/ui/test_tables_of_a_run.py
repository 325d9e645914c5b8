"""The tables below that of the variants: pairs on the same images, and what steps found."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from engine.contract.evidence import StageEvidence
from engine.contract.measurements import PairedComparison
from engine.steps.low_rank.evidence import LayerRank, LayerRanks
from tests.ui.study_events import result, variant
from ui.terminal.paired_table import paired_table
from ui.terminal.variants_table import evidence_tables, variants_table


def test_pairs_are_told_below_the_variants(tmp_path: Path) -> None:
    figures = {"against": "baseline", "images": 1200, "won": 2, "lost": 18, "difference": -0.0133}
    paired = PairedComparison(**figures, difference_ci95=(-0.021, -0.006), p_value=0.0004, p_holm=0.0412)
    variants = (variant("baseline"), variant("int8", paired=paired))
    table = paired_table(result(tmp_path).model_copy(update={"variants": variants}))
    assert table is not None
    assert table.title == "Against the baseline, on the same 1,200 test images"
    assert [next(iter(column.cells)) for column in table.columns] == [
        "int8", "-1.3 (-2.1 to -0.6)", "18", "2", "< 0.001", "0.041",
    ]  # fmt: skip
    assert paired_table(result(tmp_path).model_copy(update={"variants": variants[:1]})) is None


@pytest.mark.parametrize("columns", [40, 60, 80, 90, 200])
def test_no_name_and_no_figure_is_cut_in_a_narrow_terminal(tmp_path: Path, columns: int) -> None:
    names = ("baseline", "pruning 80 % + int8", "PQ")
    table = variants_table(result(tmp_path).model_copy(update={"variants": tuple(map(variant, names))}))
    page = io.StringIO()
    Console(file=page, width=columns).print(table)
    told = page.getvalue()
    assert "…" not in told
    assert max(map(len, told.splitlines())) <= columns
    heads = [str(column.header).split("\n")[0] for column in table.columns[1:]]
    blocks = told.count(" chain ")
    assert all(head in told for head in heads)
    assert told.count("PQ") == blocks, "the names stand beside each block of figures"
    assert (blocks == 1) == (columns == 200)
    assert told.count("Measured on") == 1


def test_chains_that_found_the_same_are_named_together(tmp_path: Path) -> None:
    ranks = LayerRanks(
        method="spatial",
        macs_before=100,
        macs_after=50,
        validation_accuracy_before=0.9,
        validation_accuracy_after_factoring=0.7,
        validation_accuracy_after_fine_tuning=0.8,
        epochs=1,
        layers=(
            LayerRank(layer="conv", full_rank=8, rank=4, energy_fraction=0.9, macs_before=100, macs_after=50),
            LayerRank(layer="dense", full_rank=2, rank=2, energy_fraction=1.0, macs_before=10, macs_after=10),
        ),
    )
    other = ranks.model_copy(update={"macs_after": 40})
    found = {"first": ranks, "second": ranks, "third": other}
    variants = tuple(variant(name, evidence=(StageEvidence.of("lower ranks", one),)) for name, one in found.items())
    (table,) = evidence_tables(result(tmp_path).model_copy(update={"variants": variants}))
    assert list(table.columns[0].cells) == ["first, second", "", "third", ""]
