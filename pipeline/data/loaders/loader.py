"""What a loader is, and what loaders have in common."""

from __future__ import annotations

import math
from typing import Literal, Protocol

from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.streams import BatchStream, Data, ExampleStream
from pipeline.errors import ConfigError

AUTO: Literal["auto"] = "auto"
STEPS = 256
"""Least steps per epoch with an automatic batch size, if the data is neither small nor large."""
FEWEST, UNKNOWN, MOST = 32, 256, 1024


class Loader(Protocol):
    """Turns the data of a split into its batches.

    This one has examples come in reverse:

        @dataclass(frozen=True)
        class Reverse:
            batch_size: int

            def batches(self, data: Data, *, seed: int, training: bool) -> Batches:
                examples = examples_only(data, "reverse")
                order = np.arange(len(examples))[::-1] if training else slice(None)
                return ArrayBatches(examples.rows(order), self.batch_size, shuffle=False, seed=seed)

    What it returns has to be a function of the seed and the number of an epoch, see `Batches`: resume rests on that.
    """

    def batches(self, data: Data, *, seed: int, training: bool) -> Batches:
        """Returns the batches of a split.

        Args:
            data: The split.
            seed: Seed of the shuffles.
            training: Whether to shuffle, and to take only a part, if the loader does that.

        Raises:
            ConfigError: The loader cannot feed this kind of data, or its arguments do not fit the data.
        """
        ...


def examples_only(data: Data, loader: str) -> Examples:
    """Returns the data if it is in memory.

    Raises:
        ConfigError: It is a stream.
    """
    if isinstance(data, Examples):
        return data
    raise unsuited(data, loader)


def unsuited(data: Data, loader: str) -> ConfigError:
    """Returns the error of a loader that cannot feed this kind of data, with the loader that can."""
    if isinstance(data, Examples):
        return ConfigError(f"loader={loader}: the data is in memory; use loader=numpy")
    if isinstance(data, ExampleStream):
        return ConfigError(f"loader={loader}: the data is a stream of examples; use loader=tf_data")
    assert isinstance(data, BatchStream)
    return ConfigError(f"loader={loader}: the data comes in batches; use loader=stream")


def checked_batch_size(batch_size: int | Literal["auto"], length: int | None = None) -> int:
    """Returns a batch size that fits the data.

    Args:
        batch_size: Examples per batch; `auto` chooses a power of 2 from `FEWEST` to `MOST` that gives an epoch some
            hundred steps.
        length: Number of examples to train on; None if it is irrelevant or unknown.

    Raises:
        ConfigError: It is below 1, or larger than the data.
    """
    if batch_size == AUTO:
        if length is None:
            return UNKNOWN
        return min(length, MOST, max(FEWEST, 2 ** int(math.log2(max(1, length) / STEPS))))
    if isinstance(batch_size, bool) or not isinstance(batch_size, int):
        raise ConfigError(f"loader.batch_size: expected a number of examples such as 32, or auto, got {batch_size!r}")
    if batch_size < 1:
        raise ConfigError(f"loader.batch_size: expected 1 or more, got {batch_size}")
    if length is not None and batch_size > length:
        raise ConfigError(
            f"loader.batch_size: expected at most {length}, the size of the training data, got {batch_size}"
        )
    return batch_size
