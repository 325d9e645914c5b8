"""The chains of a run that could not be finished, and why; they do not hold up the others. No TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.chain.stage_tree import Stage
from engine.contract.errors import EXIT_FAILED, NutshellError
from engine.contract.events import EngineEvent, Notice, StageFailed
from engine.contract.measurements import variant_name
from engine.contract.run_result import RunResult

NAMED_REASONS = 3
"""In the sentence that ends the run; each was told when it came."""


class ChainsFailed(NutshellError):
    """A run whose other chains are finished and measured."""

    def __init__(self, sentence: str, exit_code: int, result: RunResult) -> None:
        super().__init__(sentence)
        self.exit_code, self.result = exit_code, result


class FailedChains:
    """Collects what failed in one run, and tells of it at once."""

    def __init__(self, emit: Callable[[EngineEvent], None]) -> None:
        self._emit = emit
        self._reasons: list[str] = []
        self._exit_code = EXIT_FAILED
        self.sentences: dict[str, str] = {}
        """Chain, with its branch where there are several → why it failed."""

    def add_stage(self, stage: Stage, branch: str, error: NutshellError) -> None:
        """A step failed, and with it the chains that pass through; of a baseline without chains itself."""
        self._emit(StageFailed(stage=stage.key, message=str(error)))
        self._add(stage.chains or stage.ends, branch, f", {stage.title}: {error}", error.exit_code)

    def add_variant(self, chain: str, branch: str, error: NutshellError) -> None:
        """A chain's stages are finished, but its file could not be measured."""
        self._add((chain,), branch, f": {error}", error.exit_code)

    def raise_with(self, result: RunResult) -> None:
        """End the run as failed where a chain did.

        Args:
            result: of all other chains.

        Raises:
            ChainsFailed: a chain failed; with the exit code of the first.
        """
        if not self.sentences:
            return
        named = f"{len(self.sentences)} chains failed: {_quoted(tuple(self.sentences))}. "
        sentence = (named if len(self.sentences) > 1 else "") + " ".join(self._reasons[:NAMED_REASONS])
        if len(self._reasons) > NAMED_REASONS:
            sentence += f" The log says why of {len(self._reasons) - NAMED_REASONS} more."
        raise ChainsFailed(sentence, self._exit_code, result)

    def _add(self, chains: Sequence[str], branch: str, reason: str, exit_code: int) -> None:
        if not self.sentences:
            self._exit_code = exit_code
        names = [variant_name(chain, branch) for chain in chains]
        self.sentences |= {name: f'Chain "{name}"{reason}' for name in names}
        first, *others = names
        self._reasons.append(self.sentences[first])
        also = ""
        if others:
            also = f" {_quoted(others)} {'fails' if len(others) == 1 else 'fail'} with it."
        self._emit(Notice(severity="warning", message=self.sentences[first] + also))


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
