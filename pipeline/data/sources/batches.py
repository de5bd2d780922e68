"""Your own batches: a generator function, a `keras.utils.PyDataset` or a batched `tf.data.Dataset`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pipeline.config.schema import REFUSE
from pipeline.data.examples import Examples
from pipeline.data.items import Items, items_of
from pipeline.data.missing_labels import Missing
from pipeline.data.spec import Classes, DataSpec
from pipeline.data.splits import Splits
from pipeline.data.streams import BatchStream, DatasetPasses, weight_shapes
from pipeline.data.tuples import Names, examples_of, with_varying
from pipeline.errors import ConfigError, DataError, with_article

ENDLESS = -1
"""The value of `tf.data.Dataset.cardinality` for datasets that never end."""


@dataclass(frozen=True)
class BatchSource:
    """Batches `(inputs, targets[, sample_weights])` that a user's own code makes.

    Attributes:
        train: A function that starts a pass over the data (`_partial_: true` in the config), given the number of the
            pass if it has an argument `epoch`; or a `PyDataset`; or a batched `tf.data.Dataset`.
        inputs: Names of the inputs in order.
        targets: Names of the targets in order.
        validation: The same for the validation split, or null.
        test: The same for the test split, or null.
        steps: Number of first batches per pass over the training data; null for all, whose number is unknown for a
            function.
        endless: Whether a function's pass over the training data never ends.
        varying: Inputs whose first dimension varies from batch to batch.
        scale: The model multiplies its inputs by this first.
        classes: Number of classes (by target name for several); 0 for whole numbers to regress.
    """

    train: Any
    inputs: Sequence[str]
    targets: Sequence[str]
    validation: Any
    test: Any
    steps: int | None
    endless: bool
    varying: Sequence[str]
    scale: float
    classes: Classes

    def load(self, *, with_targets: bool = True, missing: Missing = REFUSE) -> Splits:
        """See `Source`; draws the first training batch to learn shapes and dtypes."""
        train = self._stream("train", self.train, None, with_targets, missing, self.steps, self.endless)
        others = (
            None if part is None else self._stream(name, part, train.spec, with_targets, missing)
            for name, part in (("validation", self.validation), ("test", self.test))
        )
        return Splits(train, *others)

    def _stream(
        self,
        name: str,
        part: Any,
        spec: DataSpec | None,
        with_targets: bool,
        missing: Missing,
        steps: int | None = None,
        endless: bool = False,
    ) -> BatchStream:
        if steps is not None and steps < 1:
            raise ConfigError(f"data.steps: expected 1 or more, or null, got {steps}")
        convert = partial(
            examples_of,
            names=Names(self.inputs, self.targets),
            scale=self.scale,
            classes=self.classes,
            with_targets=with_targets,
            whole=False,
            missing=missing,
        )
        key = f"data.{name}"
        passes = _passes(key, part, convert, steps)
        batch = next(iter(passes.open(0)), None)
        if batch is None:
            raise DataError(f"{key}: yields no batches; expected at least one (inputs, targets) tuple")
        spec = spec or with_varying(batch.spec, self.varying)
        weighted = bool(batch.weights)
        passes = _passes(key, part, partial(_converted, key, partial(convert, spec=spec), weighted), steps)
        return BatchStream(
            spec,
            passes.open,
            steps=passes.steps,
            endless=passes.endless or endless,
            weighted=weighted,
            passes=passes.counted,
            weight_shapes=weight_shapes(batch),
            items=passes.items,
        )


def _converted(key: str, convert: Callable[[Any], Examples], weighted: bool, element: Any) -> Examples:
    """Returns the examples of a batch, which may have weights only if the first batch had."""
    if not weighted and isinstance(element, tuple) and len(element) == 3 and element[2] is not None:
        raise DataError(
            f"{key}: a batch has sample weights, but the first one had none; expected them in all batches or in none"
        )
    return convert(element)


@dataclass(frozen=True)
class _Passes:
    """Passes over batches of any kind.

    Attributes:
        open: Begins a pass, given its number.
        steps: Batches per pass; None if unknown.
        endless: Whether a pass is known to have no end.
        counted: The counter of passes, if a pass depends on those before.
        items: The batches by number, if the data has them.
    """

    open: Callable[[int], Iterator[Examples]]
    steps: int | None
    endless: bool = False
    counted: DatasetPasses | None = None
    items: Items | None = None


def _passes(key: str, part: Any, convert: Callable[[Any], Examples], steps: int | None) -> _Passes:
    if hasattr(part, "as_numpy_iterator"):
        return _dataset_passes(part, convert, steps)
    items = items_of(key, part, convert, steps)
    if items is not None:
        length = None if items.numbers is None else len(items.numbers)
        return _Passes(items.open, length, endless=length is None, items=items)
    if isinstance(part, Iterator):
        raise ConfigError(
            f"{key}: a generator can be used only once; add `_partial_: true` so that each epoch starts a new one"
        )
    if callable(part):
        takes_epoch = "epoch" in inspect.signature(part).parameters
        return _Passes(lambda number: map(convert, part(epoch=number) if takes_epoch else part()), steps)
    raise ConfigError(
        f"{key}: expected a function with `_partial_: true`, a keras.utils.PyDataset or a batched tf.data.Dataset, "
        f"got {with_article(part)}"
    )


def _dataset_passes(dataset: Any, convert: Callable[[Any], Examples], steps: int | None) -> _Passes:
    counted, size = DatasetPasses(dataset), int(dataset.cardinality())
    if steps is not None and 0 <= size < steps:
        raise ConfigError(
            f"data.steps: expected at most {size}, the number of batches of the dataset, or null for all of them, got "
            f"{steps}"
        )
    known = steps if steps is not None or size < 0 else size
    return _Passes(lambda number: map(convert, counted(number)), known, size == ENDLESS and steps is None, counted)
