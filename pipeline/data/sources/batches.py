"""Your own batches: a generator function, a `keras.utils.PyDataset` or a batched `tf.data.Dataset`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pipeline.config import REFUSE
from pipeline.data.examples import Examples
from pipeline.data.missing_labels import Missing
from pipeline.data.spec import Classes, DataSpec
from pipeline.data.splits import Splits
from pipeline.data.streams import BatchStream, DatasetPasses, weight_shapes
from pipeline.data.tuples import Names, examples_of, with_varying
from pipeline.errors import ConfigError, DataError

ENDLESS, UNKNOWN = -1, -2
"""What `tf.data.Dataset.cardinality` says of datasets that never end, or end nobody knows where."""


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
        steps: Batches of a pass over the training data, where a function makes them; null if unknown.
        endless: Whether a pass over the training data never ends.
        varying: Inputs whose first dimension varies from batch to batch.
        scale: What the model multiplies inputs by first.
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
        passes = _passes(f"data.{name}", part)
        steps, endless = _length(part, steps, endless)
        if steps is not None and steps < 1:
            raise ConfigError(f"data.steps: {steps} is too small; 1 or more, or null, is right")
        first = next(iter(passes(0)), None)
        if first is None:
            raise DataError(f"data.{name}: yields no batches; at least one (inputs, targets) tuple is right")
        convert = partial(
            examples_of,
            names=Names(self.inputs, self.targets),
            scale=self.scale,
            classes=self.classes,
            with_targets=with_targets,
            whole=False,
            missing=missing,
        )
        batch = convert(first)
        spec = spec or with_varying(batch.spec, self.varying)
        opened = partial(_converted, passes, partial(convert, spec=spec))
        counted = passes if isinstance(passes, DatasetPasses) else None
        return BatchStream(
            spec,
            opened,
            steps=steps,
            endless=endless,
            weighted=bool(batch.weights),
            passes=counted,
            weight_shapes=weight_shapes(batch),
        )


def _converted(
    passes: Callable[[int], Iterable[Any]], convert: Callable[[Any], Examples], number: int
) -> Iterator[Examples]:
    return map(convert, passes(number))


def _passes(key: str, part: Any) -> Callable[[int], Iterable[Any]]:
    if hasattr(part, "as_numpy_iterator"):
        return DatasetPasses(part)
    if hasattr(part, "__getitem__") and (hasattr(part, "__len__") or hasattr(part, "num_batches")):
        return lambda _: (part[index] for index in range(_number_of_batches(part)))
    if isinstance(part, Iterator):
        raise ConfigError(
            f"{key}: a generator can be drawn once only; add `_partial_: true` so that each epoch starts a new one"
        )
    if callable(part):
        takes_epoch = "epoch" in inspect.signature(part).parameters
        return (lambda number: part(epoch=number)) if takes_epoch else (lambda _: part())
    raise ConfigError(
        f"{key}: {type(part).__name__} makes no batches; "
        "a function with `_partial_: true`, a keras.utils.PyDataset or a batched tf.data.Dataset is right"
    )


def _length(part: Any, steps: int | None, endless: bool) -> tuple[int | None, bool]:
    if hasattr(part, "cardinality"):
        size = int(part.cardinality())
        return (None if size in (ENDLESS, UNKNOWN) else size), endless or size == ENDLESS
    if hasattr(part, "__getitem__"):
        return _number_of_batches(part), False
    return steps, endless


def _number_of_batches(part: Any) -> int:
    return int(part.num_batches if hasattr(part, "num_batches") else len(part))
