"""What image compression keeps, in words: for the wizard and the dashboard."""

from __future__ import annotations

from engine.contract.measurements import ImageBytes, ImageFidelity, Reconstruction, Spread, TransformFigures


def fidelity_text(sizes: ImageBytes) -> list[str]:
    """A line for resizing and one for JPEG, as far as they are known."""
    lines = []
    if sizes.resize_fidelity is not None:
        lines.append(f"Resized and back: {_likeness(sizes.resize_fidelity)}")
    if sizes.jpeg_fidelity is not None:
        lines.append(f"JPEG: {_likeness(sizes.jpeg_fidelity)}")
    return lines


def transform_text(figures: TransformFigures) -> str:
    """What the transform keeps, and what the real codec takes for it."""
    text = f"Reconstructed from the fed subbands: {_reconstruction(figures.fed)}"
    if figures.zeroed_fraction:
        text += (
            f"; from all subbands, with {figures.zeroed_fraction * 100:.0f} % of the details zero by the threshold: "
            f"{_reconstruction(figures.thresholded)}"
        )
    text += "."
    if figures.jpeg2000_bytes is None or figures.jpeg2000_bytes_as_fed is None:
        return f"{text} JPEG 2000: not part of this installation of Pillow."
    lossless = figures.jpeg2000_bytes.mean / 1024
    if figures.fed.psnr_db is None:
        return f"{text} JPEG 2000: {lossless:,.1f} KiB per image, lossless."
    as_fed = figures.jpeg2000_bytes_as_fed.mean / 1024
    return f"{text} JPEG 2000: {as_fed:,.1f} KiB per image at the same loss, {lossless:,.1f} KiB lossless."


def _likeness(fidelity: ImageFidelity) -> str:
    if fidelity.psnr_db is None:
        return "nothing is lost"
    ssim = fidelity.ssim
    return (
        f"PSNR {_range(fidelity.psnr_db, '.1f')} dB, SSIM {_range(ssim, '.3f')} "
        f"({fidelity.images} image{'s' if fidelity.images != 1 else ''})"
    )


def _reconstruction(reconstruction: Reconstruction) -> str:
    if reconstruction.psnr_db is None:
        return "nothing is lost"
    psnr, error = reconstruction.psnr_db, reconstruction.relative_l2
    return f"PSNR {_range(psnr, '.1f')} dB, relative error {_range(error, '.3f')}"


def _range(spread: Spread, form: str) -> str:
    """Such as "31.2 (29.8–33.0)"; the mean alone where all are alike."""
    mean, lowest, highest = (format(value, form) for value in (spread.mean, spread.least, spread.greatest))
    return mean if lowest == highest else f"{mean} ({lowest}–{highest})"
