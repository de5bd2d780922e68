"""Reports in one line that memory ran out, with the batch size and what to try."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import ConfigError, one_line
from pipeline.run.file_errors import os_error


@contextmanager
def memory_errors(batch_size: int | None) -> Iterator[None]:
    """Tells that what runs within it does not fit into memory.

    Args:
        batch_size: Examples per batch; None where the source decides.

    Raises:
        ConfigError: Memory ran out.
    """
    try:
        yield
    except Exception as error:
        told = memory_error(error, batch_size)
        if told is None:
            raise
        raise told from error


def memory_error(error: BaseException, batch_size: int | None = None) -> ConfigError | None:
    """Returns the error to report if memory ran out; None if an error means something else."""
    if not _ran_out(error):
        return None
    if batch_size is None:
        text = f"memory ran out: {one_line(error)}; use smaller batches, a smaller model or fewer examples"
    elif batch_size > 1:
        half = batch_size // 2
        text = (
            f"loader.batch_size: a step on {batch_size} examples does not fit into memory; "
            f"use loader.batch_size={half}, or a smaller model"
        )
    else:
        text = "model: a step on 1 example does not fit into memory; use a smaller model"
    return ConfigError(text)


def _ran_out(error: BaseException) -> bool:
    # TensorFlow's error, without importing it, and NumPy's, a MemoryError. A full disk also raises the former.
    names = {one.__name__ for one in type(error).__mro__}
    if "ResourceExhaustedError" in names:
        return os_error(error) is None
    return isinstance(error, MemoryError)
