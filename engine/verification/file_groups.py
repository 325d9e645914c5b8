"""What is read from a variant's file again: its hash, its sizes, and what its kernels hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.contract.errors import NutshellError
from engine.contract.measurements import VariantMeasurement
from engine.measurement.size import zipped_bytes
from engine.measurement.tflite_file import TfliteFile
from engine.store.file_hash import file_hash
from engine.verification.figure_comparison import compared_group
from engine.verification.finished_run import FinishedRun
from engine.verification.verified_figures import DifferingFigure, FigureGroup

HASH_DIGITS = 12


def file_group(run: FinishedRun, variant: VariantMeasurement) -> FigureGroup:
    """Whether the file, and what lies beside it, is there and as it was written."""
    names = [variant.file, str(Path(variant.file).with_suffix(".json").as_posix())]
    names += [variant.micro.file] if variant.micro else []
    differing = [one for name in names for one in changed_file(run, name)]
    return FigureGroup(group="file", compared=len(names), differing=tuple(differing))


def changed_file(run: FinishedRun, name: str) -> Iterator[DifferingFigure]:
    """What is to be said of a file of the run that is not as it was written; nothing of one without a hash."""
    expected = (run.hashes or {}).get(name)
    path = run.directory / name
    if not path.is_file():
        said = f"{name} is not there any more; put it back, or run the recipe again."
        yield DifferingFigure(figure=name, printed="there", found="missing", detail=said)
        return
    try:
        found = file_hash(path)
    except OSError as error:
        said = f"{name} cannot be read ({error.strerror})."
        yield DifferingFigure(figure=name, printed="readable", found="unreadable", detail=said)
        return
    if expected is not None and found != expected:
        said = f"{name} is not the file that the run wrote; its content has changed."
        yield DifferingFigure(
            figure=f"SHA-256 of {name}",
            printed=expected[:HASH_DIGITS],
            found=found[:HASH_DIGITS],
            detail=said,
        )


def size_group(path: Path, variant: VariantMeasurement) -> FigureGroup:
    """Raises: OSError: the file cannot be read."""
    found = {"model_bytes": path.stat().st_size, "zip_bytes": zipped_bytes(path)}
    return compared_group("size", {name: getattr(variant, name) for name in found}, found)


def weights_group(path: Path, variant: VariantMeasurement) -> FigureGroup:
    """Raises: NutshellError: it is no `.tflite` any more."""
    file = TfliteFile.read(path)
    printed: dict[str, object] = {
        "zeros": variant.parameters - variant.nonzero_parameters,
        "sparsity_fraction": variant.sparsity_fraction,
        "unique_weights": variant.unique_weights,
        "macs": variant.macs,
    }
    found: dict[str, object] = {
        "zeros": file.zero_kernel_values,
        "sparsity_fraction": file.sparsity_fraction,
        "unique_weights": file.unique_weights,
        "macs": file.macs,
    }
    # Versions that did not tell the types did not count the operators either.
    if variant.weight_dtypes:
        printed |= {"weight_dtypes": ", ".join(variant.weight_dtypes), "float_operators": variant.float_operators}
        found |= {"weight_dtypes": ", ".join(file.weight_dtypes), "float_operators": file.float_operators}
    return compared_group("weights", printed, found)


def read_groups(run: FinishedRun, variant: VariantMeasurement) -> tuple[FigureGroup, ...]:
    """All groups that need no image; those that cannot be read say why."""
    groups = [file_group(run, variant)]
    path = run.directory / variant.file
    for name, read in (("size", size_group), ("weights", weights_group)):
        try:
            groups.append(read(path, variant))
        except NutshellError as error:
            groups.append(FigureGroup(group=name, why=str(error)))
        except OSError as error:
            groups.append(FigureGroup(group=name, why=f"{variant.file} cannot be read ({error.strerror})."))
    return tuple(groups)
