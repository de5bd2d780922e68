"""The pandas loader: each split one DataFrame, feature columns and target columns, batches of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.data.batches import ArrayBatches
from pipeline.data.examples import Arrays, Examples
from pipeline.data.loaders.loader import checked_batch_size, examples_only
from pipeline.data.streams import Data
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PandasLoader:
    """Holds a split as one DataFrame, a column a number: `image_0 … image_783, digit`.

    Attributes:
        batch_size: Rows a batch; `auto` by the number of examples, see `checked_batch_size`.
        shuffle: Whether training sees the rows in a new order each epoch.
    """

    batch_size: int | Literal["auto"]
    shuffle: bool

    def batches(self, data: Data, *, seed: int, training: bool) -> FrameBatches:
        """See `Loader`."""
        examples = examples_only(data, "pandas")
        for name, spec in examples.spec.inputs.items():
            if None in spec.shape:
                raise ConfigError(
                    f"loader=pandas: input '{name}' has a varying length, columns have none; use loader=numpy"
                )
        size = checked_batch_size(self.batch_size, len(examples) if training else None)
        return FrameBatches(examples, size, shuffle=self.shuffle and training, seed=seed)


class FrameBatches(ArrayBatches):
    """Batches of the rows of a DataFrame."""

    def __init__(self, examples: Examples, batch_size: int, *, shuffle: bool, seed: int) -> None:
        super().__init__(examples, batch_size, shuffle=shuffle, seed=seed)
        self.frame = frame_of(examples)

    def epoch(self, index: int, skip: int = 0) -> Iterator[Examples]:
        """See `Batches`."""
        for chosen in self.rows(index, skip):
            rows = self.frame.iloc[chosen]
            yield Examples(
                self.spec,
                _arrays(rows, "", {n: (s.shape, s.dtype) for n, s in self.spec.inputs.items()}),
                _arrays(rows, "", {n: (s.shape, s.dtype) for n, s in self.spec.targets.items()}),
                _arrays(rows, "weight:", {n: (shape, "float32") for n, shape in self.weight_shapes.items()}),
            )


def frame_of(examples: Examples) -> pd.DataFrame:
    """Returns examples as a DataFrame: a column a number, `name` or `name_0, name_1, …`; weights as `weight:target`."""
    import pandas as pd

    frames = []
    for prefix, arrays in (("", examples.inputs), ("", examples.targets), ("weight:", examples.weights)):
        for name, array in arrays.items():
            flat = array.reshape(len(array), -1)
            frames.append(pd.DataFrame(flat, columns=_columns(prefix + name, array.shape[1:])))
    frame = pd.concat(frames, axis=1)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ConfigError(f"loader=pandas: '{twice[0]}' would be the name of two columns; loader=numpy is right")
    return frame


def _arrays(rows: pd.DataFrame, prefix: str, layout: Mapping[str, tuple[tuple[int | None, ...], str]]) -> Arrays:
    arrays = {}
    for name, (shape, dtype) in layout.items():
        values = rows[_columns(prefix + name, shape)].to_numpy(object if dtype == "string" else dtype)
        arrays[name] = values.reshape(len(rows), *(size or 0 for size in shape))
    return arrays


def _columns(name: str, shape: tuple[int | None, ...]) -> list[str]:
    if not shape:
        return [name]
    return [f"{name}_{index}" for index in range(int(np.prod([size or 0 for size in shape])))]
