"""`inspect`: looks inside a run's files, float beside compressed, and writes figures and `inspection.json`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from engine.contract.errors import EXIT_DONE, Cancelled, DataError
from engine.contract.progress import Progress
from engine.inspection.compared_files import ComparedFiles
from engine.inspection.inspected_variant import VariantFindings, inspect_variant
from engine.inspection.inspection_record import InspectedImage, Inspection
from engine.inspection.paired_images import PairedImages
from engine.inspection.point_cloud import classified, kept_predictions
from engine.inspection.run_models import InspectedRun, RunModel
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.store.durable_file import write_durably
from engine.store.prediction_file import Predictions
from ui.terminal.quiet_stderr import quiet_stderr
from ui.terminal.told_progress import told_on_stderr

RECORD = "inspection.json"

OTHER_IMAGES = mark('"{name}" is left out: it was tested on other images; look at it alone with --variant.')


def inspect_command(run: str, runs_directory: Path, variants: Sequence[str], image: Path | None, out: Path) -> int:
    """Write the figures and the record into `out`; prints a line per variant.

    Raises:
        NutshellError: the run, a variant, the image or a file cannot be used, or `out` cannot be written.
    """
    opened = InspectedRun.open(run, runs_directory)
    asked = opened.compressed(variants)
    # An image of one repetition's test set may have been trained on in another.
    chosen = tuple(one for one in asked if one.shares_images(asked[0]))
    opened = opened.seen_by(asked[0])
    notes = [tr(OTHER_IMAGES, name=one.name) for one in asked if one not in chosen]
    path, label = _chosen_image(opened, image)
    progress = told_on_stderr()
    try:
        return _inspect(opened, chosen, InspectedImage(path=path, label=label), out, progress, notes)
    except KeyboardInterrupt:
        raise Cancelled(tr("Stopped; the figures that were finished are in {folder}.", folder=out)) from None
    except OSError as error:
        raise DataError(
            tr(
                "{folder} cannot be written ({strerror}); choose another with --out.",
                folder=out,
                strerror=error.strerror,
            )
        ) from None


def _inspect(
    run: InspectedRun,
    chosen: tuple[RunModel, ...],
    image: InspectedImage,
    out: Path,
    progress: Progress,
    notes: list[str],
) -> int:
    images = PairedImages(run)
    # All that may be wrong with the files and the image is told before anything is computed.
    with quiet_stderr():
        chosen = _usable(run, chosen, images, image.path, notes)
    _make(out)
    # matplotlib takes longer to import than a refusal should take.
    from ui.terminal.inspection_figures import FigureWriter

    writer = FigureWriter(out)
    findings = []
    predictions, why = _predictions(run, chosen, progress)
    notes += [why] if why else []
    for variant in chosen:
        files = ComparedFiles.open(run, variant)
        progress.phase(tr("{name}: looking inside", name=variant.name))
        found = inspect_variant(run, variant, files, images, image.path, progress)
        progress.phase(tr("{name}: drawing", name=variant.name))
        cloud_of = predictions if predictions and files.same_classes else None
        writer.write(variant, files, found, images, image.path, cloud_of)
        findings.append(found)
        _say(found)
    record = Inspection(
        run=run.directory.name,
        directory=str(run.directory),
        image=image,
        variants=tuple(found.record for found in findings),
        figures=tuple(writer.written),
        notes=tuple(notes),
    )
    write_durably(out / RECORD, record.model_dump_json(by_alias=True, indent=1) + "\n")
    sys.stdout.write(tr("Figures and {file}: {folder}", file=RECORD, folder=out) + "\n")
    for note in notes:
        sys.stdout.write(f"{recognised(note)}\n")
    return EXIT_DONE


def _usable(
    run: InspectedRun, chosen: tuple[RunModel, ...], images: PairedImages, image: str, notes: list[str]
) -> tuple[RunModel, ...]:
    """Those that can be opened, with a note on each other; an error where none can, or the image cannot be read."""
    found: list[RunModel] = []
    faults: list[DataError] = []
    for variant in chosen:
        try:
            files = ComparedFiles.open(run, variant)
        except DataError as error:
            notes.append(tr("{name} is left out: {error}", name=variant.name, error=recognised(str(error))))
            faults.append(error)
        else:
            images.pair(image, files.baseline.model, files.other.model)
            found.append(variant)
    if not found:
        raise faults[0]
    return tuple(found)


def _predictions(run: InspectedRun, chosen: tuple[RunModel, ...], progress: Progress) -> tuple[Predictions | None, str]:
    """What the files answer on the test images, and where it comes from if the run kept nothing."""
    # A variant that learnt other images has no place among the answers to these.
    comparable = [one for one in chosen if not one.dataset]
    names = dict.fromkeys(name for one in comparable for name in (one.baseline, one.name))
    if not names:
        return None, ""
    if (kept := kept_predictions(run, names)) is not None:
        return kept, ""
    if not run.test_images:
        return None, tr("There are no point clouds: the run's folder has no table of test images.")
    progress.phase(tr("classifying the test images"))
    same = tuple(map(run.model, names))
    why = tr("The run's folder holds no predictions of these files, so the test images were classified anew.")
    return classified(run, same, progress), why


def _chosen_image(run: InspectedRun, image: Path | None) -> tuple[str, str | None]:
    """The image's path and its class; by default the run's first test image.

    Raises:
        DataError: the run has none.
    """
    labels = {one.path: one.label for one in run.test_images}
    if image is not None:
        return str(image), labels.get(str(image)) or labels.get(image.as_posix())
    if not run.test_images:
        raise DataError(
            tr("The run in {folder} has no table of test images; name an image with --image.", folder=run.directory)
        )
    first = run.test_images[0]
    return first.path, first.label


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise DataError(tr("--out {folder} is a file; name a folder.", folder=out)) from None
    except OSError as error:
        raise DataError(
            tr(
                "--out {folder} cannot be made ({strerror}); choose another folder.",
                folder=out,
                strerror=error.strerror,
            )
        ) from None


def _say(found: VariantFindings) -> None:
    record = found.record
    parts = [
        tr(
            "{name}: {decision} (baseline {decision2})",
            name=record.name,
            decision=record.decision,
            decision2=record.baseline_decision,
        )
    ]
    if record.moved_maps and record.moved_maps.mean_distance is not None:
        moved = record.moved_maps
        parts.append(
            tr(
                "activation maps moved {distance:.4f} on average over {stayed:,} of "
                "{images:,} test images whose class stayed",
                distance=moved.mean_distance,
                stayed=moved.images - moved.changed,
                images=moved.images,
            )
        )
    if found.errors:
        worst = found.errors[0]
        parts.append(
            tr("worst layer {name} at {sqnr:.1f} dB", name=worst.pair.baseline.name, sqnr=worst.output_sqnr_db)
        )
    sys.stdout.write("; ".join(parts) + "\n")
    for note in record.notes:
        sys.stdout.write(f"  {recognised(note)}\n")
