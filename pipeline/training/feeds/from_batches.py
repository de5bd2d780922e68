"""Makes feeds from the `Batches` of a loader: resident if they are choices of rows, otherwise stacked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.spec import Shape
from pipeline.errors import DataError, PipelineError, one_line
from pipeline.training.feeds import Feed, ResidentFeed, StackedFeed
from pipeline.training.signature import Signature

RESIDENT_BYTES = 2**31
"""Data up to this size is kept as tensors. Larger data is streamed."""


def feed_of(
    batches: Batches, signature: Signature, last_epoch: int | None = None, *, inputs_only: bool = False
) -> Feed:
    """Returns the feed of batches for a model.

    Args:
        batches: The batches.
        signature: The model's signature.
        last_epoch: The number of the last training epoch; None for evaluation and prediction, which use the first one.
        inputs_only: Whether to leave out targets and weights, as for prediction.
    """
    layout = Layout(batches, signature, inputs_only=inputs_only)
    if batches.examples is not None and _fits(batches.examples):
        return ResidentFeed(
            layout.arranged(batches.examples.padded()),
            lambda epoch: _some(batches.rows(epoch)),
            batches.steps,
            last=last_epoch,
            lengths=layout.lengths(batches.examples),
        )

    def drawn(epoch: int, skip: int = 0) -> Iterator[Any]:
        told = _with_errors_told(batches.epoch(epoch, skip))
        return map(layout.arranged, told if skip else _some(told))

    return StackedFeed(drawn, batches.steps, layout.specs(), batches.begin_epoch, batches.end_epoch)


def dataset_of(batches: Batches, signature: Signature) -> tf.data.Dataset:
    """Returns the first epoch of batches as a dataset, for code that takes the arguments of `keras.Model.evaluate`."""
    layout = Layout(batches, signature)

    def drawn() -> Iterator[Any]:
        batches.begin_epoch()
        yield from map(layout.arranged, _some(_with_errors_told(batches.epoch(0))))
        batches.end_epoch()

    return tf.data.Dataset.from_generator(drawn, output_signature=layout.specs())


class Layout:
    """The structure in which a model's steps take a batch: `(inputs, targets[, weights])`, or only `(inputs,)`."""

    def __init__(self, batches: Batches, signature: Signature, *, inputs_only: bool = False) -> None:
        self._batches, self._signature, self._inputs_only = batches, signature, inputs_only

    def arranged(self, batch: Examples) -> Any:
        """Returns the arrays of a batch in that structure."""
        # Keras needs a value for every output. The value of an output without a target is never used.
        targets = {
            name: batch.targets[name]
            if name in batch.targets
            else np.zeros((len(batch), *(size or 1 for size in shape)), "float32")
            for name, shape in self._signature.outputs.items()
        }
        weights = {
            name: batch.weights[name]
            if name in batch.weights
            else np.ones((len(batch), *self._weight_shape(name)), "float32")
            for name in targets
        }
        return self._packed(batch.inputs, targets, weights)

    def lengths(self, examples: Examples) -> list[np.ndarray | None]:
        """Returns the lengths of inputs that vary in length, None for others, in the order of the structure."""
        varying = {name for name, array in examples.inputs.items() if _varies(array)}
        inputs = self._signature.pack_inputs({name: name for name in examples.inputs})
        return [
            np.array([len(row) for row in examples.inputs[name]]) if name in varying else None
            for name in tf.nest.flatten(inputs)
        ]

    def specs(self) -> Any:
        """Returns shapes and dtypes in that structure."""
        spec = self._batches.spec
        inputs = {name: _batch_of(given.shape, given.dtype) for name, given in spec.inputs.items()}
        targets = {}
        for name, shape in self._signature.outputs.items():
            target = spec.targets.get(name)
            one = tuple(size or 1 for size in shape)
            targets[name] = _batch_of(target.shape, target.dtype) if target else _batch_of(one, "float32")
        weights = {name: _batch_of(self._weight_shape(name), "float32") for name in targets}
        return self._packed(inputs, targets, weights)

    def _weight_shape(self, target: str) -> tuple[int, ...]:
        return tuple(size or 1 for size in self._batches.weight_shapes.get(target, ()))

    def _packed(self, inputs: Any, targets: Any, weights: Any) -> Any:
        signature = self._signature
        parts = [signature.pack_inputs(inputs)]
        if not self._inputs_only:
            parts.append(signature.pack_outputs(targets))
        if self._batches.weighted and not self._inputs_only:
            parts.append(signature.pack_outputs(weights))
        return tuple(parts)


def _batch_of(shape: Shape, dtype: str) -> tf.TensorSpec:
    return tf.TensorSpec((None, *shape), dtype)


def _fits(examples: Examples) -> bool:
    arrays = [*examples.inputs.values(), *examples.targets.values()]
    return sum(_padded_bytes(array) for array in arrays) <= RESIDENT_BYTES


def _varies(array: np.ndarray) -> bool:
    return array.dtype == object and len(array) > 0 and isinstance(array[0], np.ndarray)


def _padded_bytes(array: np.ndarray) -> int:
    return len(array) * max(row.nbytes for row in array) if _varies(array) else array.nbytes


def _some(drawn: Iterator[Any]) -> Iterator[Any]:
    """Yields everything drawn, and refuses data without batches."""
    first = next(drawn, None)
    if first is None:
        raise DataError("data: has no batches")
    yield first
    yield from drawn


def _with_errors_told(batches: Iterator[Examples]) -> Iterator[Examples]:
    """Draws batches, and turns errors in a user's own code into one line."""
    while True:
        try:
            batch = next(batches)
        except StopIteration:
            return
        except PipelineError:
            raise
        except Exception as error:
            raise DataError(f"data: {type(error).__name__}: {one_line(error)}") from error
        yield batch
