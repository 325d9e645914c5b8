"""Keeps a network between two steps as a Keras file and the facts beside it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from engine.contract.network_facts import NetworkFacts
from engine.store.stage_store import MODEL_FILE
from engine.workbench.network import Network

NETWORK_FACTS_FILE = "network.json"


def save_network(folder: Path, network: Network) -> None:
    """Write the model and its facts into an existing folder."""
    # Layers with fake quantisation do not survive Keras' newer format; HDF5 gives them back bit for bit.
    save_format = "h5" if network.facts.quantization_aware else "keras"
    network.model.save(folder / MODEL_FILE, save_format=save_format)
    (folder / NETWORK_FACTS_FILE).write_text(network.facts.model_dump_json(), encoding="utf-8")


def load_facts(folder: Path) -> NetworkFacts:
    return NetworkFacts.model_validate_json((folder / NETWORK_FACTS_FILE).read_bytes())


def load_network(folder: Path) -> Network:
    """The network that `save_network` wrote there; its model is not compiled."""
    import tf_keras

    from engine.training.own_layers import OWN_LAYERS

    facts = load_facts(folder)
    with _scope(facts):
        model = tf_keras.models.load_model(folder / MODEL_FILE, custom_objects=dict(OWN_LAYERS), compile=False)
    return Network(model, facts)


def _scope(facts: NetworkFacts) -> AbstractContextManager[object]:
    if not facts.quantization_aware:
        return nullcontext()
    from engine.training.quantization_wrapping import quantisation_scope

    return quantisation_scope()
