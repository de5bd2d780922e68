"""How many steps one compiled call runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

FIRST_STEPS, MOST_STEPS = 16, 4096
BLOCK_SECONDS = 0.5
"""How long a call should take: long enough to hide its cost, short enough to react to signals."""
HOOKS = {
    "train": ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


STOPS = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}


class BlockSize:
    """The largest number of steps in the next call.

    It is `steps_per_execution` if a callback looks at batches or has stopped the model before its first batch, and as
    many steps as take half a second otherwise.

    Args:
        model: The model.
        hooks: Its callbacks.
        kind: `train`, `test` or `predict`: the kind of batches that callbacks may look at.
    """

    def __init__(self, model: keras.Model, hooks: keras.callbacks.CallbackList, kind: str) -> None:
        self._model, self._hooks, self._kind = model, hooks, kind
        self._fixed: int | None = None
        self._steps = FIRST_STEPS
        self._measured = False
        self._devices = bool(tf.config.list_physical_devices("GPU"))

    def __call__(self) -> int:
        """Returns the largest number of steps in the next call."""
        # Checked each time: a callback such as `WarmUp` may stop looking at batches.
        looked_at = any(looks_at_batches(callback, self._kind) for callback in self._hooks.callbacks)
        few = looked_at or getattr(self._model, STOPS[self._kind], False)
        self._fixed = self._model.steps_per_execution if few else None
        return self._fixed or self._steps

    @property
    def fixed(self) -> bool:
        """Whether the next call has exactly `steps_per_execution` steps."""
        return self._fixed is not None

    @contextmanager
    def timed(self, steps: int) -> Iterator[None]:
        """Learns how long a call takes. The first call is ignored, since it traces."""
        start = time.perf_counter()
        yield
        if self._fixed:
            return
        if self._devices:
            tf.test.experimental.sync_devices()
        seconds = max(time.perf_counter() - start, 1e-6)
        if self._measured:
            wanted = int(BLOCK_SECONDS * steps / seconds)
            self._steps = max(1, min(wanted, MOST_STEPS, self._steps * 8))
        self._measured = True


def looks_at_batches(callback: keras.callbacks.Callback, kind: str) -> bool:
    """Whether a callback overrides a batch hook of `train`, `test` or `predict`, so that it must see every batch."""
    return any(
        not _idle(callback, vars(callback).get(name, getattr(type(callback), name)), name) for name in HOOKS[kind]
    )


def _idle(callback: keras.callbacks.Callback, hook: object, name: str) -> bool:
    """Whether a hook does nothing by its code or its settings. A progress bar may also move in larger steps.

    A callback can set its attribute `every_batch` to False to say so.
    """
    kinds = keras.callbacks
    if not getattr(callback, "every_batch", True):
        return True
    if hook is getattr(kinds.Callback, name):
        return True
    if hook is getattr(kinds.ProgbarLogger, name):
        return True
    if hook in (getattr(kinds.ModelCheckpoint, name), getattr(kinds.BackupAndRestore, name)):
        return bool(callback.save_freq == "epoch")
    if hook is getattr(kinds.TensorBoard, name) and callback.update_freq == "epoch":
        # Without profiling and speed, it only counts batches.
        return not (callback.write_steps_per_second or callback._start_batch or callback._stop_batch)
    return False
