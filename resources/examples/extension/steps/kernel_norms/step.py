"""A whole step with evidence of its own: it measures the kernels of a network, and leaves the network as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.steps.kernel_norms.evidence import KernelNorms
from engine.steps.kernel_norms.parameters import KernelNormsParameters

from engine.contract.step_parameters import StepParameters
from engine.workbench.step import Step

if TYPE_CHECKING:
    from engine.measurement.tflite_file import TfliteFile
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext


class MeasureKernelNorms(Step[KernelNormsParameters]):
    """Imports TensorFlow in `apply` only, so that the wizard can read what is declared without it."""

    key: ClassVar[str] = "kernel_norms"
    title: ClassVar[str] = "Kernel norms"
    summary: ClassVar[str] = "Measures the kernels of the network, and leaves it as it is."
    paper: ClassVar[str] = "an example"
    Parameters: ClassVar[type[StepParameters]] = KernelNormsParameters

    def apply(self, parameters: KernelNormsParameters, network: Network, context: StepContext) -> Network:
        import numpy as np

        from engine.training.kernels import kernels

        context.progress.phase("measuring kernels")
        norms = {}
        for name, kernel in kernels(network.model).items():
            values = np.abs(kernel.numpy())
            norms[name] = float(values.mean() if parameters.norm == "l1" else np.sqrt((values**2).mean()))
        context.found(KernelNorms(norms=norms))
        return network

    def check_promise(self, parameters: KernelNormsParameters, network: Network, file: TfliteFile) -> None:
        """It promises nothing of the file."""
