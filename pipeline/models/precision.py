"""The precision in which layers compute, and in which they keep their weights: Keras' dtype policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def precision(policy: str | None) -> Iterator[str]:
    """Sets the dtype policy of layers that are built in this context, and restores the previous one.

    Args:
        policy: Its name, such as `mixed_bfloat16`; None for Keras' current one.

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
    """Makes layers built in this context compute in the dtype of their weights: float32 under mixed precision.

    Losses and softmax lose too much accuracy in 16 bits; see Keras' guide to mixed precision.
    """
    import keras

    with precision(keras.config.dtype_policy().variable_dtype):
        yield
