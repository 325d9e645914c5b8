"""What `device` takes; read with every command, so nothing of its work is imported here."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from engine.language.speech import tr
from ui.terminal.told_arguments import ToldArguments

USUAL_IMAGES = 100
AddRuns = Callable[[argparse.ArgumentParser], None]


def add_device(commands: argparse._SubParsersAction[ToldArguments], add_runs: AddRuns) -> None:
    """The command and what it takes."""
    device = commands.add_parser(
        "device",
        help=tr("measure a run's files on another device"),
        description=tr("Measure the files of a run where they will be used, and bring the figures back."),
    )
    parts = device.add_subparsers(dest="part", metavar="PART", required=True)
    bundle = parts.add_parser(
        "bundle",
        help=tr("pack files, test images and a program that measures"),
        description=tr(
            "Write an archive to unpack on a device. There, `sh run.sh` measures; only NumPy and LiteRT are "
            "needed. Test images are in it as numbers that are ready to be fed; originals and names of files are not."
        ),
    )
    bundle.add_argument("run", metavar="RUN", help=tr("a run's name, or its folder"))
    add_bundle_options(bundle)
    bundle.add_argument("--out", type=Path, required=True, metavar="BUNDLE.zip", help=tr("write the archive there"))
    bundle.add_argument("--progress", action="store_true", help=argparse.SUPPRESS)
    imported = parts.add_parser(
        "import",
        help=tr("take the results of a device into the run"),
        description=tr(
            "Check results.json, keep it with the run, and print what was measured. Nothing is overwritten."
        ),
    )
    imported.add_argument("run", metavar="RUN", help=tr("a run's name, or its folder"))
    imported.add_argument("results", type=Path, metavar="results.json")
    there = parts.add_parser(
        "run",
        help=tr("measure on a device over SSH"),
        description=tr(
            "Copy a bundle to a device, measure there, follow the progress, and take the results into the run. "
            "Uses the system's ssh with your keys and known hosts. Ctrl-C ends the measurement there too; after a lost "
            "connection it goes on."
        ),
    )
    there.add_argument("run", metavar="RUN", help=tr("a run's name, or its folder"))
    there.add_argument("host", metavar="USER@HOST", help=tr("as ssh takes it"))
    add_bundle_options(there)
    there.add_argument("--ssh-config", type=Path, metavar="FILE", help=tr("SSH's configuration (default: your own)"))
    there.add_argument("--name", default="", metavar="TEXT", help=tr("what to call the device (default: its board)"))
    there.add_argument("--seconds", type=float, metavar="S", help=tr("of timing per file and number of threads"))
    listed = parts.add_parser("list", help=tr("what was measured on other devices"), description=tr("Print all of it."))
    listed.add_argument("run", metavar="RUN", help=tr("a run's name, or its folder"))
    for parser in (bundle, imported, there, listed):
        add_runs(parser)


def add_bundle_options(parser: argparse.ArgumentParser) -> None:
    """What is packed."""
    parser.add_argument(
        "--variants", nargs="+", default=[], metavar="NAME", help=tr("only these, and their baseline (default: all)")
    )
    parser.add_argument(
        "--images",
        type=int,
        default=USUAL_IMAGES,
        metavar="N",
        help=tr("test images (default: {usual})", usual=USUAL_IMAGES),
    )
    parser.add_argument("--names", action="store_true", help=tr("pack the names of the images' files too"))
    parser.add_argument(
        "--wheels", type=Path, metavar="FOLDER", help=tr("pack these Python packages, for a device without a network")
    )
