"""The columns of a table as features, for the hidden layers and for the linear model beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.examples import Arrays
from pipeline.data.spec import TIME, InputSpec
from pipeline.models.tabular import calendar, categories, numbers
from pipeline.models.tabular.statistics import Statistics, statistics

if TYPE_CHECKING:
    import keras

    Tensors = Mapping[str, keras.KerasTensor]


@dataclass
class _Parts:
    deep: list[keras.KerasTensor] = field(default_factory=list)
    linear: list[keras.KerasTensor] = field(default_factory=list)

    def add(self, values: keras.KerasTensor) -> None:
        self.deep.append(values)
        self.linear.append(values)


def dtype_of(given: InputSpec) -> str:
    """Returns the dtype of a column as a model input."""
    if given.dtype == "string":
        return "string"
    return "float64" if given.kind == TIME or given.dtype == "float64" else "float32"


def encoder(
    specs: Mapping[str, InputSpec], values: Arrays, *, bins: int, one_hot: int, embedding: int, categories: int
) -> keras.Model:
    """Returns the model that maps columns, in the order of their names, to two arrays of features.

    The first is for the hidden layers, the second for a linear model. Layers are named by number, because a name that
    Keras chooses could be the name of a column.

    Args:
        specs: The specs of the columns, by name.
        values: The columns of the training examples.
        bins: See `tabular`, also for the arguments below.
        one_hot: See `tabular`.
        embedding: See `tabular`.
        categories: See `tabular`.
    """
    import keras

    names = sorted(specs)
    inputs = {n: keras.Input((), dtype=dtype_of(specs[n]), name=f"column_{i}") for i, n in enumerate(names)}
    found = _Parts()
    texts = {n: x for n, x in inputs.items() if x.dtype == "string"}
    times = {n: x for n, x in inputs.items() if specs[n].kind == TIME}
    others = {n: x for n, x in inputs.items() if n not in texts and n not in times}
    for dtype in ("float32", "float64"):
        columns = {n: x for n, x in others.items() if x.dtype == dtype}
        if columns:
            known = statistics([values[n] for n in columns], bins)
            _add_numbers(found, keras.ops.stack(list(columns.values()), axis=1), known)
    if times:
        _add_times(found, times, values, bins)
    if texts:
        _add_categories(found, texts, values, one_hot, embedding, categories)
    features = [x[0] if len(x) == 1 else keras.layers.Concatenate()(x) for x in (found.deep, found.linear)]
    return keras.Model(list(inputs.values()), features, name="encoder")


def _add_numbers(found: _Parts, matrix: keras.KerasTensor, known: Statistics) -> None:
    filled = numbers.filled(matrix, known.medians)
    values = numbers.standardised(filled, known)
    found.linear.append(values)
    found.deep.append(numbers.squeezed(values))
    if known.bins:
        found.deep.append(numbers.binned(filled, known))
    if len(known.missing):
        found.add(numbers.indicators(matrix, known.missing))


def _add_times(found: _Parts, times: Tensors, given: Arrays, bins: int) -> None:
    from keras import ops

    matrix = ops.stack(list(times.values()), axis=1)
    moments = statistics([given[name] for name in times], 0)
    chosen, columns = [], []
    for index, (name, median) in enumerate(zip(times, moments.medians, strict=True)):
        kept, values = calendar.varying(np.nan_to_num(np.asarray(given[name], "float64"), nan=median))
        chosen += [part * len(times) + index for part in kept]
        columns += values
    if chosen:
        parts = ops.concatenate(calendar.parts(numbers.filled(matrix, moments.medians)), axis=1)
        _add_numbers(found, ops.take(parts, np.array(chosen), axis=1), statistics(columns, bins))
        names = {place: calendar.PARTS[place // len(times)] for place in chosen}
        again = [place for place, name in names.items() if name in calendar.PERIODS]
        if again:
            found.add(calendar.angles(ops.take(parts, np.array(again), axis=1), [names[place] for place in again]))
    if len(moments.missing):
        found.add(numbers.indicators(matrix, moments.missing))
    elif not chosen:
        found.add(ops.zeros_like(matrix[:, :1], dtype="float32"))


def _add_categories(found: _Parts, texts: Tensors, given: Arrays, one_hot: int, embedding: int, most: int) -> None:
    known = {name: categories.vocabulary(name, given[name], most) for name in texts}
    ids = {n: categories.looked_up(text, known[n]) for n, text in texts.items()}
    few, many = categories.by_size(known, one_hot)
    if few:
        found.add(categories.one_hot([ids[n] for n in few], [known[n] for n in few]))
    if many:
        found.add(categories.embedded([ids[n] for n in many], [known[n] for n in many], embedding))
