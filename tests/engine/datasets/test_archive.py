"""Archives are unpacked whole or not at all, and never outside of their folder, however they were made."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import Cancelled, DataError
from engine.contract.image_settings import ImageSettings
from engine.contract.progress import Progress
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.listing.archive import unpacked
from engine.datasets.listing.unpacked_archive import _damage
from tests.small_study import draw_class_folders

NAMES = "Übergröße 心臓 قلب сердце καρδιά हृदय 심장 לב หัวใจ ❤️.png"


def everything_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def write_zip(path: Path, *entries: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def write_tar(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def tar_member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, target, size
    return member


@pytest.mark.parametrize("kind", ["zip", "gztar", "tar"])
def test_packed_folders_give_the_same_images_and_splits(tmp_path: Path, kind: str) -> None:
    folder = draw_class_folders(tmp_path / "hearts", count=8)
    (folder / "sick" / "000.png").rename(folder / "sick" / NAMES)
    (folder / "sick" / "notes.txt").write_text("no image")
    archive = Path(shutil.make_archive(str(tmp_path / "packed"), kind, tmp_path, "hearts"))
    cache = tmp_path / "cache"

    def prepared(path: Path) -> tuple[np.ndarray, list[str], list[str]]:
        settings = DatasetSettings(kind="image_folder", path=str(path))
        dataset = prepare(scan(settings, 7, cache=cache), settings, ImageSettings(size=16), 7, cache)
        shown = [str(Path(name).relative_to(path)) for name in dataset.paths]
        skipped = [str(Path(one.path).relative_to(path)) for one in dataset.summary.skipped]
        return np.asarray(dataset.images), [f"{name} {dataset.splits}" for name in shown], skipped

    of_folder, of_archive = prepared(folder), prepared(archive)
    assert np.array_equal(of_folder[0], of_archive[0])
    assert of_folder[1:] == of_archive[1:]
    assert len(of_archive[1]) == 16
    assert of_archive[2] == ["sick/notes.txt"]


def test_an_archive_is_unpacked_once_until_it_changes(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", ("a/1.png", b"one"), ("__MACOSX/a/._1.png", b"x"), ("a/.DS_Store", b"x"))
    first = unpacked(archive, tmp_path / "cache")
    assert everything_below(first) == {"a", "a/1.png"}
    times = (first / "a" / "1.png").stat().st_mtime_ns, first.stat().st_ctime_ns
    assert times[0] == archive.stat().st_mtime_ns
    assert unpacked(archive, tmp_path / "cache") == first
    assert ((first / "a" / "1.png").stat().st_mtime_ns, first.stat().st_ctime_ns) == times
    write_zip(archive, ("a/1.png", b"another"))
    assert (unpacked(archive, tmp_path / "cache") / "a" / "1.png").read_bytes() == b"another"


def test_backslashes_of_windows_are_folders(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", ("a\\b\\1.png", b"x"))
    assert everything_below(unpacked(archive, tmp_path / "cache")) == {"a", "a/b", "a/b/1.png"}


OUTSIDE = ["../canary", "a/../../canary", "/tmp/canary", "..\\canary", "a\\..\\..\\canary", "C:\\canary", "c:canary"]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_entry_that_would_leave_the_folder_is_refused(tmp_path: Path, name: str, kind: str) -> None:
    archive = tmp_path / f"slip.{kind}"
    if kind == "zip":
        write_zip(archive, ("a/1.png", b"x"), (name, b"x"))
    else:
        write_tar(archive, tar_member("a/1.png", size=1), tar_member(name, size=1))
    with pytest.raises(DataError, match="would be written outside of its folder; do not trust the archive"):
        unpacked(archive, tmp_path / "inner" / "cache")
    assert everything_below(tmp_path) == {archive.name, "inner", "inner/cache"}
    assert not Path("/tmp/canary").exists()


@pytest.mark.parametrize(
    "members",
    [
        [tar_member("a", tarfile.SYMTYPE, "../.."), tar_member("a/canary", size=1)],
        [tar_member("a", tarfile.SYMTYPE, "/tmp"), tar_member("a/canary", size=1)],
        [tar_member("a", tarfile.SYMTYPE, "a")],
        [tar_member("a", tarfile.LNKTYPE, "/etc/passwd")],
        [tar_member("a", tarfile.FIFOTYPE)],
        [tar_member("a", tarfile.CHRTYPE)],
        [tar_member("a", tarfile.BLKTYPE)],
    ],
    ids=["link out, then through it", "link to /tmp", "loop", "hard link", "pipe", "character device", "block device"],
)
def test_links_and_devices_are_refused(tmp_path: Path, members: list[tarfile.TarInfo]) -> None:
    archive = write_tar(tmp_path / "links.tar.gz", *members)
    with pytest.raises(DataError, match='holds a link or device, "a"; unpack it yourself'):
        unpacked(archive, tmp_path / "cache")
    assert everything_below(tmp_path) == {"links.tar.gz", "cache"}


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match=r'holds a link or device, "a/link.png"'):
        unpacked(tmp_path / "a.zip", tmp_path / "cache")


def _overlapping_zip(path: Path) -> Path:
    """Ninety entries that share one block of zeros (Fifield 2019)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.png", bytes(2**20))
        first = archive.filelist[0]
        for number in range(1, 90):
            copy = zipfile.ZipInfo(f"{number}.png")
            for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
                setattr(copy, name, getattr(first, name))
            archive.filelist.append(copy)
    return path


def _large_tar(path: Path, name_bytes: int = 0) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("a" * (name_bytes or 1))
        member.size = 0 if name_bytes else 90 * 2**20
        with Path("/dev/zero").open("rb") as zeros:
            archive.addfile(member, zeros)
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: _overlapping_zip(folder / "bomb.zip"),
        lambda folder: _large_tar(folder / "bomb.tar.gz"),
        lambda folder: _large_tar(folder / "bomb.tgz", name_bytes=90 * 2**20),
    ],
    ids=["overlapping zip", "tar", "a name of 90 MiB"],
)
@pytest.mark.skipif(os.name == "nt", reason="there is no /dev/zero")
def test_a_decompression_bomb_is_refused(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    archive = make(tmp_path)
    assert archive.stat().st_size < 2**20
    with pytest.raises(DataError, match="unpacks to more than 200 times its size, as decompression bombs do"):
        unpacked(archive, tmp_path / "cache")
    assert not any((tmp_path / "cache").iterdir())


def _locked(path: Path) -> Path:
    content = bytearray(write_zip(path, ("a.png", b"x")).read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    return path


def _cut(path: Path) -> Path:
    shutil.make_archive(str(path).split(".")[0], "zip" if path.suffix == ".zip" else "gztar", Path(__file__).parent)
    path.write_bytes(path.read_bytes()[:-200])
    return path


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: _locked(folder / "a.zip"), "is locked with a password; unpack it yourself"),
        (lambda folder: _cut(folder / "a.zip"), "is damaged or cut off"),
        (lambda folder: _cut(folder / "a.tar.gz"), "is damaged or cut off"),
        (lambda folder: Path(shutil.copy(__file__, folder / "a.zip")), "is damaged or cut off"),
        (lambda folder: Path(shutil.copy(__file__, folder / "a.tar.gz")), "is damaged or cut off"),
        (lambda folder: Path(shutil.copy(__file__, folder / "a.tar")), "is damaged or cut off"),
        (lambda folder: write_zip(folder / "a.zip", ("a", b"x"), ("a/b", b"x")), "cannot be unpacked into"),
        (lambda folder: write_zip(folder / "a.zip", ("n" * 300, b"x")), "cannot be unpacked into"),
    ],
    ids=["locked", "cut zip", "cut tar", "no zip", "no gzip", "no tar", "file and folder at once", "long name"],
)
def test_what_cannot_be_unpacked_is_told_and_leaves_nothing(
    tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    archive = make(tmp_path)
    with pytest.raises(DataError, match=sentence):
        unpacked(archive, tmp_path / "cache")
    assert not any((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("kind", ["zip", "gztar", "tar"])
def test_no_changed_byte_gets_further_than_a_sentence(tmp_path: Path, kind: str) -> None:
    for number in range(3):
        (tmp_path / "tree" / "Ü").mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / "Ü" / f"{number}.txt").write_text(f"{number}" * 9)
    archive = Path(shutil.make_archive(str(tmp_path / "a"), kind, tmp_path / "tree"))
    whole = archive.read_bytes()
    generator = np.random.default_rng(4)
    for number in range(120):
        damaged = bytearray(whole)
        for place in generator.integers(len(whole), size=3):
            damaged[place] = generator.integers(256)
        archive.write_bytes(damaged)
        assert len(_outcome(archive, tmp_path / f"cache{number}").splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith("cache")} == {"tree", archive.name}


def _outcome(archive: Path, cache: Path) -> str:
    """The folder, or why there is none."""
    try:
        return str(unpacked(archive, cache))
    except DataError as error:
        return str(error)


def test_unpacking_can_be_called_off(tmp_path: Path) -> None:
    def call_off(done: int, total: int) -> None:
        raise Cancelled("no longer wanted")

    archive = write_zip(tmp_path / "a.zip", ("a/1.png", b"one"))
    with pytest.raises(Cancelled):
        unpacked(archive, tmp_path / "cache", Progress(on_report=call_off))
    assert not any((tmp_path / "cache").iterdir())


def test_images_may_lie_in_two_archives(tmp_path: Path) -> None:
    for name, shade in (("first", 10), ("second", 200)):
        for class_name in ("a", "b"):
            (tmp_path / name / class_name).mkdir(parents=True)
            for number in range(5):
                Image.new("L", (8, 8), shade + number).save(tmp_path / name / class_name / f"{number}.png")
        shutil.make_archive(str(tmp_path / name), "zip", tmp_path / name)
    settings = DatasetSettings(
        kind="image_folder", path=str(tmp_path / "first.zip"), test_path=str(tmp_path / "second.zip")
    )
    dataset = prepare(
        scan(settings, 7, cache=tmp_path / "cache"), settings, ImageSettings(size=8), 7, tmp_path / "cache"
    )
    from_second = np.asarray([path.startswith(str(tmp_path / "second.zip")) for path in dataset.paths])
    brightness = np.asarray(dataset.images).mean(axis=(1, 2, 3))
    assert from_second.sum() == dataset.summary.test == 10
    assert (brightness[from_second] >= 200).all()
    assert (brightness[~from_second] < 20).all()


def test_a_byte_that_changes_in_what_was_unpacked_is_told_and_unpacked_again(tmp_path: Path) -> None:
    """By another process: this one remembers that the folder was whole."""
    images = tmp_path / "images"
    for name in ("a", "b"):
        fill_folder(images / name)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for file in sorted(images.rglob("*.png")):
            archive.write(file, file.relative_to(images))
    chosen = DatasetSettings(kind="image_folder", path=str(tmp_path / "all.zip"))
    before = scan(chosen, 7, cache=tmp_path / "cache")
    assert not before.findings
    (folder,) = (one for one in (tmp_path / "cache").iterdir() if one.is_dir())
    damaged = sorted(folder.rglob("*.png"))[3]
    whole, status = damaged.read_bytes(), damaged.stat()
    damaged.write_bytes(whole[:-30] + bytes([whole[-30] ^ 1]) + whole[-29:])
    os.utime(damaged, ns=(status.st_atime_ns, status.st_mtime_ns))
    _damage.cache_clear()
    after = scan(chosen, 7, cache=tmp_path / "cache")
    (finding,) = after.findings
    assert finding.message.startswith("a/3.png, unpacked from all.zip, is damaged, so the archive is unpacked again")
    assert damaged.read_bytes() == whole
    assert after.samples == before.samples
    assert len(list((tmp_path / "cache").glob("*.damaged-*"))) == 1
    assert not scan(chosen, 7, cache=tmp_path / "cache").findings


def fill_folder(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(6):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
