"""The precision in which layers compute, and in which they keep their weights: Keras' dtype policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def precision(policy: str | None) -> Iterator[str]:
    """Has layers that are made meanwhile take a dtype policy, and puts back the one before.

    Args:
        policy: Its name, such as `mixed_bfloat16`; None for the one that Keras has.

    Yields:
        The name of the policy.
    """
    import keras

    before = keras.config.dtype_policy()
    if policy is not None:
        keras.config.set_dtype_policy(policy)
    try:
        yield str(keras.config.dtype_policy().name)
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def precision_of_weights() -> Iterator[None]:
    """Has layers that are made meanwhile compute in the type of their weights: under mixed precision, in float32.

    Losses and softmax lose too much in 16 bits; see Keras' guide to mixed precision.
    """
    import keras

    with precision(keras.config.dtype_policy().variable_dtype):
        yield
