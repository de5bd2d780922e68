"""Batches as the `tf.data.Dataset` that Keras' own loops draw from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.errors import DataError, PipelineError
from pipeline.training.signature import Signature


class Feed:
    """Draws the batches of the current epoch in the model's structure of inputs, targets and sample weights.

    Attributes:
        dataset: What Keras draws from; each iterator over it is one epoch.
        error: What drawing raised, which TensorFlow would otherwise bury in an error of its own.
    """

    def __init__(
        self, batches: Batches, signature: Signature, epoch: Callable[[], int], *, with_targets: bool = True
    ) -> None:
        self.batches = batches
        self.signature = signature
        self.with_targets = with_targets
        self.error: PipelineError | None = None
        self._epoch = epoch
        dataset = tf.data.Dataset.from_generator(self._draw, output_signature=self._element_spec())
        if batches.steps is not None:
            dataset = dataset.apply(tf.data.experimental.assert_cardinality(batches.steps))
        self.dataset = dataset.prefetch(2)

    def _draw(self) -> Iterator[Any]:
        try:
            drawn = 0
            for batch in self.batches.epoch(self._epoch()):
                drawn += 1
                yield self._packed(batch)
            if not drawn:
                raise DataError("data: has no batches")
        except PipelineError as error:
            self.error = error
            raise

    def _packed(self, batch: Examples) -> tuple[Any, ...]:
        inputs = self._structured(self.signature.pack_inputs, batch.inputs)
        if not self.with_targets:
            return (inputs,)
        targets = self._structured(self.signature.pack_outputs, self._targets(batch))
        if not self.batches.weighted:
            return inputs, targets
        one = np.ones(len(batch), "float32")
        weights = {name: batch.weights.get(name, one) for name in self.signature.outputs}
        return inputs, targets, self._structured(self.signature.pack_outputs, weights)

    @staticmethod
    def _structured(pack: Callable[[Mapping[str, Any]], Any], values: Mapping[str, Any]) -> Any:
        # To tf.data a list is a tensor, a tuple a structure; to Keras they are the same structure.
        packed = pack(values)
        return tuple(packed) if isinstance(packed, list) else packed

    def _targets(self, batch: Examples) -> dict[str, np.ndarray]:
        # Keras wants something for every output; what an output without a target gets is never looked at.
        targets = {}
        for name, shape in self.signature.outputs.items():
            if name in batch.targets:
                targets[name] = batch.targets[name]
            else:
                targets[name] = np.zeros((len(batch), *(size or 1 for size in shape)), "float32")
        return targets

    def _element_spec(self) -> tuple[Any, ...]:
        spec = self.batches.spec
        inputs = {n: tf.TensorSpec((None, *s.shape), s.dtype) for n, s in spec.inputs.items()}
        if not self.with_targets:
            return (self._structured(self.signature.pack_inputs, inputs),)
        targets = {}
        for name, shape in self.signature.outputs.items():
            if name in spec.targets:
                targets[name] = tf.TensorSpec((None, *spec.targets[name].shape), spec.targets[name].dtype)
            else:
                targets[name] = tf.TensorSpec((None, *(size or 1 for size in shape)), "float32")
        parts = (
            self._structured(self.signature.pack_inputs, inputs),
            self._structured(self.signature.pack_outputs, targets),
        )
        if not self.batches.weighted:
            return parts
        weights = dict.fromkeys(self.signature.outputs, tf.TensorSpec((None,), "float32"))
        return (*parts, self._structured(self.signature.pack_outputs, weights))
