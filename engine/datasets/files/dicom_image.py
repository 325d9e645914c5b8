"""Reads one image of a DICOM file through pydicom: as a viewer shows it first, eight or sixteen bits.

Nothing that says who the patient is gets out of here: only the elements named below are read at all, errors are told in
words of our own, and what pydicom has to say of a file's values is not listened to.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from engine.datasets.files.dicom_tables import LookupTable, palette_tables, table_of_item
from engine.datasets.files.file_content import FileContent, is_empty, opened, path_or_stream
from engine.datasets.files.image_file import LARGEST_PIXELS

HEADER_ELEMENTS = ("Rows", "Columns", "NumberOfFrames")
RESCALING_ELEMENTS = ("RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth", "VOILUTSequence")
IMAGE_ELEMENTS = (
    *HEADER_ELEMENTS,
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PixelRepresentation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "DoseGridScaling",
    "DoseUnits",
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
GRAYSCALE = ("MONOCHROME1", "MONOCHROME2")
HIGHEST_DOSE_GY = 131.07
"""What the brightest pixel of a dose image says: a level of 65535 is 2 mGy, in all files alike."""
FEWEST_LEVELS = 256
"""An image of more than 16 bits is not taken where fewer of 65,536 levels would be left of more."""
DICOM_READING = (
    "Take the values that the DICOM file stores (its frame, where it has several).",
    "Of gray images: apply the modality look-up table, or the rescale slope and intercept; or, where there is a "
    f"DoseGridScaling, multiply by it, with 0 Gy as black and {HIGHEST_DOSE_GY} Gy as white. Then apply the first VOI "
    "look-up table, or the first window by the file's VOI LUT function, as PS3.3 C.11 says; a width of 0 is none.",
    "Spread the range that the values can have (without a table: all that the stored bits can have, rescaled; of a "
    "table: 0 to its greatest possible entry) over 0 to 255 where at most 8 bits are stored, else over 0 to 65535, and "
    "round. MONOCHROME1 is inverted.",
    "Of palettes take the colours of the tables; YBR becomes RGB.",
)
"""What `read_dicom` does, for whoever feeds a shipped file."""
READING_BY_RANGE = (
    DICOM_READING[0],
    "Of gray images: apply the modality look-up table, or the rescale slope and intercept, or multiply by "
    "DoseGridScaling where there is one. There is no window: the next step gives the range. Of MONOCHROME1 first take "
    "the sum of that range's two ends less the value.",
    f"{DICOM_READING[-1]} Colours are not put on that range.",
)
"""The same with a range given."""
FIRST_GROUPS = (b"\x02\x00", b"\x08\x00")
"""How a file begins that has no preamble: with an element of one of these groups."""


@dataclass(frozen=True)
class DicomHeader:
    """What is known of a file before its pixels are decoded."""

    frames: int
    patient: str
    """A hash of the patient's number with the salt, 64 digits; empty where there is none, or it was not asked for."""
    rescaling: str = ""
    """Slope and intercept of a file without a window or a table, whose stored range is spread by itself."""


def read_header(file: FileContent, patient_salt: str | None = None) -> DicomHeader:
    """
    Args:
        patient_salt: None: the patient's number is not read.

    Raises:
        OSError: it is no DICOM file, or holds no image; the message says so.
    """
    wanted = (*HEADER_ELEMENTS, *RESCALING_ELEMENTS, *(() if patient_salt is None else ("PatientID",)))
    dataset = _elements(file, wanted)
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
    return DicomHeader(max(frames, 1), patient, _rescaling(dataset))


def _rescaling(dataset: Any) -> str:
    try:
        if "RescaleSlope" not in dataset or "VOILUTSequence" in dataset or _take_usable_window(dataset):
            return ""
        return f"{float(dataset.RescaleSlope):g}, {float(dataset.get('RescaleIntercept') or 0):g}"
    except (TypeError, ValueError):
        return ""  # It is told when the image is read.


def read_dicom(file: FileContent, frame: int = 0, value_range: tuple[float, float] | None = None) -> np.ndarray:
    """The image of a file, or one of several.

    Grayscale goes through the modality transformation (rescale slope and intercept, or a table), then through the
    file's first VOI table or window, and is spread over 0 … 255 (up to eight bits stored) or 0 … 65535; without a
    window what is spread is the range that the stored bits can have. MONOCHROME1 is inverted, so that white is bright.
    Doses are spread from 0 to `HIGHEST_DOSE_GY`, so that an image of 32 bits keeps its levels. A window without a width
    is none.

    Args:
        frame: from 0.
        value_range: of grayscale, what becomes black and white in place of the window and of the stored range: values
            after the modality transformation, such as Hounsfield units or Gy. The image is uint16 then.

    Returns:
        (height, width) or, for colour, (height, width, 3), uint8 or uint16.

    Raises:
        OSError: it cannot be read; the message says why, in a few words.
    """
    read_header(file)
    dataset = _elements(file, IMAGE_ELEMENTS)
    _refuse_unknown_compression(dataset)
    try:
        pixels = _stored_pixels(file, dataset, frame)
    except Exception as error:  # noqa: BLE001 - as above
        raise OSError(_reason(error)) from None
    try:
        _take_frame_elements(dataset, frame)
        return _shown(pixels, dataset, value_range)
    except OSError:
        raise
    except MemoryError:
        raise OSError("needs more memory than there is") from None
    except Exception:  # noqa: BLE001 - as above
        raise OSError("says in a way that is not understood how its pixels are to be shown") from None


def _elements(file: FileContent, names: tuple[str, ...]) -> Any:
    """The named elements of the file and no others."""
    pydicom = _pydicom()
    try:
        return _with_syntax(
            pydicom.dcmread(
                path_or_stream(file),
                stop_before_pixels=True,
                specific_tags=list(names),
                force=_begins_without_preamble(file),
            )
        )
    except PermissionError:
        raise OSError("may not be read; check its permissions") from None
    except pydicom.errors.InvalidDicomError:
        raise OSError("is empty" if is_empty(file) else "is no DICOM file") from None
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


def _begins_without_preamble(file: FileContent) -> bool:
    with opened(file) as stream:
        return stream.read(2) in FIRST_GROUPS


def _with_syntax(dataset: Any) -> Any:
    """A file without preamble mostly does not say its transfer syntax; how it could be read tells it."""
    if dataset.preamble is None and "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little_endian = dataset.original_encoding
        if little_endian:
            uid = _pydicom().uid
            dataset.file_meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian
    return dataset


def _stored_pixels(file: FileContent, dataset: Any, frame: int) -> np.ndarray:
    """What the file has for the pixels of a frame; a file that can be is read for this frame only."""
    pydicom = _pydicom()
    syntax = dataset.file_meta.TransferSyntaxUID
    # Bits at another place are taken as lower bits too, which are then shifted away.
    unused = 0 if syntax.is_compressed else int(dataset.get("HighBit") or 0) + 1 - int(dataset.BitsStored)
    unused = unused if 0 < unused <= int(dataset.BitsAllocated) - int(dataset.BitsStored) else 0
    if not (syntax.is_deflated or unused or dataset.preamble is None):
        return pydicom.pixels.pixel_array(path_or_stream(file), index=frame)
    whole = _with_syntax(
        pydicom.dcmread(
            path_or_stream(file), specific_tags=[*IMAGE_ELEMENTS, "PixelData"], force=dataset.preamble is None
        )
    )
    whole.BitsStored = int(dataset.BitsStored) + unused
    pixels = pydicom.pixels.pixel_array(whole, index=frame)
    return pixels >> unused if unused else pixels


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


def _shown(pixels: np.ndarray, dataset: Any, value_range: tuple[float, float] | None) -> np.ndarray:
    kind = dataset.PhotometricInterpretation
    if kind == "PALETTE COLOR":
        return _coloured(pixels, dataset)
    deep = dataset.BitsStored > 8
    if kind not in GRAYSCALE:
        return _spread(pixels.astype(np.float64), 0.0, 2.0**dataset.BitsStored - 1, deep)
    values, least, greatest = _grayscale(pixels, dataset, windowed=value_range is None)
    if value_range is not None:
        least, greatest = value_range
        deep = True
    elif dataset.BitsStored > 16:
        _refuse_lost_levels(values, least, greatest)
    return _spread(greatest + least - values if kind == "MONOCHROME1" else values, least, greatest, deep)


def _grayscale(pixels: np.ndarray, dataset: Any, windowed: bool) -> tuple[np.ndarray, float, float]:
    """The values after modality transformation and window, float64, and the range that they can have."""
    processing = _pydicom().pixels
    little_endian = dataset.file_meta.TransferSyntaxUID.is_little_endian
    least, greatest = _stored_range(dataset)
    values: np.ndarray = pixels
    if sequence := dataset.get("ModalityLUTSequence"):
        table = table_of_item(sequence[0], least < 0, little_endian)
        values, least, greatest = table.of(pixels), 0.0, table.greatest
    elif dataset.get("DoseGridScaling") is not None:
        return _dose(pixels, dataset)
    elif "RescaleSlope" in dataset and "RescaleIntercept" in dataset:
        values = processing.apply_modality_lut(pixels, dataset)
        ends = [end * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept) for end in (least, greatest)]
        least, greatest = min(ends), max(ends)
    if not windowed:
        return values.astype(np.float64), least, greatest
    if sequence := dataset.get("VOILUTSequence"):
        table = table_of_item(sequence[0], least < 0, little_endian)
        values, least, greatest = table.of(values), 0.0, table.greatest
    elif _take_usable_window(dataset):
        values = processing.apply_windowing(values, dataset)
        if float(dataset.get("RescaleSlope") or 1) < 0:  # Its ends are swapped with those of the stored range.
            values = least + greatest - values
    return values.astype(np.float64), least, greatest


def _coloured(pixels: np.ndarray, dataset: Any) -> np.ndarray:
    if "RedPaletteColorLookupTableData" not in dataset:  # It is written in segments.
        colours = _pydicom().pixels.apply_color_lut(pixels, dataset)
        return colours if colours.dtype == np.uint8 else colours.astype(np.uint16)
    tables: tuple[LookupTable, ...] = palette_tables(dataset, dataset.file_meta.TransferSyntaxUID.is_little_endian)
    colours = np.stack([table.of(pixels) for table in tables], axis=-1)
    return colours.astype(np.uint8 if tables[0].bits <= 8 else np.uint16)


def _dose(pixels: np.ndarray, dataset: Any) -> tuple[np.ndarray, float, float]:
    if str(dataset.get("DoseUnits") or "GY").strip().upper() != "GY":
        raise OSError("has doses that are not in gray, so that they cannot be compared with those of other files")
    values = pixels.astype(np.float64) * float(dataset.DoseGridScaling)
    return values, min(0.0, -HIGHEST_DOSE_GY * int(dataset.PixelRepresentation)), HIGHEST_DOSE_GY


def _take_usable_window(dataset: Any) -> bool:
    """Whether there is a window; PS3.3 C.11.2.1.2 has none that is not wider than 0, nor a linear one below 1."""
    if dataset.get("WindowCenter") is None or dataset.get("WindowWidth") is None:
        return False
    width = dataset.WindowWidth
    width = float(width if not hasattr(width, "__getitem__") or isinstance(width, str) else width[0])
    if width <= 0:
        return False
    if width < 1 and str(dataset.get("VOILUTFunction") or "LINEAR") == "LINEAR":
        dataset.VOILUTFunction = "LINEAR_EXACT"
    return True


def _refuse_lost_levels(values: np.ndarray, least: float, greatest: float) -> None:
    before = len(np.unique(values))
    after = len(np.unique(_spread(values, least, greatest, deep=True)))
    if after < min(before, FEWEST_LEVELS):
        raise OSError(f"has {before:,} levels in more than 16 bits, of which {after:,} would be left; give it a window")


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

    # All that decodes is loaded with the library, and not by the first of several threads that needs it.
    from engine.datasets.files import dicom_decoders

    logging.getLogger("pydicom").disabled = True
    warnings.filterwarnings("ignore", module=r"(pydicom|engine\.datasets\.dicom)")
    config.settings.reading_validation_mode = config.IGNORE
    dicom_decoders.install(pydicom.pixels.get_decoder)
    return pydicom
