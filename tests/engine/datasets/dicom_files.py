"""Writes DICOM files as scanners do, with a patient in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

SECRETS = {
    "PatientName": "ZZYZX^QUETZALCOATL",
    "PatientID": "MRN-9183746501",
    "PatientBirthDate": "19370412",
    "PatientAddress": "Wolpertinger Lane 77",
    "ReferringPhysicianName": "VON^FNORDHEIM",
    "InstitutionName": "Hospital of Saint Wobble",
    "AccessionNumber": "ACC55512399",
}


def dicom(
    pixels: np.ndarray,
    photometric: str = "MONOCHROME2",
    bits: int | None = None,
    patient: str = "",
    syntax: UID = ExplicitVRLittleEndian,
    **elements: object,
) -> Dataset:
    """A data set of pixels (height, width), (height, width, 3), or (frames, height, width) with `frames=True`."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = generate_uid()
    for name, value in SECRETS.items():
        setattr(dataset, name, value)
    if patient:
        dataset.PatientID = patient
    frames = elements.pop("frames", False)
    shape = pixels.shape[1:] if frames else pixels.shape
    if frames:
        dataset.NumberOfFrames = pixels.shape[0]
    dataset.Rows, dataset.Columns = shape[:2]
    dataset.SamplesPerPixel = shape[2] if len(shape) == 3 else 1
    if len(shape) == 3:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated = 8 * pixels.dtype.itemsize
    dataset.BitsStored = bits or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    for name, value in elements.items():
        setattr(dataset, name, value)
    dataset.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    return dataset


def write_dicom(path: Path, pixels: np.ndarray, compress: UID | None = None, **options: object) -> Path:
    """Write `dicom(pixels, …)`, compressed after that if asked."""
    dataset = dicom(pixels, **options)
    if compress is not None:
        dataset.compress(compress)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path
