"""The tables of what steps found: each chain is named, also where it has found the same as another."""

from __future__ import annotations

from pathlib import Path

from engine.contract.evidence import StageEvidence
from engine.steps.low_rank.evidence import LayerRank, LayerRanks
from tests.ui.study_events import result, variant
from ui.terminal.variants_table import evidence_tables


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
