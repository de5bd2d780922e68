"""Which parts of a model are trainable: what a traced step knows of it, and how it is put back in a resumed run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras

from pipeline.errors import ConfigError


@dataclass(frozen=True)
class Trainable:
    """What is trainable of a model.

    Attributes:
        layers: Of the model itself and each layer in it, whether it is.
        variables: Of each variable, whether it is.
    """

    layers: list[bool] = field(default_factory=list)
    variables: list[bool] = field(default_factory=list)

    @classmethod
    def of(cls, model: keras.Model) -> Trainable:
        """Returns what is trainable of a model now."""
        return cls([layer.trainable for layer in _layers(model)], [bool(v.trainable) for v in model.variables])

    def fits(self, model: keras.Model) -> bool:
        """Whether it is of a model with as many layers."""
        return len(self.layers) == len(_layers(model))

    def put(self, model: keras.Model) -> None:
        """Makes the same parts of a model trainable; variables that are not made yet follow their layers.

        Raises:
            ConfigError: It is of a model with other layers.
        """
        if not self.fits(model):
            here, there = len(_layers(model)), len(self.layers)
            raise ConfigError(f"resume: the snapshot is of another model: it has {there} layers, this one has {here}")
        # A layer hands its own down to those in it, which come after it.
        for layer, trainable in zip(_layers(model), self.layers, strict=True):
            layer.trainable = trainable
        if len(self.variables) == len(model.variables):
            for variable, trainable in zip(model.variables, self.variables, strict=True):
                if variable.trainable != trainable:
                    variable.trainable = trainable


def _layers(model: keras.Model) -> list[Any]:
    return list(model._flatten_layers())
