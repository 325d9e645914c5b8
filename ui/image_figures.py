"""What image compression keeps, in words: for the wizard and the dashboard."""

from __future__ import annotations

from engine.contract.measurements import ImageBytes, ImageFidelity, Reconstruction, Spread, TransformFigures
from engine.language.speech import number_text, tr
from ui.counts import counted


def fidelity_text(sizes: ImageBytes) -> list[str]:
    """A line for resizing and one for JPEG, as far as they are known."""
    lines = []
    if sizes.resize_fidelity is not None:
        lines.append(tr("Resized and back: {likeness}", likeness=_likeness(sizes.resize_fidelity)))
    if sizes.jpeg_fidelity is not None:
        lines.append(tr("JPEG: {likeness}", likeness=_likeness(sizes.jpeg_fidelity)))
    return lines


def transform_text(figures: TransformFigures) -> str:
    """What the transform keeps, and what the real codec takes for it."""
    text = tr("Reconstructed from the fed subbands: {reconstruction}", reconstruction=_reconstruction(figures.fed))
    if figures.zeroed_fraction:
        text += tr(
            "; from all subbands, with {zeroed_fraction:.0f} % of the details zero by the threshold: {reconstruction}",
            zeroed_fraction=figures.zeroed_fraction * 100,
            reconstruction=_reconstruction(figures.thresholded),
        )
    text += "."
    if figures.jpeg2000_bytes is None or figures.jpeg2000_bytes_as_fed is None:
        return tr("{text} JPEG 2000: not part of this installation of Pillow.", text=text)
    lossless = figures.jpeg2000_bytes.mean / 1024
    if figures.fed.psnr_db is None:
        return tr("{text} JPEG 2000: {lossless:,.1f} KiB per image, lossless.", text=text, lossless=lossless)
    as_fed = figures.jpeg2000_bytes_as_fed.mean / 1024
    return tr(
        "{text} JPEG 2000: {as_fed:,.1f} KiB per image at the same loss, {lossless:,.1f} KiB lossless.",
        text=text,
        as_fed=as_fed,
        lossless=lossless,
    )


def _likeness(fidelity: ImageFidelity) -> str:
    if fidelity.psnr_db is None:
        return tr("nothing is lost")
    ssim = fidelity.ssim
    return tr(
        "PSNR {psnr} dB, SSIM {ssim} ({images})",
        psnr=_range(fidelity.psnr_db, ".1f"),
        ssim=_range(ssim, ".3f"),
        images=counted(fidelity.images, "image"),
    )


def _reconstruction(reconstruction: Reconstruction) -> str:
    if reconstruction.psnr_db is None:
        return tr("nothing is lost")
    psnr, error = reconstruction.psnr_db, reconstruction.relative_l2
    return tr("PSNR {range} dB, relative error {range2}", range=_range(psnr, ".1f"), range2=_range(error, ".3f"))


def _range(spread: Spread, form: str) -> str:
    """Such as "31.2 (29.8–33.0)"; the mean alone where all are alike."""
    mean, lowest, highest = (number_text(format(value, form)) for value in (spread.mean, spread.least, spread.greatest))
    return mean if lowest == highest else f"{mean} ({lowest}–{highest})"
