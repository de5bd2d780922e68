"""Model outputs from the data's spec: one per target, with the target's name."""

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
"""This many layers take seconds to build; a larger number is taken for a mistake."""


def check_sizes(units: int, depth: int) -> None:
    """Checks the sizes of a model.

    Raises:
        ConfigError: A size is invalid.
    """
    if units < 1 or not 0 <= depth <= MOST_LAYERS:
        expected = f"expected at least 1 unit and 0 to {MOST_LAYERS} layers"
        raise ConfigError(f"model.units={units}, model.depth={depth}: {expected}")


def head(name: str, target: TargetSpec, features: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the output of one target.

    Args:
        name: The target's name, also the name of the output.
        target: The target's spec.
        features: Tensor of shape (batch, features).

    Returns:
        For classes and labels, `units` probabilities (or logits, if the loss expects them) per position, of shape
        (batch, *positions, units); two classes have one, that of the second class. For other kinds, numbers of the
        target's shape, (batch, 1) for a scalar, in the data's unit if its scaling is known.

    Raises:
        ConfigError: It is unknown what the whole numbers mean, or a length varies.
    """
    import keras

    if target.kind == UNKNOWN:
        raise ConfigError(
            f"data.classes: missing; set it to the number of classes of target '{name}', or to 0 to regress its "
            "whole numbers"
        )
    shape = target.shape if target.units is None else (*target.positions, target.units)
    sizes = tuple(size for size in shape if size is not None)
    if len(sizes) != len(shape):
        raise ConfigError(f"model: target '{name}' has shape {target.shape}, a varying length; use your own model")
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
    """Returns scaled values in the data's unit."""
    import keras

    of_log = scaling.method in (LOG, LINK)
    deviation, mean = (list(n) if len(n) > 1 else n[0] for n in (scaling.deviation, scaling.mean))
    values = keras.layers.Rescaling(deviation, mean, name=f"{layer}_log" if of_log else layer)(values)
    if not of_log:
        return values
    values = keras.layers.Activation("exponential", name=f"{layer}_exponential")(values)
    return keras.layers.Rescaling(1.0, -scaling.shift, name=layer)(values)


def scales(model: keras.Model, name: str) -> bool:
    """Whether a model undoes the scaling of a target inside, as `head` does."""
    import keras

    layers = {layer.name: layer for layer in model.layers}
    layer = layer_name(name)
    return isinstance(layers.get(layer), keras.layers.Rescaling) and f"{layer}{SCALED}" in layers


def outputs(spec: DataSpec, features: keras.KerasTensor) -> keras.KerasTensor | dict[str, keras.KerasTensor]:
    """Returns one output per target: a bare tensor for one target, a dict by name for several."""
    with precision_of_weights():
        heads = {name: head(name, target, features) for name, target in spec.targets.items()}
    return heads if len(heads) > 1 else next(iter(heads.values()))
