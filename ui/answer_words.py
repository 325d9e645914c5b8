"""What models say of images, in the words of the terminal and of the window."""

from __future__ import annotations

from engine.inspection.answers import AnsweredImage, Answers, ModelSummary
from engine.language.speech import mark, number_text, tr
from ui.counts import counted

UNSURE = mark("unsure: ")
NOT_FED = mark("not fed")


def answer_text(image: AnsweredImage, model: int) -> str:
    """Such as "sick 0.93 · 1.2 ms", or "sick, unsure: 0.52 · 1.2 ms"."""
    answer = image.answers[model]
    if answer is None:
        return tr(NOT_FED)
    how = f", {tr(UNSURE)}" if answer.is_unsure else " "
    other = (
        tr(", {at_threshold} at its threshold", at_threshold=answer.at_threshold) if answer.differs_at_threshold else ""
    )
    return f"{answer.class_name}{how}{number_text(f'{answer.probability:.2f}')}{other} · {time_text(answer.latency_ms)}"


def time_text(milliseconds: float) -> str:
    """Such as "0.34 ms" or "12 ms"."""
    return (
        tr("{milliseconds:.2f} ms", milliseconds=milliseconds)
        if milliseconds < 9.995
        else tr("{milliseconds:,.0f} ms", milliseconds=milliseconds)
    )


def accuracy_text(summary: ModelSummary) -> str:
    """Such as "accuracy 0.925 (0.801–0.974), 37 of 40"; empty where the folders name no classes."""
    if summary.accuracy is None or summary.accuracy_ci95 is None:
        return ""
    low, high = summary.accuracy_ci95
    return tr(
        "accuracy {accuracy:.3f} ({low:.3f}–{high:.3f}), {right:,} of {labelled:,}",
        accuracy=summary.accuracy,
        low=low,
        high=high,
        right=summary.right,
        labelled=summary.labelled,
    )


def summary_text(summary: ModelSummary) -> str:
    """One model over all images."""
    parts = [accuracy_text(summary)]
    if summary.latency_p50_ms is not None:
        parts.append(tr("median {time_text}", time_text=time_text(summary.latency_p50_ms)))
    if summary.unsure:
        parts.append(tr("unsure of {unsure:,}", unsure=summary.unsure))
    return "; ".join(filter(None, parts))


def counts_text(answers: Answers) -> str:
    """How many images there are, and how many need a second look."""
    count = len(answers.images)
    parts = [counted(count, "image")]
    if any(image.comparable for image in answers.images[:1]) and len(answers.models) > 1:
        parts.append(tr("models disagree on {disagreements:,}", disagreements=answers.disagreements))
    parts.append(tr("unsure on {unsure:,}", unsure=answers.unsure))
    if answers.skipped:
        parts.append(tr("{count:,} skipped", count=len(answers.skipped)))
    return ", ".join(parts) + "."
