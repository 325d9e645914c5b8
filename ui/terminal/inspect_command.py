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
from engine.store.durable_file import write_durably
from engine.store.prediction_file import Predictions
from ui.terminal.quiet_stderr import quiet_stderr
from ui.terminal.told_progress import told_on_stderr

RECORD = "inspection.json"

OTHER_IMAGES = '"{name}" is left out: it was tested on other images; look at it alone with --variant.'


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
    notes = [OTHER_IMAGES.format(name=one.name) for one in asked if one not in chosen]
    path, label = _chosen_image(opened, image)
    progress = told_on_stderr()
    try:
        return _inspect(opened, chosen, InspectedImage(path=path, label=label), out, progress, notes)
    except KeyboardInterrupt:
        raise Cancelled(f"Stopped; the figures that were finished are in {out}.") from None
    except OSError as error:
        raise DataError(f"{out} cannot be written ({error.strerror}); choose another with --out.") from None


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
        progress.phase(f"{variant.name}: looking inside")
        found = inspect_variant(run, variant, files, images, image.path, progress)
        progress.phase(f"{variant.name}: drawing")
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
    sys.stdout.write(f"Figures and {RECORD}: {out}\n")
    for note in notes:
        sys.stdout.write(f"{note}\n")
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
            notes.append(f"{variant.name} is left out: {error}")
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
        return None, "There are no point clouds: the run's folder has no table of test images."
    progress.phase("classifying the test images")
    same = tuple(map(run.model, names))
    why = "The run's folder holds no predictions of these files, so the test images were classified anew."
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
        raise DataError(f"The run in {run.directory} has no table of test images; name an image with --image.")
    first = run.test_images[0]
    return first.path, first.label


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise DataError(f"--out {out} is a file; name a folder.") from None
    except OSError as error:
        raise DataError(f"--out {out} cannot be made ({error.strerror}); choose another folder.") from None


def _say(found: VariantFindings) -> None:
    record = found.record
    parts = [f"{record.name}: {record.decision} (baseline {record.baseline_decision})"]
    if record.moved_maps and record.moved_maps.mean_distance is not None:
        moved = record.moved_maps
        parts.append(
            f"activation maps moved {moved.mean_distance:.4f} on average over {moved.images - moved.changed:,} of "
            f"{moved.images:,} test images whose class stayed"
        )
    if found.errors:
        worst = found.errors[0]
        parts.append(f"worst layer {worst.pair.baseline.name} at {worst.output_sqnr_db:.1f} dB")
    sys.stdout.write("; ".join(parts) + "\n")
    for note in record.notes:
        sys.stdout.write(f"  {note}\n")
