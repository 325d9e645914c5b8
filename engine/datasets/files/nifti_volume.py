"""Slices of a NIfTI volume through nibabel, turned as a DICOM viewer shows them."""

from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from engine.datasets.files.file_content import FileContent, is_empty, opened

Axis = Literal["stored", "axial", "coronal", "sagittal"]

VIEWED = ("L", "P", "S")
"""The directions in which the axes grow once a volume is turned: to the patient's left, back and head."""
ACROSS = {"sagittal": 0, "coronal": 1, "axial": 2}
"""Axis of the turned volume that the slices follow one another along."""
LARGEST_BYTES = 4 * 2**30
"""Of a packed volume, which is unpacked into memory."""
KEPT_VOLUMES = 3
"""In memory: slices are asked for one after the other, and a packed file can be read from its beginning only."""
GZIP_MARK = b"\x1f\x8b"
HEADER_BYTES = 540
"""Of NIfTI-2, the longer one."""
NIFTI_READING = (
    "Take the slice of the NIfTI volume; turn it as its orientation says, by the nearest axes: columns go to the "
    "patient's left (of a sagittal slice to the back), rows to the back (of coronal and sagittal slices from the head "
    "to the feet).",
    "Multiply by scl_slope and add scl_inter, where the header has them, as 32-bit floats. Only volumes of 8-bit "
    "unsigned integers without them, and of colours, keep eight bits.",
)
"""What `read_slice` does, for whoever feeds a shipped file."""


@dataclass(frozen=True)
class NiftiHeader:
    """What is known of a volume before its values are read."""

    slices: int
    """Along the axis."""
    times: int
    has_own_scale: bool
    """Whether its values are other than bytes."""


@dataclass(frozen=True)
class _Turn:
    """From stored axes to viewed ones."""

    orientation: np.ndarray
    """(3, 2), as nibabel has it: for each stored axis the viewed one, and whether it is turned round (-1)."""
    across: int
    """The stored axis that slices follow one another along."""


def read_header(file: FileContent, axis: Axis) -> NiftiHeader:
    """
    Raises:
        OSError: it is no NIfTI file, is damaged, or holds no volume; the message says so.
    """
    image = _opened(file)
    shape = _shape(image)
    turn = _turn(image, axis)
    return NiftiHeader(shape[turn.across], shape[3], not _is_bytes(image))


def read_slice(file: FileContent, axis: Axis, place: int, time: int = 0) -> np.ndarray:
    """One slice.

    Args:
        axis: what slices follow one another along; stored: the third axis of the file, as the scanner took them.
        place: from 0: from the feet (axial), the front (coronal), the patient's right (sagittal); where the third axis
            of the file is nearest to one of these, that order too.
        time: from 0.

    Returns:
        (height, width), float32, or uint8 where the file holds bytes; (height, width, 3), uint8, of colours.

    Raises:
        OSError: as `read_header`.
    """
    image = _opened(file)
    shape, turn = _shape(image), _turn(image, axis)
    viewed_across, direction = (int(value) for value in turn.orientation[turn.across])
    stored_place = place if direction > 0 else shape[turn.across] - 1 - place
    try:
        stored = _stored_values(file, image)
        values = stored.reshape(*shape, *stored.shape[len(image.shape) :])[:, :, :, time]
        flat = np.take(values, stored_place, axis=turn.across)
    except MemoryError:
        raise OSError("needs more memory than there is") from None
    except Exception:  # noqa: BLE001 - a damaged file makes nibabel raise nearly anything
        raise OSError("is damaged or cut off") from None
    kept = [stored_axis for stored_axis in range(3) if stored_axis != turn.across]
    for number, stored_axis in enumerate(kept):
        if turn.orientation[stored_axis][1] < 0:
            flat = np.flip(flat, axis=number)
    columns_first = turn.orientation[kept[0]][0] < turn.orientation[kept[1]][0]
    rows_first = np.swapaxes(flat, 0, 1) if columns_first else flat
    if viewed_across != ACROSS["axial"]:
        rows_first = rows_first[::-1]  # The head is up.
    return np.ascontiguousarray(_scaled(rows_first, image))


def _scaled(values: np.ndarray, image: Any) -> np.ndarray:
    if values.dtype.names:  # Colours.
        return np.stack([values[name] for name in ("R", "G", "B")], axis=-1)
    if _is_bytes(image):
        return values
    slope, intercept = image.dataobj.slope, image.dataobj.inter
    return (values.astype(np.float64) * slope + intercept).astype(np.float32)


def _is_bytes(image: Any) -> bool:
    dtype = image.dataobj.dtype
    plain = image.dataobj.slope == 1 and image.dataobj.inter == 0
    return bool(dtype.names) or (dtype == np.uint8 and plain)


def _shape(image: Any) -> tuple[int, int, int, int]:
    """(x, y, z, times)."""
    sides = tuple(int(side) for side in image.shape)
    if len(sides) < 2 or any(side > 1 for side in sides[4:]):
        raise OSError(f"holds values of the shape {sides} instead of a volume")
    x, y, z, times = (*sides[:4], 1, 1)[:4]
    if not x * y * z * times:
        raise OSError("holds no values")
    return x, y, z, times


def _turn(image: Any, axis: Axis) -> _Turn:
    nibabel = _nibabel()
    try:
        stored = nibabel.orientations.io_orientation(image.affine)
        viewed = nibabel.orientations.axcodes2ornt(VIEWED)
        orientation = nibabel.orientations.ornt_transform(stored, viewed)
    except Exception:  # noqa: BLE001 - as above
        raise OSError("says in a way that is not understood how it lies in the body") from None
    if axis == "stored":
        return _Turn(orientation, 2)
    return _Turn(orientation, int(np.flatnonzero(orientation[:, 0] == ACROSS[axis])[0]))


def _stored_values(file: FileContent, image: Any) -> np.ndarray:
    """As the file has them, before its slope; of a packed file kept in memory for the next slices."""
    if isinstance(file, bytes):
        is_packed, version = file.startswith(GZIP_MARK), (0, 0)
    else:
        status = file.stat()
        is_packed, version = file.name.lower().endswith(".gz"), (status.st_size, status.st_mtime_ns)
    if is_packed:
        with _unpacking:
            return _unpacked(file, version)
    return np.asanyarray(image.dataobj.get_unscaled())


@lru_cache(maxsize=KEPT_VOLUMES)
def _unpacked(file: FileContent, version: tuple[int, int]) -> np.ndarray:
    """`version` tells apart what lies at one path at different times."""
    image = _opened(file)
    if int(np.prod(image.shape)) * image.dataobj.dtype.itemsize > LARGEST_BYTES:
        raise MemoryError
    return np.asanyarray(image.dataobj.get_unscaled())


_unpacking = threading.Lock()


def _opened(file: FileContent) -> Any:
    nibabel = _nibabel()
    try:
        image = _image_of(file) if isinstance(file, bytes) else nibabel.load(file)
    except PermissionError:
        raise OSError("may not be read; check its permissions") from None
    except Exception:  # noqa: BLE001 - as above
        raise OSError("is empty" if is_empty(file) else "is no NIfTI file, or is damaged") from None
    if not isinstance(image, nibabel.Nifti1Image):  # Nifti2Image is one too.
        raise OSError("is no NIfTI file")
    if image.dataobj.dtype.kind == "c":
        raise OSError("holds complex numbers; save their magnitude")
    return image


def _image_of(content: bytes) -> Any:
    """An image of one file that is all in memory, packed or not; its values are read when they are asked for."""
    nibabel = _nibabel()
    stream = opened(content)
    unpacked = gzip.GzipFile(fileobj=stream) if content.startswith(GZIP_MARK) else stream
    beginning = unpacked.read(HEADER_BYTES)
    unpacked.seek(0)
    second = nibabel.Nifti2Header.may_contain_header(beginning)
    return (nibabel.Nifti2Image if second else nibabel.Nifti1Image).from_stream(unpacked)


@lru_cache(maxsize=1)
def _nibabel() -> Any:
    """The library, loaded late."""
    import nibabel

    return nibabel
