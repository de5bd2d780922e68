"""Data from their descriptions, in every form that Keras takes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tests.conformance.fuzz.cases import Data
from tests.conformance.fuzz.models import CLASSES, FEATURES, POSITIONS, WORDS
from tests.conformance.fuzz.recipes import Recipe

Batch = tuple[Any, ...]


def made_data(data: Data, recipe: Recipe, *, targets: bool = True) -> Batch:
    """Returns x, y and sample weights, None for what there is not; made anew each time, as generators are used up.

    Args:
        data: Its description.
        recipe: The model.
        targets: Whether there are targets.
    """
    arrays = _arrays(data, recipe, targets)
    if data.form in FORMS_OF_ARRAYS:
        x, y, weights = (*arrays, None, None)[:3]
        convert = FORMS_OF_ARRAYS[data.form]
        return tuple(None if part is None else keras.tree.map_structure(convert, part) for part in (x, y, weights))
    return FORMS_OF_BATCHES[data.form](arrays, data), None, None


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches by their numbers.

    Args:
        arrays: What they are rows of.
        data: Its description.
        workers: Number of threads that make them.
    """

    def __init__(self, arrays: Batch, data: Data, workers: int = 1) -> None:
        super().__init__(workers=workers)
        self._arrays, self._data = arrays, data

    def __len__(self) -> int:
        return self._data.batches

    def __getitem__(self, index: int) -> Batch:
        rows = slice(index * self._data.batch, (index + 1) * self._data.batch)
        return keras.tree.map_structure(lambda array: array[rows], self._arrays)


def _arrays(data: Data, recipe: Recipe, targets: bool) -> Batch:
    """Returns inputs, targets and weights as arrays, without what there is not."""
    generator = np.random.default_rng(data.number)
    # Of the same rank and type in all cases of a model: Keras cannot train it again on data of another rank.
    of_model = np.random.default_rng(recipe.number)
    column = recipe.number % 3 == 0
    count = len(recipe.targets)
    inputs = [_inputs(generator, data.rows, recipe) for _ in range(2 if recipe.architecture == "several" else 1)]
    x = _nested(data.nest, inputs, "in")
    if not targets:
        return (x,)
    wanted = [_targets(generator, data.rows, kind, column, of_model) for kind in recipe.targets]
    if recipe.losses == "same":
        # One loss of all outputs takes targets of each one's shape.
        wanted = [
            generator.normal(size=(data.rows, 1 if kind in ("number", "binary") else CLASSES)).astype("float32")
            for kind in recipe.targets
        ]
    y = _nested(recipe.nest, wanted, "out")
    if data.weights == "none":
        return x, y
    weights = [_weights(generator, data, column, of_model) for _ in range(count)]
    return x, y, _nested(recipe.nest, weights, "out") if data.weights == "outputs" else weights[0]


def _inputs(generator: np.random.Generator, rows: int, recipe: Recipe) -> Any:
    if recipe.architecture == "recurrent":
        words = generator.integers(1, WORDS, (rows, POSITIONS))
        # Word 0 is masked: examples are of several lengths.
        lengths = generator.integers(1, POSITIONS + 1, (rows, 1))
        return np.where(np.arange(POSITIONS) < lengths, words, 0).astype(recipe.input_dtype)
    if recipe.architecture == "convolution":
        return generator.integers(0, 256, (rows, 4, 4, 1)).astype(recipe.input_dtype)
    if recipe.input_dtype.startswith("float"):
        return generator.normal(size=(rows, FEATURES)).astype(recipe.input_dtype)
    return generator.integers(0, 2 if recipe.input_dtype == "bool" else 5, (rows, FEATURES)).astype(recipe.input_dtype)


def _targets(generator: np.random.Generator, rows: int, kind: str, column: bool, of_model: Any) -> Any:
    if kind == "number":
        return generator.normal(size=(rows, 1)).astype("float32")
    if kind == "binary":
        return generator.integers(0, 2, (rows, 1)).astype(str(of_model.choice(["float32", "int64", "bool"])))
    if kind == "one hot":
        return np.eye(CLASSES, dtype="float32")[generator.integers(0, CLASSES, rows)]
    shape = (rows, POSITIONS) if kind == "sequence" else (rows, 1) if column else (rows,)
    return generator.integers(0, CLASSES, shape).astype(str(of_model.choice(["int64", "int32", "float32"])))


def _weights(generator: np.random.Generator, data: Data, column: bool, of_model: Any) -> Any:
    shape = (data.rows, POSITIONS) if data.weights == "positions" else (data.rows, 1) if column else (data.rows,)
    if data.weights == "mask":
        return generator.integers(0, 2, shape).astype(str(of_model.choice(["float32", "bool", "int64"])))
    return generator.uniform(0, 2, shape).astype(str(of_model.choice(["float32", "float64"])))


def _nested(nest: str, values: list[Any], name: str) -> Any:
    if nest == "single":
        return values[0]
    if nest in ("dict", "more"):
        more = {"unused": values[0]} if nest == "more" and name == "in" else {}
        return {f"{name}_{number}": value for number, value in enumerate(values)} | more
    return tuple(values) if nest == "tuple" else list(values)


def _frame(array: Any) -> Any:
    # Keras makes a column of a series, and cannot train a model on both ranks.
    return pd.DataFrame(array) if array.ndim > 1 else array


def _dataset(arrays: Batch, data: Data) -> tf.data.Dataset:
    # Lists would become tensors.
    plain = keras.tree.lists_to_tuples(arrays)
    return tf.data.Dataset.from_tensor_slices(plain).batch(data.batch, drop_remainder=data.drop)


def _generated(arrays: Batch, data: Data) -> Iterator[Batch]:
    batches = Batches(arrays, data)
    for _ in itertools.count() if data.passes is None else range(data.passes):
        for index in range(len(batches)):
            yield batches[index]


FORMS_OF_ARRAYS: dict[str, Callable[[Any], Any]] = {
    "arrays": lambda array: array,
    "tensors": tf.convert_to_tensor,
    "frame": _frame,
}
FORMS_OF_BATCHES: dict[str, Callable[[Batch, Data], Any]] = {
    "dataset": _dataset,
    "unknown": lambda arrays, data: _dataset(arrays, data).filter(lambda *batch: True),
    "endless": lambda arrays, data: _dataset(arrays, data).repeat(),
    "generator": _generated,
    "PyDataset": Batches,
    "workers": lambda arrays, data: Batches(arrays, data, workers=2),
}
