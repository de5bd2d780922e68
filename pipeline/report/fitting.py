"""Errors while a page is made from files that are each valid but do not fit together."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import ConfigError, PipelineError, escaped, one_line
from pipeline.run.file_errors import os_error

LONGEST_REASON = 300


@contextmanager
def files_that_fit(whose: str) -> Iterator[None]:
    """Reports any error inside the context as a mistake in the files. Warnings of NumPy are ignored.

    Args:
        whose: The owner of the files, such as `run: 'DIR': its`.

    Raises:
        ConfigError: There was an error that is not already reported and not caused by a disk or a lack of memory.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (PipelineError, MemoryError):
        raise
    except Exception as error:
        if os_error(error) is not None:
            raise
        reason = f"{type(error).__name__}: {escaped(one_line(error), LONGEST_REASON)}"
        raise ConfigError(f"{whose} files do not fit together: {reason}") from error
