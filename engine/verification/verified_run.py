"""Computes every printed figure of accuracy, size and agreement of a run again, from its files and images."""

from __future__ import annotations

import tempfile
from pathlib import Path

from engine.contract.errors import Cancelled, NutshellError
from engine.contract.measurements import VariantMeasurement
from engine.contract.progress import Progress
from engine.datasets.source import Split
from engine.figures.variant_figures import baselines
from engine.inspection.shipped_model import ShippedModel
from engine.measurement.clean_process import measure_in_clean_process
from engine.measurement.machine import cpu_name
from engine.measurement.measurement_job import MemoryJob
from engine.measurement.micro_runtime import micro_is_installed
from engine.store.prediction_file import Predictions
from engine.verification.answer_groups import agreement_group, answer_groups, kept_answers_group, threshold_group
from engine.verification.answered_images import AnsweredImages, TestedImages, answers, labels_of
from engine.verification.file_groups import changed_file, read_groups
from engine.verification.finished_run import FinishedRun, SplitImages
from engine.verification.image_sets import ImageSets
from engine.verification.micro_group import micro_group
from engine.verification.paired_groups import paired_group
from engine.verification.read_images import ReadImages
from engine.verification.runtime_group import runtime_group
from engine.verification.summary_group import summary_group
from engine.verification.verified_figures import (
    DifferingFigure,
    FigureGroup,
    Verification,
    VerifiedVariant,
)

NOT_AGAIN = (
    "Latency and memory are not measured again: they are of one machine and one moment. Nor are the parameters before "
    "batch normalisation is folded, and figures of the training, which no file holds."
)


class VerifiedRun:
    """The work on one run, a step after the other."""

    def __init__(self, run: FinishedRun, progress: Progress) -> None:
        self._run = run
        self._progress = progress
        self._models: dict[str, ShippedModel] = {}
        self._images = ImageSets(run, self._models)
        self._answered: dict[str, AnsweredImages] = {}
        self._why: dict[str, str] = {}
        """Variant → why it has no answers."""
        self._notes: list[str] = []

    def finish(self) -> Verification:
        """
        Raises:
            NutshellError: what the run kept of its images is gone.
            Cancelled: out of the progress.
        """
        run = self._run
        with tempfile.TemporaryDirectory(prefix="nutshell-") as folder:
            self._open()
            try:
                images = self._images.read(Path(folder), self._progress)
                self._answer()
                variants = tuple(self._verified(variant) for variant in run.result.variants)
                summary = summary_group(run, self._images, self._answered, self._not_to_compare_with())
            finally:
                self._images.close()
        return Verification(
            run=run.directory.name,
            directory=str(run.directory),
            files=self._files(),
            images=images,
            variants=variants,
            summary=summary,
            notes=(*self._images.notes, *self._notes, *self._general_notes()),
        )

    def _open(self) -> None:
        for variant in self._run.result.variants:
            try:
                self._models[variant.name] = ShippedModel.open(self._run.directory / variant.file)
            except NutshellError as error:
                self._why[variant.name] = str(error)

    def _answer(self) -> None:
        todo = [variant for variant in self._run.result.variants if variant.name in self._models]
        for place, variant in enumerate(todo):
            self._progress.phase(f"classifying the test images with {variant.name}")
            try:
                self._try_apart(variant)
                self._answer_one(variant, self._progress.part(place, len(todo)))
            except Cancelled:
                raise
            except NutshellError as error:
                self._why[variant.name] = str(error)

    def _try_apart(self, variant: VariantMeasurement) -> None:
        """A file that was changed may end the process that runs it, so it is run in another first."""
        if self._run.is_as_written(variant.file) is False:
            job = MemoryJob(file=str(self._run.directory / variant.file))
            measure_in_clean_process(job, self._progress, quiet=True)

    def _answer_one(self, variant: VariantMeasurement, progress: Progress) -> None:
        model, found, kept = self._opened(variant)
        paths = self._images.tested(variant)
        if not found.has(paths):
            gone = sum(not found.has([path]) for path in paths)
            self._why[variant.name] = f"{gone:,} of {len(paths):,} test images cannot be read any more."
            return
        labels = labels_of(paths, found, dict(kept.label_of), model.classes)
        groups = [found.group_of.get(path, "") for path in paths] if found.group_of else ()
        tested = TestedImages(paths, labels, groups, all(path in found.label_of for path in paths))
        self._answered[variant.name] = AnsweredImages(tested, answers(model, paths, found, progress))

    def _opened(self, variant: VariantMeasurement) -> tuple[ShippedModel, ReadImages, SplitImages]:
        found = self._images.of(variant.name)
        assert found is not None
        return self._models[variant.name], found, self._images.kept(variant)

    def _verified(self, variant: VariantMeasurement) -> VerifiedVariant:
        groups = [*read_groups(self._run, variant), *self._of_answers(variant)]
        if variant.micro is not None:
            name = variant.name
            found = micro_group(
                self._run.directory,
                variant.micro,
                variant.macs,
                self._models.get(name),
                self._answered.get(name),
                self._images.of(name),
                self._progress,
            )
            groups.append(found)
        name, macs = variant.name, variant.macs
        model, answered = self._models.get(name), self._answered.get(name)
        tried = runtime_group(variant.runtimes, macs, model, answered, self._images.of(name), self._progress)
        groups += [tried] if tried is not None else []
        return VerifiedVariant(variant=variant.name, file=variant.file, groups=tuple(groups))

    def _of_answers(self, variant: VariantMeasurement) -> list[FigureGroup]:
        answered = self._answered.get(variant.name)
        if answered is None:
            why = self._why.get(variant.name, "The file gives no answers.")
            return [FigureGroup(group=name, why=why) for name in _printed_groups(variant)]
        classes = self._models[variant.name].classes
        groups = list(answer_groups(variant, answered, classes))
        if (kept := self._kept_answers(variant, answered)) is not None:
            groups.append(kept)
        variants = self._run.result.variants
        baseline = baselines(variants)[variant.branch].name
        broken = self._not_to_compare_with()
        if variant.agreement is not None:
            if variant.name == baseline:
                groups.append(agreement_group(variant, answered, answered))
            elif baseline in broken:
                groups.append(FigureGroup(group="agreement", why=broken[baseline]))
            else:
                groups.append(agreement_group(variant, answered, self._answered[baseline]))
        if variant.paired is not None or variant.paired_control is not None:
            groups.append(paired_group(variant, variants, self._answered, self._run.stage_of, broken))
        if variant.threshold is not None:
            groups.append(self._threshold(variant, answered))
        return groups

    def _not_to_compare_with(self) -> dict[str, str]:
        """Variant → why no other can be compared with it."""
        found = {}
        for variant in self._run.result.variants:
            if list(changed_file(self._run, variant.file)):
                found[variant.name] = f"{variant.file}, which it is compared with, is not as the run wrote it."
            elif variant.name not in self._answered:
                found[variant.name] = f"There are no answers of {variant.name}, which it is compared with."
        return found

    def _kept_answers(self, variant: VariantMeasurement, answered: AnsweredImages) -> FigureGroup | None:
        """None where the run kept no answers."""
        if not variant.predictions:
            return None
        try:
            kept = Predictions.read(self._run.directory / variant.predictions)
            return kept_answers_group(kept, variant.name, answered)
        except NutshellError as error:
            return FigureGroup(group="answers", why=str(error))
        except KeyError:
            return FigureGroup(group="answers", why=f"{variant.predictions} has no answers of {variant.name}.")

    def _threshold(self, variant: VariantMeasurement, answered: AnsweredImages) -> FigureGroup:
        assert variant.threshold is not None
        model, found, kept = self._opened(variant)
        paths = kept.paths(Split.VALIDATION)
        validation, why = None, ""
        if not found.has(paths):
            why = "Some validation images cannot be read any more, so the threshold was not chosen again."
        else:
            self._progress.phase(f"choosing the decision threshold of {variant.name} again")
            labels = labels_of(paths, found, dict(kept.label_of), model.classes)
            validation = labels, answers(model, paths, found, self._progress)
        return threshold_group(variant.threshold, answered, model.feeding.threshold, validation, model.classes, why)

    def _files(self) -> FigureGroup:
        """The files that are of the run as a whole; those of a variant are told with it."""
        run = self._run
        if run.hashes is None:
            self._notes.append("An earlier version of the program made this run and kept no hashes of its files.")
        names = [name for name in run.hashes or {} if not name.startswith("models/")]
        self._progress.phase("comparing the hashes of the run's files")
        differing = [one for name in names for one in changed_file(run, name)]
        if not run.is_result_intact:
            said = "The line of events.jsonl that holds the printed figures is not as the run wrote it."
            differing.append(DifferingFigure(figure="results", printed="as written", found="changed", detail=said))
        return FigureGroup(group="files", compared=len(names) + 1, differing=tuple(differing))

    def _general_notes(self) -> list[str]:
        variants = self._run.result.variants
        notes = [NOT_AGAIN]
        if any(variant.micro for variant in variants) and not micro_is_installed():
            notes.append("The arena of TFLM files is not measured again: the package tflite_micro is not installed.")
        processors = sorted({variant.cpu for variant in variants if variant.cpu} - {cpu_name()})
        if processors:
            notes.append(
                f"The run was measured on {processors[0]} and verified on {cpu_name()}: they may round sums of floats "
                "differently, by which a file can answer otherwise."
            )
        notes += [f"The run failed in part: {why}" for why in self._run.result.failed.values()]
        return notes


def _printed_groups(variant: VariantMeasurement) -> list[str]:
    """The groups of figures that its answers would have to give."""
    printed = {
        "accuracy": True,
        "classes": bool(variant.confusion),
        "probabilities": variant.log_loss is not None,
        "answers": bool(variant.predictions),
        "agreement": variant.agreement is not None,
        "paired": variant.paired is not None or variant.paired_control is not None,
        "threshold": variant.threshold is not None,
    }
    return [name for name, is_printed in printed.items() if is_printed]
