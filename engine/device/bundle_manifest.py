"""What is in a bundle for a device, and what its run keeps of it: the answers that are expected, and which images."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.contract.errors import DataError
from engine.store.durable_file import write_durably

MANIFEST_FILE = "manifest.json"
DEVICES = "devices"
"""The folder of a run for all that concerns other devices."""


class _Packed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


NPY_HEADER_BYTES, FLOAT_BYTES = 128, 4


class PackedFile(_Packed):
    sha256: str
    bytes: int


class ImageSet(_Packed):
    """Test images ready to be fed, which some of the files share."""

    file: str
    """float32 (images, height, width, channels)."""
    labels: tuple[int, ...]
    """The place of each image's class among the classes."""
    evaluation_images: int
    """In the whole test set, of which these are some."""
    names: tuple[str, ...] = ()
    """Of the images' files; empty unless they were asked for."""


class PackedModel(_Packed):
    name: str
    """The variant's."""
    file: str
    set: int
    """Place of its images among the sets."""
    expected: str
    """What it answers on the computer that packed it: float32 (images, classes or 1)."""
    baseline: str
    """The variant that its latency is held against."""


class BundleManifest(_Packed):
    """The list of a bundle's files."""

    format: int = 1
    bundle: str
    """The same for the same files, images and run."""
    run: str
    nutshell: str
    files: dict[str, PackedFile]
    image_sets: tuple[ImageSet, ...]
    models: tuple[PackedModel, ...]

    def classes(self, model: PackedModel) -> int:
        """By the size of what it answers here; a single value decides between two."""
        values = (self.files[model.expected].bytes - NPY_HEADER_BYTES) // FLOAT_BYTES
        return max(values // len(self.image_sets[model.set].labels), 2)


class BundleRecord(_Packed):
    """What a run keeps of a bundle that was made of it."""

    manifest: BundleManifest
    paths: tuple[tuple[str, ...], ...]
    """Of each set: the images, as the run's files name them."""
    predicted: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Variant → the class that its file gives each image on this computer."""

    def keep(self, directory: Path) -> None:
        """
        Raises:
            OSError: the run's folder cannot be written.
        """
        write_durably(_file(directory, self.manifest.bundle), self.model_dump_json())

    @classmethod
    def of(cls, directory: Path, bundle: str) -> BundleRecord | None:
        """None where this run made no such bundle.

        Raises:
            DataError: it is damaged.
        """
        file = _file(directory, bundle)
        try:
            return cls.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            raise DataError(f"{file} is damaged, so the results cannot be compared; make the bundle again.") from None

    def packed(self, name: str) -> PackedModel | None:
        return next((one for one in self.manifest.models if one.name == name), None)


def _file(directory: Path, bundle: str) -> Path:
    return directory / DEVICES / "bundles" / f"{bundle}.json"
