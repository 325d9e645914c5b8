"""What models say of images, in the words of the terminal and of the window."""

from __future__ import annotations

from engine.inspection.answers import AnsweredImage, Answers, ModelSummary

UNSURE = "unsure: "
NOT_FED = "not fed"


def answer_text(image: AnsweredImage, model: int) -> str:
    """Such as "sick 0.93 · 1.2 ms", or "sick, unsure: 0.52 · 1.2 ms"."""
    answer = image.answers[model]
    if answer is None:
        return NOT_FED
    how = f", {UNSURE}" if answer.is_unsure else " "
    other = f", {answer.at_threshold} at its threshold" if answer.differs_at_threshold else ""
    return f"{answer.class_name}{how}{answer.probability:.2f}{other} · {time_text(answer.latency_ms)}"


def time_text(milliseconds: float) -> str:
    """Such as "0.34 ms" or "12 ms"."""
    return f"{milliseconds:.2f} ms" if milliseconds < 9.995 else f"{milliseconds:,.0f} ms"


def accuracy_text(summary: ModelSummary) -> str:
    """Such as "accuracy 0.925 (0.801–0.974), 37 of 40"; empty where the folders name no classes."""
    if summary.accuracy is None or summary.accuracy_ci95 is None:
        return ""
    low, high = summary.accuracy_ci95
    return f"accuracy {summary.accuracy:.3f} ({low:.3f}–{high:.3f}), {summary.right:,} of {summary.labelled:,}"


def summary_text(summary: ModelSummary) -> str:
    """One model over all images."""
    parts = [accuracy_text(summary)]
    if summary.latency_p50_ms is not None:
        parts.append(f"median {time_text(summary.latency_p50_ms)}")
    if summary.unsure:
        parts.append(f"unsure of {summary.unsure:,}")
    return "; ".join(filter(None, parts))


def counts_text(answers: Answers) -> str:
    """How many images there are, and how many need a second look."""
    count = len(answers.images)
    parts = [f"{count:,} image{'s' if count != 1 else ''}"]
    if any(image.comparable for image in answers.images[:1]) and len(answers.models) > 1:
        parts.append(f"models disagree on {answers.disagreements:,}")
    parts.append(f"unsure on {answers.unsure:,}")
    if answers.skipped:
        parts.append(f"{len(answers.skipped):,} skipped")
    return ", ".join(parts) + "."
