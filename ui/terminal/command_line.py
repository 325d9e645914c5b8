"""The command line: what each command takes, and where it goes."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from engine.contract.errors import EXIT_STOPPED, NutshellError, RecipeError
from engine.contract.recipe import Recipe
from engine.contract.sensitivity import USUAL_IMAGES
from engine.doctor.window_trouble import NoWindow, window_trouble
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.launch.program import VERSION
from ui.terminal.chosen_preferences import add_cache_limit, add_threads, fill_from_preferences, usual_runs_folder
from ui.terminal.device_options import add_device
from ui.terminal.doctor_command import WHAT, add_doctor_options, doctor_command
from ui.terminal.told_arguments import ToldArguments

PROGRAM = "nutshell"
SEEDS = re.compile(r"[0-9]+(,[0-9]*)*")
LISTED = {
    "steps": mark("list the steps there are"),
    "backbones": mark("list the backbones there are"),
    "datasets": mark("list the datasets there are"),
    "augmentations": mark("list the augmentations there are"),
    "schema": mark("the recipe's JSON Schema"),
    "reference": mark("the reference of all recipe keys, as Markdown"),
}
"""Command that prints a text → its help."""


OpenWindow = Callable[[bool, Recipe | None, Path | None], int]
"""Report the start, a recipe to run at once, the runs directory or None for the usual one → exit code."""


def command_line(arguments: list[str], open_window: OpenWindow) -> int:
    """Run one command, or open the window.

    Returns:
        The exit code: 0 done, 2 bad recipe or data, 3 failed, 130 stopped.
    """
    chosen = _parser().parse_args(with_joined_seeds(arguments))
    fill_from_preferences(chosen)
    try:
        if chosen.command == "run":
            from engine.advice.accuracy_floor import AccuracyFloor
            from ui.terminal.cache_upkeep_told import keep_cache_within
            from ui.terminal.run_command import WrittenResults, run_command

            results = WrittenResults(chosen.json, chosen.markdown, AccuracyFloor(chosen.least_accuracy))
            code = run_command(chosen.recipe, chosen.runs, results, chosen.quiet, chosen.seeds)
            keep_cache_within(chosen.cache_limit, chosen.runs, chosen.quiet)
            return code
        if chosen.command == "check":
            from ui.terminal.check_command import check_command
            from ui.terminal.find_rate_command import find_rate_command

            if chosen.json and not chosen.find_rate:
                raise RecipeError(tr("check --json writes the curve of --find-rate; add that, or leave --json out."))
            code = check_command(chosen.recipe, chosen.runs)
            return find_rate_command(chosen.recipe, chosen.runs, chosen.json) if chosen.find_rate and not code else code
        if chosen.command == "inspect":
            from ui.terminal.inspect_command import inspect_command

            return inspect_command(chosen.run, chosen.runs, chosen.variant, chosen.image, chosen.out)
        if chosen.command == "micro":
            from ui.terminal.micro_command import micro_command

            return micro_command(chosen.run, chosen.runs, chosen.variant, chosen.out)
        if chosen.command == "compare":
            from ui.terminal.compare_command import AskedComparison, compare_command

            names = tuple(chosen.run), tuple(chosen.variant)
            comparison = AskedComparison(*names, chosen.baseline, chosen.means, chosen.time, chosen.json, chosen.csv)
            return compare_command(comparison, chosen.runs)
        if chosen.command == "report":
            from ui.terminal.report_command import report_command

            return report_command(
                chosen.runs_to_tell, chosen.runs, chosen.out, not chosen.without_pictures, chosen.progress
            )
        if chosen.command == "sensitivity":
            from ui.terminal.sensitivity_command import Asked, sensitivity_command

            asked = Asked(chosen.network, chosen.variant, chosen.images, tuple(chosen.scheme))
            return sensitivity_command(asked, chosen.runs, chosen.json)
        if chosen.command == "verify":
            from ui.terminal.verify_command import verify_command

            return verify_command(chosen.run, chosen.runs, chosen.json)
        if chosen.command == "device":
            from ui.terminal.device_command import device_command

            return device_command(chosen)
        if chosen.command == "classify":
            from ui.terminal.classify_command import classify_command

            return classify_command(chosen.images, chosen.model, chosen.feeding, chosen.json, chosen.csv)
        if chosen.command == "doctor":
            return doctor_command(chosen.runs, chosen.json, chosen.missing_packages)
        if chosen.command == "licences":
            from ui.terminal.licences_command import licences_command

            return licences_command(chosen.part, chosen.json)
        if chosen.command in LISTED:
            from ui.terminal.listings import LISTINGS

            sys.stdout.write(LISTINGS[chosen.command]())
            return 0
        return _open_window(chosen, open_window)
    except NutshellError as error:
        sys.stderr.write(f"{recognised(str(error))}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{tr('Cancelled.')}\n")
        return EXIT_STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


def _open_window(chosen: argparse.Namespace, open_window: OpenWindow) -> int:
    demo = None
    if chosen.demo:
        from ui.terminal.demo import demo_recipe

        demo = demo_recipe()
    try:
        if trouble := window_trouble():
            raise NoWindow(trouble)
        return open_window(chosen.report_start, demo, chosen.runs)
    except NoWindow as refused:
        if demo is None:
            raise
        from ui.terminal.run_command import run_without_window

        return run_without_window(demo, chosen.runs or usual_runs_folder(), refused.trouble)


def _parser() -> ToldArguments:
    parser = ToldArguments(
        PROGRAM,
        description=tr(
            "Compress convolutional networks in a lab: train, prune, quantise, measure. "
            "Without a command, the app opens."
        ),
        epilog=tr("Exit codes: 0 done, 2 bad recipe or data, 3 failed, 130 stopped."),
    )
    parser.add_argument("--demo", action="store_true", help=tr("run the bundled recipe at once; needs no display"))
    shown_version = f"Nutshell {VERSION}"  # not shown
    parser.add_argument(
        "--version", action="version", version=shown_version, help=tr("show program's version number and exit")
    )
    parser.add_argument("--report-start", action="store_true", help=argparse.SUPPRESS)
    _add_runs(parser, None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    run = commands.add_parser(
        "run", help=tr("run a recipe"), description=tr("Run a recipe to its end and print its table.")
    )
    run.add_argument("recipe", type=Path, metavar="RECIPE.toml")
    _add_runs(run)
    run.add_argument("--json", type=Path, metavar="FILE", help=tr("write the results there as JSON"))
    run.add_argument("--markdown", type=Path, metavar="FILE", help=tr("write the table there as a Markdown page"))
    run.add_argument(
        "--least-accuracy",
        type=float,
        default=0.0,
        metavar="SHARE",
        help=tr("recommend no file below it, such as 0.9 (default: what is not measurably below the baseline)"),
    )
    run.add_argument("--quiet", action="store_true", help=tr("print nothing but errors"))
    run.add_argument(
        "--seeds",
        type=_seeds,
        default=(),
        metavar="N,N,…",
        help=tr("repeat the study with each of these seeds, such as 1,2,3, and sum up"),
    )
    add_threads(run)
    add_cache_limit(run)
    check = commands.add_parser(
        "check",
        help=tr("plan and pre-flight only"),
        description=tr(
            "Show the stages, what each will cost, what cannot work and why; look at every image, up to 5,000; "
            "compute nothing, but for --find-rate."
        ),
    )
    check.add_argument("recipe", type=Path, metavar="RECIPE.toml")
    check.add_argument(
        "--find-rate", action="store_true", help=tr("try learning rates on the baseline's network and suggest one")
    )
    add_threads(check)
    check.add_argument("--json", type=Path, metavar="FILE", help=tr("with --find-rate: write the curve there as JSON"))
    _add_runs(check)
    inspect = commands.add_parser(
        "inspect",
        help=tr("look inside a run's files"),
        description=tr("Write figures of what each compressed file holds and computes, float beside compressed."),
    )
    inspect.add_argument("run", metavar="RUN", help=tr("a run's name, or its folder"))
    inspect.add_argument(
        "--variant", action="append", default=[], metavar="NAME", help=tr("only this one; may be repeated")
    )
    inspect.add_argument("--image", type=Path, metavar="PATH", help=tr("look at this image (default: a test image)"))
    inspect.add_argument(
        "--out", type=Path, metavar="DIR", required=True, help=tr("write figures and inspection.json there")
    )
    _add_runs(inspect)
    _add_micro(commands)
    _add_compare(commands)
    _add_report(commands)
    _add_sensitivity(commands)
    verify = commands.add_parser(
        "verify",
        help=tr("compute a run's printed figures again, and say which hold"),
        description=tr(
            "Compute every printed figure of accuracy, size and agreement again, from the run's files and from "
            "its images where they came from. Exit code 0: all hold; 3: something does not."
        ),
    )
    verify.add_argument("run", metavar="RUN", help=tr("a run's name, or its folder"))
    verify.add_argument("--json", type=Path, metavar="FILE", help=tr("write there what was found, as JSON"))
    _add_runs(verify)
    _add_classify(commands)
    add_device(commands, _add_runs)
    doctor = commands.add_parser("doctor", help=tr("what this computer has and lacks, to mail"), description=tr(WHAT))
    add_doctor_options(doctor)
    _add_runs(doctor)
    _add_licences(commands)
    for name in LISTED:
        text = tr(LISTED[name])
        commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    return parser


def with_joined_seeds(arguments: list[str]) -> list[str]:
    """`--seeds 1 2 3` as `--seeds 1,2,3`: a list that ends where the numbers do, so that a recipe may follow."""
    if "--seeds" not in arguments:
        return arguments
    begin = end = arguments.index("--seeds") + 1
    while end < len(arguments) and SEEDS.fullmatch(arguments[end]):
        end += 1
    numbers = [",".join(part.strip(",") for part in arguments[begin:end])] if end > begin else []
    return [*arguments[:begin], *numbers, *arguments[end:]]


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(one) for one in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            tr("{typed!r} are no seeds; write whole numbers with commas: 1,2,3", typed=text)
        ) from None


def _add_micro(commands: argparse._SubParsersAction[ToldArguments]) -> None:
    micro = commands.add_parser(
        "micro",
        help=tr("a variant's file as C source for a microcontroller"),
        description=tr(
            "Write a variant's .tflite as an aligned C array, with a sketch of the program that links exactly "
            "its operators, and say which boards it fits."
        ),
    )
    micro.add_argument("run", metavar="RUN", help=tr("a run's name, or its folder"))
    micro.add_argument("--variant", required=True, metavar="NAME", help=tr("such as int8"))
    micro.add_argument("--out", type=Path, metavar="DIR", required=True, help=tr("write the source there"))
    _add_runs(micro)


def _add_compare(commands: argparse._SubParsersAction[ToldArguments]) -> None:
    compare = commands.add_parser(
        "compare",
        help=tr("variants of several runs in one table"),
        description=tr(
            "Hold variants of two runs or more against one baseline: their figures, what differs in the "
            "recipes, and what does not compare, such as accuracies on other test images."
        ),
    )
    compare.add_argument("run", nargs="+", metavar="RUN", help=tr("a run's name, or its folder; two at least"))
    compare.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="NAME",
        help=tr("only this variant, or chain, of the runs that have it; may be repeated"),
    )
    compare.add_argument(
        "--baseline",
        default="",
        metavar="NAME",
        help=tr('what the others are held against: a run, or "RUN: VARIANT" (default: the first run)'),
    )
    compare.add_argument("--means", action="store_true", help=tr("chains with several seeds or folds as one row each"))
    compare.add_argument("--time", action="store_true", help=tr("time all files in turn, on this machine, now"))
    compare.add_argument("--json", type=Path, metavar="FILE", help=tr("write the comparison there as JSON"))
    compare.add_argument("--csv", type=Path, metavar="FILE", help=tr("write the table there, a row per variant"))
    _add_runs(compare)


def _add_report(commands: argparse._SubParsersAction[ToldArguments]) -> None:
    report = commands.add_parser(
        "report",
        help=tr("what runs found, as a page, a PDF, and tables and figures for a paper"),
        description=tr(
            "Write report.html, report.pdf, tables/ (CSV, LaTeX), figures/ (SVG, PDF), methods.tex and "
            "references.bib. No path and no name of a file is in them; pictures of test images are."
        ),
    )
    report.add_argument(
        "runs_to_tell", metavar="RUN", nargs="+", help=tr("a run's name or folder; several: side by side")
    )
    report.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        required=True,
        help=tr("a new folder, or that of an earlier report, to replace it"),
    )
    report.add_argument("--progress", action="store_true", help=argparse.SUPPRESS)
    report.add_argument("--without-pictures", action="store_true", help=tr("show no images of the dataset"))
    _add_runs(report)


def _add_sensitivity(commands: argparse._SubParsersAction[ToldArguments]) -> None:
    sensitivity = commands.add_parser(
        "sensitivity",
        help=tr("what compressing each layer alone costs"),
        description=tr("Compress one layer at a time and tell what that costs on validation images, the worst first."),
    )
    sensitivity.add_argument(
        "network",
        metavar="RUN|RECIPE.toml",
        help=tr("a run's name or folder; or a recipe, whose baseline is trained first where no run has trained it"),
    )
    sensitivity.add_argument("--variant", default="", metavar="NAME", help=tr("of the run (default: its baseline)"))
    sensitivity.add_argument(
        "--images",
        type=int,
        default=USUAL_IMAGES,
        metavar="N",
        help=tr("validation images (default: {images})", images=str(USUAL_IMAGES)),
    )
    sensitivity.add_argument(
        "--scheme",
        action="append",
        default=[],
        metavar="NAME",
        help=tr("only this one, such as int8; may be repeated, and the first decides which layer is the worst"),
    )
    add_threads(sensitivity)
    sensitivity.add_argument("--json", type=Path, metavar="FILE", help=tr("write the figures there as JSON"))
    _add_runs(sensitivity)


def _add_classify(commands: argparse._SubParsersAction[ToldArguments]) -> None:
    classify = commands.add_parser(
        "classify",
        help=tr("what models say of images"),
        description=tr(
            "Classify images with one or more .tflite files, side by side. Needs no TensorFlow. Where the "
            "sub-folders of a folder are named as classes, the accuracy of each model is told."
        ),
    )
    classify.add_argument("images", type=Path, nargs="+", metavar="IMAGE|FOLDER")
    classify.add_argument(
        "--model",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help=tr("a .tflite; name it again for more"),
    )
    classify.add_argument(
        "--feeding",
        type=Path,
        metavar="FILE",
        help=tr("JSON that says how to feed models that do not say it themselves"),
    )
    classify.add_argument("--json", type=Path, metavar="FILE", help=tr("write the answers there as JSON"))
    classify.add_argument("--csv", type=Path, metavar="FILE", help=tr("write the answers there, a row per image"))


def _add_licences(commands: argparse._SubParsersAction[ToldArguments]) -> None:
    licences = commands.add_parser(
        "licences",
        help=tr("what the program is made of, and under which licences"),
        description=tr(
            "List the packages that the program needs, and what is inside of them, with version and licence; "
            "with names, print the texts of their licences."
        ),
    )
    licences.add_argument("part", nargs="*", metavar="NAME", help=tr("print the texts of this part"))
    licences.add_argument(
        "--json",
        type=Path,
        nargs="?",
        const=Path("-"),
        metavar="FILE",
        help=tr("as JSON, with all texts, into FILE, or instead of the table"),
    )


def _add_runs(parser: argparse.ArgumentParser, default: object = argparse.SUPPRESS) -> None:
    """The option before or after the command; a default of the command's own would undo what was said before it."""
    parser.add_argument(
        "--runs",
        type=lambda text: Path(text).expanduser(),
        metavar="DIR",
        default=default,
        help=tr(
            "where runs, finished stages and decoded images are kept (default: {folder})", folder=usual_runs_folder()
        ).replace("%", "%%"),
    )
