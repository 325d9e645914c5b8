"""What was done to each image between its file and the pixels that are resized."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class PixelReading(BaseModel):
    """How one dataset's images were read: its source, and the depth and scale that all of them share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    """The key of the dataset's source, such as "dicom_folder"."""
    steps: tuple[str, ...] = ()
    """What the source does, in sentences."""
    value_range: tuple[float, float] | None = None
    """The values that become 0 and 65535: value' = 65535 · (value - lowest) / (highest - lowest), cut and rounded."""
    value_range_of: str = ""
    """Which images are put on that range: "all"; or those "on a scale of their own", which are fractions, signed, or of
    more than 16 bits."""
    depths: tuple[int, ...] = (8,)
    """Bits of the images as they are resized, 8 and 16. Where there are both, those of 8 are multiplied by 257 then."""

    @property
    def widens(self) -> bool:
        """Whether images of eight bits are put on the scale of those of sixteen."""
        return len(self.depths) > 1


AS_STORED = PixelReading(source="image_folder")
"""Images of eight bits, with nothing done to them."""
