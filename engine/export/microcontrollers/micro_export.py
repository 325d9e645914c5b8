"""A variant's file for a microcontroller: C source, a sketch of the program, and which boards it fits."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.errors import DataError
from engine.contract.measurements import VariantMeasurement
from engine.export.microcontrollers.boards import BoardFit, board_fits
from engine.export.microcontrollers.c_array import header_text, source_text
from engine.export.microcontrollers.op_resolver import sketch_text
from engine.measurement.target_limits import MICRO
from engine.measurement.tflite_file import TfliteFile
from engine.store.durable_file import write_durably

HEADER_FILE, SOURCE_FILE, SKETCH_FILE, RECORD_FILE = "model.h", "model.cc", "interpreter.h", "boards.json"
ESTIMATED = (
    "Cycles and times are estimates by a rule per core, not measured; time in memory and other operators come on top."
)


class MicroRecord(BaseModel):
    """What is known of a file on microcontrollers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = Field(1, serialization_alias="schema", validation_alias="schema")
    run: str
    variant: str
    file: str
    """Relative to the run's folder."""
    model_bytes: int
    arena_bytes: int | None
    """By TensorFlow Lite Micro on the computer that measured; None: not measured."""
    operators: tuple[str, ...]
    """Sorted, each once."""
    macs: int
    boards: tuple[BoardFit, ...]
    estimate: str = ESTIMATED


def micro_record(run: Path, variant: VariantMeasurement) -> MicroRecord:
    """
    Args:
        run: its folder.

    Raises:
        DataError: TensorFlow Lite Micro does not run the file.
        NutshellError: the file is gone or damaged.
    """
    tried = variant.runtimes.get(MICRO)
    if tried is not None and tried.runs is False:
        raise DataError(f'The file of "{variant.name}" is not for a microcontroller. {tried.reason}')
    path = run / variant.file
    file = TfliteFile.read(path)
    size = path.stat().st_size
    arena = tried.arena_bytes if tried is not None else None
    is_int8 = not file.float_operators and set(file.weight_dtypes) == {"int8"}
    return MicroRecord(
        run=run.name,
        variant=variant.name,
        file=variant.file,
        model_bytes=size,
        arena_bytes=arena,
        operators=tuple(sorted({operator.name for operator in file.operators})),
        macs=file.macs,
        boards=board_fits(size, arena, file.macs if is_int8 else None),
    )


def micro_files(run: Path, record: MicroRecord) -> dict[str, str]:
    """Name → text of each file that a program for a microcontroller is begun with.

    Raises:
        NutshellError: the file is gone, or has an operator that cannot be linked.
        OSError: it cannot be read.
    """
    content = (run / record.file).read_bytes()
    what = f"{record.variant} of the run {record.run}, written by Nutshell"
    return {
        HEADER_FILE: header_text(content, what),
        SOURCE_FILE: source_text(content, what),
        SKETCH_FILE: sketch_text(record.operators, record.arena_bytes, what),
        RECORD_FILE: record.model_dump_json(by_alias=True, indent=1) + "\n",
    }


def write_micro_files(files: dict[str, str], out: Path) -> None:
    """
    Raises:
        DataError: the folder cannot be made, or a file not written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            write_durably(out / name, text)
    except (FileExistsError, NotADirectoryError):
        raise DataError(f"--out {out} is a file; name a folder.") from None
    except OSError as error:
        raise DataError(f"{out} cannot be written ({error.strerror}); choose another folder.") from None
