"""A parser of arguments that speaks the program's language; names of commands and options are the same in all."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr

OF_ARGUMENT = re.compile(r"argument (\S+): (.*)", re.DOTALL)
HEADINGS = (mark("positional arguments"), mark("options"))
REFUSALS = (
    mark("expected one argument"),
    mark("expected at least one argument"),
    mark("ignored explicit argument {typed}"),
    mark("invalid choice: {typed} (choose from {names})"),
    mark("invalid float value: {typed}"),
    mark("invalid int value: {typed}"),
    mark("the following arguments are required: {names}"),
    mark("unrecognized arguments: {typed}"),
    mark("ambiguous option: {typed} could match {names}"),
)
"""What `argparse` itself says: its sentences are composed before they can be told, and are found again by these."""


class ToldArguments(argparse.ArgumentParser):
    """As the standard one; in English its texts are the same, letter by letter."""

    def __init__(self, prog: str | None = None, **more: Any) -> None:
        super().__init__(prog, formatter_class=_ToldHelp, add_help=False, **more)
        self.add_argument("-h", "--help", action="help", help=tr("show this help message and exit"))

    def error(self, message: str) -> NoReturn:
        found = OF_ARGUMENT.fullmatch(message)
        if found is None:
            said = recognised(message)
        else:
            said = tr("argument {name}: {message}", name=found[1], message=recognised(found[2]))
        self.print_usage(sys.stderr)
        self.exit(2, tr("{prog}: error: {message}", prog=self.prog, message=said) + "\n")


class _ToldHelp(argparse.HelpFormatter):
    def start_section(self, heading: str | None) -> None:
        # The standard one puts the colon, and a language may want a space before it.
        super().start_section(tr(heading) + tr(":")[:-1] if heading else heading)

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, tr("usage: ") if prefix is None else prefix)
