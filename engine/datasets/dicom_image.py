"""Reads one image of a DICOM file through pydicom: as a viewer shows it first, eight or sixteen bits.

Nothing that says who the patient is gets out of here: only the elements named below are read at all, errors are told in
words of our own, and what pydicom has to say of a file's values is not listened to.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.datasets.dicom_tables import LookUpTable, narrow_palette
from engine.datasets.image_file import LARGEST_PIXELS

HEADER_ELEMENTS = ("Rows", "Columns", "NumberOfFrames")
IMAGE_ELEMENTS = (
    *HEADER_ELEMENTS,
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PixelRepresentation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "RescaleSlope",
    "RescaleIntercept",
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "VOILUTSequence",
    "RedPaletteColorLookupTableDescriptor",
    "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor",
    "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData",
    "SegmentedRedPaletteColorLookupTableData",
    "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedBluePaletteColorLookupTableData",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
FRAME_ELEMENTS = {
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
    "FrameVOILUTSequence": ("WindowCenter", "WindowWidth", "VOILUTFunction"),
}
"""Where enhanced multi-frame files keep, for all frames or for each, what others keep at the top."""
JPEG12_PLUGIN = "nutshell_jpeg12"
GRAYSCALE = ("MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True)
class DicomHeader:
    """What is known of a file before its pixels are decoded."""

    frames: int
    patient: str
    """A hash of the patient's number with the salt, 64 digits; empty where there is none, or it was not asked for."""


def read_header(path: Path, patient_salt: str | None = None) -> DicomHeader:
    """
    Args:
        patient_salt: None: the patient's number is not read.

    Raises:
        OSError: it is no DICOM file, or holds no image; the message says so.
    """
    wanted = HEADER_ELEMENTS if patient_salt is None else (*HEADER_ELEMENTS, "PatientID")
    dataset = _elements(path, wanted)
    try:
        frames = int(dataset.get("NumberOfFrames") or 1)
        pixels = int(dataset.get("Rows") or 0) * int(dataset.get("Columns") or 0)
        number = str(dataset.get("PatientID") or "").strip()
    except Exception:  # noqa: BLE001 - a damaged element makes pydicom raise nearly anything
        raise OSError("is a damaged DICOM file") from None
    if not pixels:
        raise OSError("is a DICOM file without an image")
    if pixels > LARGEST_PIXELS:
        raise OSError(f"has {pixels:,} pixels, which is more than can be trusted")
    patient = hashlib.sha256(f"{patient_salt}\0{number}".encode()).hexdigest() if number else ""
    return DicomHeader(max(frames, 1), patient)


def read_dicom(path: Path, frame: int = 0) -> np.ndarray:
    """The image at `path`, or one of several.

    Grayscale goes through the modality transformation (rescale slope and intercept, or a table), then through the
    file's first VOI table or window, and is spread over 0 … 255 (up to eight bits stored) or 0 … 65535; without a
    window what is spread is the range that the stored bits can have. MONOCHROME1 is inverted, so that white is bright.

    Args:
        frame: from 0.

    Returns:
        (height, width) or, for colour, (height, width, 3), uint8 or uint16.

    Raises:
        OSError: it cannot be read; the message says why, in a few words.
    """
    read_header(path)
    dataset = _elements(path, IMAGE_ELEMENTS)
    _refuse_unknown_compression(dataset)
    try:
        pixels = _pydicom().pixels.pixel_array(
            _pixel_source(path, dataset), index=frame, correct_unused_bits=not _bits_above_lowest(dataset)
        )
    except Exception as error:  # noqa: BLE001 - as above
        raise OSError(_reason(error)) from None
    try:
        _take_frame_elements(dataset, frame)
        return _shown(pixels, dataset)
    except MemoryError:
        raise OSError("needs more memory than there is") from None
    except Exception:  # noqa: BLE001 - as above
        raise OSError("says in a way that is not understood how its pixels are to be shown") from None


def _elements(path: Path, names: tuple[str, ...]) -> Any:
    """The named elements of the file and no others."""
    pydicom = _pydicom()
    try:
        return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(names))
    except PermissionError:
        raise OSError("may not be read; check its permissions") from None
    except pydicom.errors.InvalidDicomError:
        raise OSError("is empty" if path.stat().st_size == 0 else "is no DICOM file") from None
    except OSError as error:
        raise OSError(error.strerror or "cannot be read") from None
    except Exception:  # noqa: BLE001 - as above
        raise OSError("is a damaged DICOM file") from None


def _refuse_unknown_compression(dataset: Any) -> None:
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        raise OSError("does not say how its pixels are stored (it has no transfer syntax)")
    try:
        known = _pydicom().pixels.get_decoder(syntax).is_available
    except NotImplementedError:
        known = False
    if not known:
        raise OSError(f"is compressed as {syntax.name}, which cannot be decoded here; store it uncompressed")


def _pixel_source(path: Path, dataset: Any) -> Any:
    """The file, of which then one frame only is read; of one that is deflated as a whole, what has its pixels."""
    if not dataset.file_meta.TransferSyntaxUID.is_deflated:
        return path
    return _pydicom().dcmread(path, specific_tags=[*IMAGE_ELEMENTS, "PixelData"])


def _reason(error: Exception) -> str:
    text = str(error).lower()
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    if "no pixel data" in text:
        return "is a DICOM file without pixel data"
    if isinstance(error, EOFError) or "cannot reshape" in text or "insufficient" in text:
        return "is cut off"
    return "is a damaged DICOM file"


def _take_frame_elements(dataset: Any, frame: int) -> None:
    """Put what holds for this frame to where other files have it for all."""
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    each = dataset.get("PerFrameFunctionalGroupsSequence") or []
    for group in (*shared[:1], *each[frame : frame + 1]):
        for sequence, names in FRAME_ELEMENTS.items():
            for item in (group.get(sequence) or [])[:1]:
                for name in names:
                    if name in item:
                        dataset[name] = item[name]


def _shown(pixels: np.ndarray, dataset: Any) -> np.ndarray:
    kind = dataset.PhotometricInterpretation
    if kind == "PALETTE COLOR":
        colours = _pydicom().pixels.apply_color_lut(pixels, dataset)
        eight_bits = colours.dtype == np.uint8 or narrow_palette(dataset)
        return colours.astype(np.uint8 if eight_bits else np.uint16)
    deep = dataset.BitsStored > 8
    if kind not in GRAYSCALE:
        return _spread(pixels.astype(np.float64), 0.0, 2.0**dataset.BitsStored - 1, deep)
    values, least, greatest = _grayscale(pixels, dataset)
    return _spread(greatest + least - values if kind == "MONOCHROME1" else values, least, greatest, deep)


def _grayscale(pixels: np.ndarray, dataset: Any) -> tuple[np.ndarray, float, float]:
    """The values after modality transformation and window, float64, and the range that they can have."""
    processing = _pydicom().pixels
    least, greatest = _stored_range(dataset)
    pixels = _from_their_place(pixels, dataset)
    if sequence := dataset.get("ModalityLUTSequence"):
        table = LookUpTable.of(sequence[0], least)
        values, least, greatest = table(pixels), 0.0, float(table.greatest)
    else:
        values = processing.apply_rescale(pixels, dataset)
    if not sequence and "RescaleSlope" in dataset and "RescaleIntercept" in dataset:
        ends = [end * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept) for end in (least, greatest)]
        least, greatest = min(ends), max(ends)
    if sequence := dataset.get("VOILUTSequence"):
        # A table has an entry for a whole number; slopes make fractions of them.
        table = LookUpTable.of(sequence[0], least)
        values, least, greatest = table(np.rint(values)), 0.0, float(table.greatest)
    elif _has_window(dataset):
        values = processing.apply_windowing(values, dataset)
        if float(dataset.get("RescaleSlope") or 1) < 0:  # Its ends are swapped with those of the stored range.
            values = least + greatest - values
    return values.astype(np.float64), least, greatest


def _has_window(dataset: Any) -> bool:
    """Whether there is a window that shows something: of no width, as some files have it, shows two values."""
    if dataset.get("WindowCenter") is None or dataset.get("WindowWidth") is None:
        return False
    width = float(np.atleast_1d(dataset.WindowWidth)[0])
    return width >= 1 if dataset.get("VOILUTFunction", "LINEAR") == "LINEAR" else width > 0


def _from_their_place(pixels: np.ndarray, dataset: Any) -> np.ndarray:
    """Stored values that do not begin at the lowest bit of their word, shifted there."""
    shift = _bits_above_lowest(dataset)
    if not shift:
        return pixels
    # What lies above them is no part of them; of negative values those bits are the sign's.
    return pixels >> shift if dataset.PixelRepresentation else (pixels >> shift) & (2**dataset.BitsStored - 1)


def _bits_above_lowest(dataset: Any) -> int:
    """At which bit of its word a stored value begins; what decoders give begins at 0."""
    stored = int(dataset.get("BitsStored") or 0)
    compressed = dataset.file_meta.TransferSyntaxUID.is_compressed
    return 0 if compressed else max(int(dataset.get("HighBit", stored - 1)) + 1 - stored, 0)


def _stored_range(dataset: Any) -> tuple[float, float]:
    bits = dataset.BitsStored
    return (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1) if dataset.PixelRepresentation else (0.0, 2.0**bits - 1)


def _spread(values: np.ndarray, least: float, greatest: float, deep: bool) -> np.ndarray:
    """The range over all that the depth can hold; a stored value that lies outside, as at its nearer end."""
    largest = 65535 if deep else 255
    return np.rint(np.clip((values - least) / (greatest - least), 0, 1) * largest).astype(
        np.uint16 if deep else np.uint8
    )


@lru_cache(maxsize=1)
def _pydicom() -> Any:
    """The library, loaded late and silenced: its warnings and log lines hold values of the files."""
    import pydicom
    import pydicom.pixels
    from pydicom import config

    logging.getLogger("pydicom").disabled = True
    warnings.filterwarnings("ignore", module=r"(pydicom|engine\.datasets\.dicom)")
    config.settings.reading_validation_mode = config.IGNORE
    decoder = pydicom.pixels.get_decoder(pydicom.uid.JPEGExtended12Bit)
    with contextlib.suppress(ValueError):  # Another thread was first.
        decoder.add_plugin(JPEG12_PLUGIN, ("engine.datasets.dicom_jpeg12", "decode_frame"))
    return pydicom
