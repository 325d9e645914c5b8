"""Each goal has its file and one reason, held against what the papers advise, above the floor that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.advice.accuracy_floor import AccuracyFloor
from engine.advice.differences import Difference, Differences
from engine.advice.goals import ACCURACY, Goal
from engine.advice.recommendations import Recommendation, recommendations, recommended, why_none
from engine.advice.repeated_chains import judged_chains
from engine.contract.errors import RecipeError
from engine.contract.measurements import VariantMeasurement
from engine.contract.repeated_results import ChainSummary, RepeatedComparison, RepeatedFigure
from tests.engine.advice.measured_chains import BASELINE, changed
from tests.ui.study_events import result, variant

PRUNED, DYNAMIC = "pruning 80 %", "dynamic range"


def chain(name: str, *steps: str, lost: int = 0, time: float = 1.0, **more: object) -> VariantMeasurement:
    figures: dict[str, object] = {
        "steps": steps,
        "model_bytes": 1_000_000,
        "zip_bytes": 900_000,
        "latency_p50_ms": 0.25 * time,
        "latency_ratio": time,
        "latency_ratio_ci95": (time - 0.02, time + 0.02),
    }
    p_holm = 0.001 if lost > 20 else 1.0
    return changed(name, 0, lost, p_holm, **figures | more)


F16 = chain("half", "float16", time=0.99, model_bytes=500_000, zip_bytes=450_000)
PRN = chain("sparse", PRUNED, time=1.0, lost=5, zip_bytes=300_000)
PRQ = chain("sparse small", PRUNED, DYNAMIC, time=0.5, lost=8, model_bytes=250_500, zip_bytes=100_000)
INT8 = chain("whole", "int8", time=0.4, lost=10, model_bytes=252_000, zip_bytes=240_000)
POOR = chain("poor", "int4", time=0.3, lost=300, model_bytes=125_000, zip_bytes=90_000)


def found(*variants: VariantMeasurement, least: float = 0.0) -> dict[Goal, Recommendation]:
    return {one.goal: one for one in recommended((BASELINE, *variants), AccuracyFloor(least))}


def test_each_goal_names_its_file_above_a_measurable_loss() -> None:
    told = found(F16, PRN, PRQ, INT8, POOR)
    assert {goal: one.variant for goal, one in told.items()} == {
        Goal.SMALLEST: "sparse small",
        Goal.DOWNLOAD: "sparse small",
        Goal.FASTEST: "whole",
        Goal.ACCURATE: "half",
        Goal.LOW_END: "sparse small",
        Goal.MID_END: "whole",
        Goal.HIGH_END: "half",
    }
    assert told[Goal.SMALLEST].reason.startswith(
        "sparse small is 244.6 KiB, 0.09 of the baseline's, with accuracy 0.892, -0.8 points ("
    )
    assert "; whole is as small, but not more accurate." in told[Goal.SMALLEST].reason
    assert "takes 0.100 ms per image, 0.40 (0.38–0.42) of the baseline's time" in told[Goal.FASTEST].reason
    assert told[Goal.ACCURATE].reason.startswith(
        "half has the highest accuracy 0.900 (0.880–0.920); sparse small (244.6 KiB)"
    )


def test_what_the_papers_advise_is_held_against_what_was_measured() -> None:
    told = found(F16, PRN, PRQ, INT8)
    assert told[Goal.LOW_END].paper == "Lee et al. 2022"
    assert told[Goal.LOW_END].reason.endswith(
        "advise PRQ (pruning, then dynamic range) for this class, and this is it."
    )
    assert told[Goal.HIGH_END].reason.endswith("advise float16 or PRN (pruning) for this class, and this is it.")
    assert told[Goal.MID_END].reason.endswith(
        "Lee et al. 2022 advise PRN (pruning) for this class; here sparse is slower (1.00 of the baseline's time) and "
        "is as accurate for all that the test images can tell (0.895)."
    )
    assert told[Goal.FASTEST].reason.endswith("advise distillation for speed, which no chain of this run uses.")
    level = found(INT8, chain("level", "QAT", "int8", time=0.41, lost=10))[Goal.FASTEST]
    assert "; level is as fast for all that the timing can tell, but not more accurate. " in level.reason
    # Advice that is out of reach, or is as good as what was chosen.
    far = found(F16, PRN, INT8, least=0.896)
    assert (
        "for this class; here sparse does not reach an accuracy of 0.896 or more (0.895)." in far[Goal.MID_END].reason
    )
    near = found(PRN, chain("other", "int8", time=1.01))
    assert near[Goal.MID_END].variant == "other"
    assert (
        "here sparse is as fast for all that the timing can tell (1.00 of the baseline's time)"
        in near[Goal.MID_END].reason
    )
    assert found(INT8, F16)[Goal.ACCURATE].reason.endswith("advise float16 as always applicable, and this is it.")


def test_a_size_that_the_name_in_the_file_makes_decides_nothing() -> None:
    a = chain("a", "int8", model_bytes=1000, lost=9)
    b = chain("b", "int8", model_bytes=1005, lost=1)
    assert found(a, b)[Goal.SMALLEST].variant == "b"
    assert "; a is as small, but not more accurate" in found(a, b)[Goal.SMALLEST].reason
    many = [chain(f"c{number}", "int8", model_bytes=1000, lost=9) for number in range(4)]
    assert "; 4 other files are as small, but not more accurate" in found(b, *many)[Goal.SMALLEST].reason


def test_a_floor_leaves_out_what_is_below_and_says_where_it_is_not_sure() -> None:
    told = found(PRQ, INT8, F16, least=0.895)
    assert {one.variant for one in told.values()} == {"half"}
    assert all("on other images its accuracy may lie below the floor" in one.reason for one in told.values())
    assert "here sparse small does not reach an accuracy of 0.895 or more (0.892)." in told[Goal.LOW_END].reason


def test_without_a_file_above_the_floor_the_nearest_is_told() -> None:
    (told,) = recommended((BASELINE, PRQ), AccuracyFloor(0.95))
    assert told == Recommendation(
        Goal.FLOOR,
        "baseline",
        "No file reaches an accuracy of 0.950 or more; baseline is nearest with accuracy 0.900 (0.880–0.920).",
    )


def test_the_target_of_the_recipe_is_a_floor() -> None:
    kept = chain("kept", "int8", max_drop=0.02, model_bytes=400_000)
    unsure = chain("unsure", "int8", lost=12, max_drop=0.02, model_bytes=300_000)
    lost = chain("lost", "int8", lost=90, max_drop=0.02, model_bytes=200_000)
    assert [one.paired and one.paired.verdict for one in (kept, unsure, lost)] == [
        "holds",
        "too few images",
        "does not hold",
    ]
    assert found(kept, unsure, lost)[Goal.SMALLEST].variant == "kept"
    alone = found(unsure, lost)[Goal.SMALLEST]
    assert alone.variant == "baseline"
    assert "; no other file reaches the target of at most 2 points lost, shown by the test images." in alone.reason
    (far,) = recommended((BASELINE, kept), AccuracyFloor(0.95))
    assert "an accuracy of 0.950 or more and the target of at most 2 points lost" in far.reason


def test_speed_is_told_once_all_were_timed_in_turn() -> None:
    untimed = chain("new", "int8").model_copy(update={"latency_ratio": 1.0, "latency_ratio_ci95": (1.0, 1.0)})
    assert not found(untimed, INT8).keys() & {Goal.FASTEST, Goal.MID_END, Goal.HIGH_END}
    assert Goal.SMALLEST in found(untimed, INT8)


def test_other_images_and_a_baseline_alone_recommend_nothing() -> None:
    assert found() == {}
    assert found(chain("moved", "int8", dataset="other")) == {}
    assert "moved" not in {
        one.variant for one in found(INT8, chain("moved", "int8", model_bytes=1, dataset="other")).values()
    }


def test_files_of_the_same_bytes_are_one_file() -> None:
    """A search's trials that share a trained baseline."""
    baselines = [BASELINE.model_copy(update={"trial": trial, "file_sha256": "a"}) for trial in range(1, 8)]
    whole = [INT8.model_copy(update={"trial": trial, "file_sha256": "b"}) for trial in (1, 2)]
    lossy = POOR.model_copy(update={"trial": 3, "file_sha256": "c"})
    told = {one.goal: one for one in recommended((*baselines, *whole, lossy), AccuracyFloor())}
    assert told[Goal.SMALLEST].variant == "whole (trial 1)"
    assert "other file" not in told[Goal.SMALLEST].reason
    alone = {one.goal: one for one in recommended((*baselines, lossy), AccuracyFloor())}
    assert "; no other file reaches an accuracy that" in alone[Goal.FASTEST].reason
    unknown = [one.model_copy(update={"file_sha256": ""}) for one in (*baselines, lossy)]
    told = {one.goal: one for one in recommended(unknown, AccuracyFloor())}
    assert "; 6 other files are as fast" in told[Goal.FASTEST].reason


def test_image_settings_are_compared_by_their_times_and_the_best_baseline() -> None:
    small = variant(
        "baseline", setting="64 px", accuracy=0.7, accuracy_ci95=(0.67, 0.73), latency_p50_ms=0.01, latency_p95_ms=0.02
    )
    told = found(INT8, small)
    # Fast and small, and measurably less accurate than the best baseline.
    assert "baseline (64 px)" not in {one.variant for one in told.values()}
    assert found(INT8, small, least=0.6)[Goal.FASTEST].variant == "baseline (64 px)"


def seeds(name: str, accuracies: tuple[float, ...], *steps: str, size: int) -> list[VariantMeasurement]:
    return [
        variant(
            name, steps=steps, repeat=f"seed {seed}", seed=seed, accuracy=accuracy, model_bytes=size,
            accuracy_ci95=(accuracy - 0.02, accuracy + 0.02),
        )
        for seed, accuracy in enumerate(accuracies, start=1)
    ]  # fmt: skip


REPEATED = (
    *seeds("baseline", (0.9, 0.91), size=2000),
    *seeds("lucky", (0.85, 0.95), "int8", size=700),
    *seeds("steady", (0.91, 0.92), "float16", size=1000),
)


def test_repetitions_are_told_as_means_and_not_by_the_luckiest() -> None:
    told = {one.goal: one for one in recommended(REPEATED, AccuracyFloor(0.8))}
    assert told[Goal.ACCURATE].variant == "steady (seed 1)"
    assert told[Goal.ACCURATE].reason.startswith(
        "steady has the highest accuracy 0.915 (0.910–0.920), as means of 2 repetitions; lucky (0.7 KiB) is as "
        "accurate for all that the repetitions can tell (0.900); the first of its files is steady (seed 1)."
    )
    assert told[Goal.SMALLEST].variant == "lucky (seed 1)"
    above = {one.goal: one for one in recommended(REPEATED, AccuracyFloor(0.902))}
    assert above[Goal.SMALLEST].variant == "steady (seed 1)"


def test_what_each_repetition_measured_as_worse_is_not_taken_though_two_means_tell_nothing() -> None:
    paired = changed("any", 1, 15, p_holm=0.001).paired
    worse = [one.model_copy(update={"paired": paired}) for one in seeds("PRN", (0.5, 0.95), "pruning 90 %", size=100)]
    told = recommended((*REPEATED[:2], *worse), AccuracyFloor())
    assert {one.variant for one in told} == {"baseline (seed 1)"}
    once = [worse[0], worse[1].model_copy(update={"paired": changed("any", 0, 1).paired})]
    told = recommended((*REPEATED[:2], *once), AccuracyFloor())
    assert "PRN (seed 1)" in {one.variant for one in told}


def test_a_repetition_that_diverged_is_left_out_and_how_many_are_left_is_told() -> None:
    runs = [one.model_copy(update={"diverged": one.name == "steady (seed 1)"}) for one in REPEATED]
    told = {one.goal: one for one in recommended(runs, AccuracyFloor(0.8))}
    assert told[Goal.ACCURATE].variant == "steady (seed 2)"
    assert "0.920 (0.920–0.920), of 1 of 2 repetitions only, as the others have no result" in (
        told[Goal.ACCURATE].reason
    )
    nothing = [one.model_copy(update={"diverged": one.chain != "baseline"}) for one in REPEATED]
    assert recommended(nothing, AccuracyFloor()) == ()
    assert why_none(nothing).startswith("No file is advised")
    assert why_none(REPEATED) == ""


def test_the_summary_of_a_run_tells_the_intervals_of_means() -> None:
    def summed_up(chain: str, mean: float, low: float, high: float, p_holm: float) -> ChainSummary:
        accuracy = RepeatedFigure(mean=0.905 + mean, deviation=0.01, ci95=(0.88, 0.93), values=(0.9, 0.91))
        change = RepeatedComparison(
            mean=mean, deviation=0.01, ci95=(low, high), values=(low, high), p_value=p_holm, p_holm=p_holm,
            max_drop=0.02, verdict="holds" if low > -0.02 else "too few images",
        )  # fmt: skip
        return ChainSummary(
            chain=chain, steps=(), repeats=("seed 1", "seed 2"), seeds=(1, 2), same_test_images=True, accuracy=accuracy,
            difference=change,
        )  # fmt: skip

    paired = changed("any", 9, 12, max_drop=0.02).paired
    runs = [one if one.chain == "baseline" else one.model_copy(update={"paired": paired}) for one in REPEATED]
    summary = (summed_up("lucky", -0.005, -0.06, 0.05, 0.9), summed_up("steady", 0.01, -0.01, 0.03, 0.2))
    judged = judged_chains(runs, summary)
    lucky, steady = judged.variants[1:]
    assert judged.repetitions == 2
    assert lucky.accuracy_ci95 == (0.88, 0.93)
    assert lucky.paired is not None
    assert lucky.paired.difference_ci95 == (-0.06, 0.05)
    assert Differences(judged.variants).between(ACCURACY, lucky, steady) is Difference.OPEN
    told = {one.goal: one for one in recommended(runs, AccuracyFloor(), summary)}
    # The target is asked of the means: "lucky" is not shown to keep it.
    assert told[Goal.SMALLEST].variant == "steady (seed 1)"
    assert "+1.0 points (-1.0 to +3.0) against the baseline, as means of 2 repetitions" in told[Goal.SMALLEST].reason


def test_a_whole_result_is_read(tmp_path: Path) -> None:
    told = recommendations(result(tmp_path))
    names = {one.name for one in result(tmp_path).variants}
    assert [one.goal for one in told] == [goal for goal in Goal if goal is not Goal.FLOOR]
    for one in told:
        assert one.variant in names
        assert one.reason.startswith(one.variant)


def test_a_floor_is_a_share() -> None:
    with pytest.raises(RecipeError, match="The least accuracy is 90; give a share from 0 to 1"):
        AccuracyFloor(90)
