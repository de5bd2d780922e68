"""What goes wrong while a page is made of files that are right one by one: they do not fit together."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import ConfigError, PipelineError, escaped, one_line
from pipeline.run.file_errors import os_error

LONGEST_REASON = 300


@contextmanager
def files_that_fit(whose: str) -> Iterator[None]:
    """Tells of anything that goes wrong within it as a mistake in the files; what NumPy only warns of is left out.

    Args:
        whose: Whose files they are, such as `run: 'DIR': its`.

    Raises:
        ConfigError: Something went wrong that is neither told already nor the fault of a disk or of too little memory.
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
