"""Which parts of a model are trainable, as a traced step knows it and as a resumed run restores it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras

from pipeline.errors import ConfigError


@dataclass(frozen=True)
class Trainable:
    """The trainable state of a model.

    Attributes:
        layers: Whether the model itself and each layer in it are trainable.
        variables: Whether each variable is trainable.
    """

    layers: list[bool] = field(default_factory=list)
    variables: list[bool] = field(default_factory=list)

    @classmethod
    def of(cls, model: keras.Model) -> Trainable:
        """Returns the current trainable state of a model."""
        return cls([layer.trainable for layer in _layers(model)], [bool(v.trainable) for v in model.variables])

    def fits(self, model: keras.Model) -> bool:
        """Whether it belongs to a model with the same number of layers."""
        return len(self.layers) == len(_layers(model))

    def put(self, model: keras.Model) -> None:
        """Makes the same parts of a model trainable. Variables that do not exist yet follow their layers.

        Raises:
            ConfigError: It belongs to a model with other layers.
        """
        if not self.fits(model):
            here, there = len(_layers(model)), len(self.layers)
            raise ConfigError(f"resume: the snapshot is of another model: it has {there} layers, this one has {here}")
        # A layer passes its setting on to its inner layers, which come after it.
        for layer, trainable in zip(_layers(model), self.layers, strict=True):
            layer.trainable = trainable
        if len(self.variables) == len(model.variables):
            for variable, trainable in zip(model.variables, self.variables, strict=True):
                if variable.trainable != trainable:
                    variable.trainable = trainable


def _layers(model: keras.Model) -> list[Any]:
    return list(model._flatten_layers())
