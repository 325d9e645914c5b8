"""Answers as they leave the program: the JSON of `classify`, and a CSV with a row per image."""

from __future__ import annotations

import csv
import io
from typing import Any

from engine.inspection.answers import Answers


def answers_document(answers: Answers) -> dict[str, Any]:
    """What `classify --json` writes; `probabilities` are in the order of the model's `classes`."""
    return {
        "schema": 1,
        "images": [
            {
                "path": image.path,
                "answers": [
                    {
                        "file": str(model.path),
                        "class": answer.class_name,
                        "probability": answer.probability,
                        "probabilities": list(answer.probabilities),
                        "latency_ms": answer.latency_ms,
                    }
                    | ({"class_at_threshold": answer.at_threshold} if answer.at_threshold else {})
                    for model, answer in zip(answers.models, image.answers, strict=True)
                    if answer is not None
                ],
            }
            for image in answers.images
        ],
        "models": [
            {"file": str(model.path), "name": model.name, "classes": list(model.classes)}
            | ({"threshold": model.threshold} if model.threshold is not None else {})
            | _figures(answers, place)
            for place, model in enumerate(answers.models)
        ],
        "skipped": [one.model_dump() for one in answers.skipped] + _partly_skipped(answers),
        "disagreements": answers.disagreements,
        "unsure": answers.unsure,
    }


def answers_csv(answers: Answers) -> str:
    """One line per image below a line of names; a file that was skipped has its reason in the last column."""
    text = io.StringIO()
    names = ["path", "true_class", "models_disagree"]
    for model in answers.models:
        figures = (
            "class",
            "probability",
            "class at its threshold",
            "unsure",
            "latency_ms",
            *(f"probability of {name}" for name in model.classes),
        )
        names += [f"{model.name}: {figure}" for figure in figures]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "skipped"])
    for image in answers.images:
        row: list[object] = [image.path, image.true_class, _yes(image.models_disagree)]
        for model, answer in zip(answers.models, image.answers, strict=True):
            if answer is None:
                row += [""] * (5 + len(model.classes))
            else:
                sure = _yes(answer.is_unsure)
                decided = (answer.class_name, answer.probability, answer.at_threshold, sure, answer.latency_ms)
                row += [*decided, *answer.probabilities]
        faults = (f"{m.name}: {fault}" for m, fault in zip(answers.models, image.faults, strict=True) if fault)
        writer.writerow([*row, "; ".join(faults)])
    for one in answers.skipped:
        writer.writerow([one.path, *[""] * (len(names) - 1), one.reason])
    return text.getvalue()


def _figures(answers: Answers, place: int) -> dict[str, Any]:
    summary = answers.summary(place)
    return {
        "accuracy": summary.accuracy,
        "accuracy_ci95": summary.accuracy_ci95,
        "labelled": summary.labelled,
        "unsure": summary.unsure,
        "latency_p50_ms": summary.latency_p50_ms,
    }


def _partly_skipped(answers: Answers) -> list[dict[str, Any]]:
    return [
        {"path": image.path, "reason": fault, "file": str(model.path)}
        for image in answers.images
        for model, fault in zip(answers.models, image.faults, strict=True)
        if fault
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"
