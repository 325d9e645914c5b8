"""What later steps must keep: the zeros of a pruning and the few values of a clustering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.contract.errors import PromiseBroken

if TYPE_CHECKING:
    from engine.measurement.tflite_file import TfliteFile
    from engine.workbench.network import Network


def check_kept(label: str, network: Network, file: TfliteFile) -> None:
    """Check the file of a network against the network's facts.

    Args:
        label: of the step that made the file.

    Raises:
        PromiseBroken: zeros are lost, or a channel has more values than there are clusters.
    """
    zeros = _pruned_zeros(network)
    if file.zero_kernel_values < zeros:
        raise PromiseBroken(
            f"{label} must keep the {zeros:,} zeros of the pruning, and the file has {file.zero_kernel_values:,}; "
            "please report this with the run's log."
        )
    clusters = network.facts.clusters
    for kernel in file.kernels if clusters else ():
        if kernel.unique_values_a_channel > clusters:
            raise PromiseBroken(
                f"{label} must keep {clusters} values per kernel, and {kernel.name} has "
                f"{kernel.unique_values_a_channel} in a channel of the .tflite file; "
                "please report this with the run's log."
            )


def _pruned_zeros(network: Network) -> int:
    from engine.training.kernels import kernels, zero_count

    if not network.facts.pruned_layers:
        return 0
    if network.facts.quantization_aware:
        from engine.training.quantization_wrapping import wrapped_kernels

        found = wrapped_kernels(network.model)
    else:
        found = kernels(network.model)
    return zero_count(found[name] for name in network.facts.pruned_layers)
