"""What can go wrong, in sentences that users can act on, with the exit codes of the command line."""

from __future__ import annotations

EXIT_DONE = 0
EXIT_BAD_INPUT = 2
EXIT_FAILED = 3
EXIT_STOPPED = 130


class NutshellError(Exception):
    """An error that the user sees as one sentence: what is wrong, where, what to do. Never shown as a traceback."""

    exit_code = EXIT_FAILED


class RecipeError(NutshellError):
    """The recipe cannot be used as written."""

    exit_code = EXIT_BAD_INPUT


class DataError(NutshellError):
    """The images, or a folder that must be read or written, cannot be used."""

    exit_code = EXIT_BAD_INPUT


class EmptyClass(DataError):
    """A class has no images, or too few for the splits that are needed."""

    def __init__(self, sentence: str, name: str, others: tuple[str, ...]) -> None:
        """
        Args:
            others: the classes that have enough, in their order.
        """
        super().__init__(sentence)
        self.name, self.others = name, others


class PromiseBroken(NutshellError):
    """A finished stage does not hold what its step promises, such as the sparsity asked for."""


class EngineDied(NutshellError):
    """The engine process ended without a closing event."""


class TrainingStopped(NutshellError):
    """A training is not worth going on with; its checkpoint is kept, so that it can go on all the same."""


class Cancelled(NutshellError):
    """The user ended the run; every finished stage is kept."""

    exit_code = EXIT_STOPPED
