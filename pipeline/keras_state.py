"""What Keras keeps for a process, as if each training were alone in one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.security.terminal import OF_KERAS


@contextmanager
def fresh_keras(seed: int, policy: str | None) -> Iterator[str]:
    """Runs a training or another task from the same state as if it were alone in its process, and frees what it leaves.

    Args:
        seed: Seed of Python, NumPy and TensorFlow.
        policy: Keras' dtype policy; None for the one that Keras has.

    Yields:
        The name of the policy.
    """
    import keras

    from pipeline.models.precision import precision
    from pipeline.run import job_memory

    with job_memory.freed():
        keras.backend.clear_session(free_memory=False)
        keras.utils.set_random_seed(seed)
        # What Keras would print goes to the log.
        keras.config.disable_interactive_logging()
        logging.getLogger(OF_KERAS).setLevel(logging.INFO)
        with precision(policy) as name:
            yield name
