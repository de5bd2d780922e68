"""Keras' state in a process, reset for each training as if it ran alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.security.terminal import OF_KERAS


@contextmanager
def fresh_keras(seed: int, policy: str | None) -> Iterator[str]:
    """Inside the context, a task starts from the same state as if it ran alone in its process. Frees memory afterwards.

    Args:
        seed: The seed of Python, NumPy and TensorFlow.
        policy: Keras' dtype policy; None for the current one.

    Yields:
        The name of the policy.
    """
    import keras

    from pipeline.models.precision import precision
    from pipeline.run import job_memory

    with job_memory.freed():
        keras.backend.clear_session(free_memory=False)
        keras.utils.set_random_seed(seed)
        # Sends what Keras would print to the log.
        keras.config.disable_interactive_logging()
        logging.getLogger(OF_KERAS).setLevel(logging.INFO)
        with precision(policy) as name:
            yield name
