"""What a loader is, and what loaders have in common."""

from __future__ import annotations

from typing import Protocol

from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.streams import BatchStream, Data, ExampleStream
from pipeline.errors import ConfigError


class Loader(Protocol):
    """Turns the data of a split into its batches."""

    def batches(self, data: Data, *, seed: int, training: bool) -> Batches:
        """Returns the batches of a split.

        Args:
            data: The split.
            seed: Seed of the shuffles.
            training: Whether to shuffle, and to take only a part, if the loader does such a thing.

        Raises:
            ConfigError: The loader cannot feed this kind of data, or its arguments do not suit it.
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
        return ConfigError(f"loader={loader}: the data is in memory; loader=numpy is right")
    if isinstance(data, ExampleStream):
        return ConfigError(f"loader={loader}: the data is a stream of examples; loader=tf_data is right")
    assert isinstance(data, BatchStream)
    return ConfigError(f"loader={loader}: the data comes in batches; loader=stream is right")


def checked_batch_size(batch_size: int, length: int | None = None) -> int:
    """Returns a batch size that suits the data.

    Raises:
        ConfigError: It is below 1, or larger than the data.
    """
    if batch_size < 1:
        raise ConfigError(f"loader.batch_size: {batch_size} is too small; 1 or more is right")
    if length is not None and batch_size > length:
        raise ConfigError(
            f"loader.batch_size: {batch_size} is larger than the training data; {length} or less is right"
        )
    return batch_size
