"""The model as the report shows it: a table of its layers, and the connections between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

DEEPEST = 3


def layer_table(model: keras.Model, depth: int = 0) -> list[dict[str, Any]]:
    """Returns one row per layer. Layers of nested models follow below, one level deeper."""
    rows = []
    for layer in model.layers:
        rows.append(
            {
                "name": layer.name,
                "type": type(layer).__name__,
                "shape": _shape(layer),
                "parameters": int(layer.count_params()) if layer.built else 0,
                "trainable": bool(layer.trainable),
                "depth": depth,
            }
        )
        if getattr(layer, "layers", None) and depth < DEEPEST:
            rows += layer_table(layer, depth + 1)
    return rows


def layer_edges(model: keras.Model) -> list[list[str]]:
    """Returns a pair of names for each connection between layers; empty for a model that is only code."""
    import keras

    if isinstance(model, keras.Sequential):
        names = [layer.name for layer in model.layers]
        return [list(pair) for pair in pairwise(names)]
    layers = {layer.name for layer in model.layers}
    parents: dict[str, list[str]] = {}
    for entry in _functional_layers(model):
        found = dict.fromkeys(name for node in entry["inbound_nodes"] for name in _sources(node))
        parents[entry["name"]] = list(found)
    return [
        [source, name]
        for name, sources in parents.items()
        if name in layers
        for source in dict.fromkeys(_nearest_layers(sources, parents, layers))
    ]


def _functional_layers(model: keras.Model) -> list[dict[str, Any]]:
    """Returns the layers from a functional model's own config; empty for other models."""
    try:
        entries = model.get_config().get("layers", [])
    except (NotImplementedError, TypeError, ValueError, AttributeError):
        return []
    return [entry for entry in entries if "inbound_nodes" in entry]


def _nearest_layers(sources: list[str], parents: dict[str, list[str]], layers: set[str]) -> Iterator[str]:
    """Yields the nearest layers, passing through operations such as a sum of tensors."""
    for source in sources:
        if source in layers:
            yield source
        else:
            yield from _nearest_layers(parents.get(source, []), parents, layers)


def _sources(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            yield node["config"]["keras_history"][0]
        else:
            for item in node.values():
                yield from _sources(item)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _sources(item)


def _shape(layer: keras.layers.Layer) -> str:
    try:
        output = layer.output
    except (AttributeError, ValueError):
        return ""
    import keras

    tensors = keras.tree.flatten(output)
    return ", ".join("×".join("?" if n is None else str(n) for n in tensor.shape[1:]) or "1" for tensor in tensors)
