"""Model outputs from the spec of the data: one for each target, named as there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pipeline.data.spec import DataSpec, TargetSpec
from pipeline.data.target import LINK, LOG, UNKNOWN, TargetScaling
from pipeline.errors import ConfigError
from pipeline.models.names import SCALED, layer_name
from pipeline.models.precision import precision_of_weights

if TYPE_CHECKING:
    import keras

MOST_LAYERS = 1000
"""Layers of a kind that take seconds to build; no more are asked for but by mistake."""


def check_sizes(units: int, depth: int) -> None:
    """Checks the sizes of a model.

    Raises:
        ConfigError: One makes no sense.
    """
    if units < 1 or not 0 <= depth <= MOST_LAYERS:
        right = f"at least 1 unit, and 0 to {MOST_LAYERS} layers, are right"
        raise ConfigError(f"model.units={units}, model.depth={depth}: {right}")


def head(name: str, target: TargetSpec, features: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the output of one target.

    Args:
        name: The target's name, which the output takes.
        target: What it looks like.
        features: Tensor of shape (batch, features).

    Returns:
        For classes and labels `units` probabilities (or logits, as the loss wants) a position, of shape (batch,
        *positions, units): one, that of the second class, where there are two. For others numbers of the target's
        shape, (batch, 1) for a scalar, in the unit of the data where its scaling is known.

    Raises:
        ConfigError: Whole numbers of which nobody knows what they are, or a length that varies.
    """
    import keras

    if target.kind == UNKNOWN:
        raise ConfigError(
            f"data.classes: missing; say how many classes target '{name}' has, or 0 for whole numbers to regress"
        )
    shape = target.shape if target.units is None else (*target.positions, target.units)
    sizes = tuple(size for size in shape if size is not None)
    if len(sizes) != len(shape):
        raise ConfigError(
            f"model: target '{name}' has shape {target.shape}, a varying length; a model of your own is right"
        )
    layer = layer_name(name)
    if target.scaling is not None:
        values = keras.layers.Dense(math.prod(sizes), name=f"{layer}{SCALED}")(features)
        if len(sizes) > 1:
            values = keras.layers.Reshape(sizes)(values)
        return _unscaled(layer, target.scaling, values)
    if len(sizes) < 2:
        return keras.layers.Dense(math.prod(sizes), activation=target.activation, name=layer)(features)
    values = keras.layers.Reshape(sizes)(keras.layers.Dense(math.prod(sizes))(features))
    return keras.layers.Activation(target.activation, name=layer)(values)


def _unscaled(layer: str, scaling: TargetScaling, values: keras.KerasTensor) -> keras.KerasTensor:
    """Returns scaled values in the unit of the data."""
    import keras

    of_log = scaling.method in (LOG, LINK)
    deviation, mean = (list(n) if len(n) > 1 else n[0] for n in (scaling.deviation, scaling.mean))
    values = keras.layers.Rescaling(deviation, mean, name=f"{layer}_log" if of_log else layer)(values)
    if not of_log:
        return values
    values = keras.layers.Activation("exponential", name=f"{layer}_exponential")(values)
    return keras.layers.Rescaling(1.0, -scaling.shift, name=layer)(values)


def scales(model: keras.Model, name: str) -> bool:
    """Whether a model undoes the scaling of a target inside, as `head` has it."""
    import keras

    layers = {layer.name: layer for layer in model.layers}
    layer = layer_name(name)
    return isinstance(layers.get(layer), keras.layers.Rescaling) and f"{layer}{SCALED}" in layers


def outputs(spec: DataSpec, features: keras.KerasTensor) -> keras.KerasTensor | dict[str, keras.KerasTensor]:
    """Returns an output for each target: a bare tensor for one, a dict by name for several."""
    with precision_of_weights():
        heads = {name: head(name, target, features) for name, target in spec.targets.items()}
    return heads if len(heads) > 1 else next(iter(heads.values()))
