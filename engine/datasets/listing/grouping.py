"""Which images belong together, such as those of one patient, so that a split never separates them."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path, PurePath

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.findings import Finding, Severity
from engine.datasets.listing.labels_csv import read_labels_csv
from engine.datasets.source import Sample, SampleIndex

PATIENT = "patient"


def with_groups(index: SampleIndex, settings: DatasetSettings) -> SampleIndex:
    """The index with each sample's group, as `dataset.group_by` says.

    Groups that the source gave, such as a file's frames, hold where `group_by` is empty. What a group is called gets
    into no file; the fingerprint depends on which samples belong together.

    Raises:
        DataError: the images cannot be grouped this way.
    """
    kind, _, detail = settings.group_by.partition(":")
    if kind == PATIENT:
        samples = index.samples
        if not any(sample.group for sample in samples):
            raise DataError(
                'dataset.group_by = "patient" needs images that carry a patient\'s number, as DICOM files do; group by '
                "a folder, a pattern, or a CSV column."
            )
    elif kind == "csv":
        table = read_labels_csv(settings.labels_csv, needed=("group",))
        rows = table.rows_of([(relative_name(sample.path, settings), sample.path) for sample in index.samples])
        samples = tuple(
            replace(sample, group=row.group if row else "") for sample, row in zip(index.samples, rows, strict=True)
        )
    elif kind:
        name = _namer(kind, detail, settings)
        samples = tuple(replace(sample, group=name(sample.path)) for sample in index.samples)
    else:
        samples = index.samples
    if not any(sample.group for sample in samples):
        return replace(index, samples=samples)
    numbers: dict[str, int] = {}
    digest = hashlib.sha256(f"{index.fingerprint} {settings.group_by}".encode())
    for place, sample in enumerate(samples):
        digest.update(f" {numbers.setdefault(group_key(sample), place)}".encode())
    return replace(index, samples=samples, fingerprint=digest.hexdigest())


def group_key(sample: Sample) -> str:
    """What samples of one group have in common; one that belongs to none is a group of its own."""
    return sample.group or f"\0{sample.path}"


def group_findings(samples: Iterable[Sample], settings: DatasetSettings) -> tuple[Finding, ...]:
    """Whether a group lies in more than one split, as the source's own splits may have it; and how many have none."""
    samples = tuple(samples)
    if not any(sample.group for sample in samples):
        return ()
    members: dict[str, list[Sample]] = defaultdict(list)
    ungrouped = 0
    for sample in samples:
        ungrouped += not sample.group
        members[group_key(sample)].append(sample)
    apart = [group for group in members.values() if len({sample.split for sample in group}) > 1]
    findings = []
    if apart:
        first = apart[0][0]
        other = next(sample for sample in apart[0] if sample.split is not first.split)
        images = sum(map(len, apart))
        message = (
            f"{len(apart):,} of {len(members):,} groups ({images:,} images) lie in more than one of the dataset's own "
            f"splits, such as {Path(first.path).name} ({first.split}) and {Path(other.path).name} ({other.split}): "
            "figures measure how well known groups are recognised."
        )
        findings.append(Finding(severity=Severity.WARNING, where="dataset.group_by", message=message))
    if settings.group_by and ungrouped:
        message = f"{ungrouped:,} images belong to no group by {settings.group_by}; each was split by itself."
        findings.append(Finding(severity=Severity.WARNING, where="dataset.group_by", message=message))
    return tuple(findings)


def _namer(kind: str, detail: str, settings: DatasetSettings) -> Callable[[str], str]:
    """From a sample's path to its group's name, empty for none."""
    if kind == "folder":
        return lambda path: _folder_above(path, int(detail), settings)
    expression = re.compile(detail)

    def matched(path: str) -> str:
        found = expression.search(relative_name(path, settings))
        return (found[1] if expression.groups else found[0]) or "" if found else ""

    return matched


def _folder_above(path: str, level: int, settings: DatasetSettings) -> str:
    folders = PurePath(relative_name(path, settings)).parts[:-1]
    if level > len(folders):
        raise DataError(
            f'dataset.group_by = "folder:{level}": {path} lies only {len(folders)} folders below the dataset\'s; use a '
            "smaller number."
        )
    return folders[-level]


def relative_name(path: str, settings: DatasetSettings) -> str:
    """A sample's path below the dataset's folder, with "/" between folders; as it is where it lies elsewhere."""
    for root in (settings.path, settings.validation_path, settings.test_path):
        if root and PurePath(path).is_relative_to(folder := Path(root).expanduser().resolve()):
            return PurePath(path).relative_to(folder).as_posix()
    return PurePath(path).as_posix()
