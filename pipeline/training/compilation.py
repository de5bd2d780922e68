"""How the blocks of a model are compiled: with XLA or without, and how many steps are in one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import keras

from pipeline.config import TrainerConfig
from pipeline.data.spec import DataSpec

WORTH_COMPILING = 30000
"""Steps from which the faster steps of XLA make up for its compile time (seconds, even for a small perceptron)."""
FIRST_STEPS, MOST_STEPS, JIT_STEPS = 16, 1024, 128
BLOCK_SECONDS = 0.5
"""How long a block should take: long enough to hide the call, short enough for signals to be heard."""
BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
PLAIN_LAYERS = (
    keras.layers.InputLayer,
    keras.layers.Rescaling,
    keras.layers.Flatten,
    keras.layers.Concatenate,
    keras.layers.Dense,
    keras.layers.Activation,
    keras.layers.Dropout,
)


@dataclass(frozen=True)
class Compilation:
    """How to compile.

    Attributes:
        jit: Whether XLA compiles the blocks.
        reason: Why, for the log.
    """

    jit: bool
    reason: str


def chosen_compilation(model: keras.Model, trainer: TrainerConfig, spec: DataSpec, steps: int | None) -> Compilation:
    """Chooses XLA for dense models that are trained long enough; convolutions are slower with it on CPUs.

    Args:
        model: The model.
        trainer: `jit_compile` forces the choice.
        spec: What the data looks like; text and varying lengths cannot be compiled, or would be again and again.
        steps: Steps of the whole training; None if nobody knows.
    """
    if trainer.run_eagerly:
        return Compilation(False, "trainer.run_eagerly is set")
    if trainer.jit_compile is not None:
        return Compilation(trainer.jit_compile, "trainer.jit_compile is set")
    if any(given.dtype == "string" or None in given.shape for given in spec.inputs.values()):
        return Compilation(False, "inputs are text or vary in length")
    if not all(isinstance(layer, PLAIN_LAYERS) for layer in model.layers):
        return Compilation(False, "the model has other than dense layers")
    if steps is None or steps < WORTH_COMPILING:
        return Compilation(False, f"fewer than {WORTH_COMPILING} steps")
    return Compilation(True, "dense layers only, and steps enough")


class BlockSize:
    """Steps of the next block: one where callbacks look at each batch, else as many as take half a second."""

    def __init__(self, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback], *, jit: bool) -> None:
        self._fixed: int | None = JIT_STEPS if jit else None
        if any(looks_at_batches(callback) for callback in callbacks):
            self._fixed = model.steps_per_execution
        self._steps = FIRST_STEPS
        self._measured = False
        self._started = 0.0

    def __call__(self) -> int:
        """Returns the most steps of the next block."""
        return self._fixed or self._steps

    def start(self) -> None:
        """Starts the clock of a block."""
        self._started = time.perf_counter()

    def end(self, steps: int) -> None:
        """Learns from how long a block took; the first one is traced and tells nothing."""
        seconds = max(time.perf_counter() - self._started, 1e-6)
        if self._measured:
            wanted = int(BLOCK_SECONDS * steps / seconds)
            self._steps = max(1, min(wanted, MOST_STEPS, self._steps * 8))
        self._measured = True


def looks_at_batches(callback: keras.callbacks.Callback) -> bool:
    """Whether a callback overrides a batch hook, so that it must be called for every batch."""
    if isinstance(callback, keras.callbacks.ProgbarLogger):
        return False
    if isinstance(callback, keras.callbacks.ModelCheckpoint) and callback.save_freq == "epoch":
        return False
    base = keras.callbacks.Callback
    return any(
        name in vars(callback) or getattr(type(callback), name) is not getattr(base, name) for name in BATCH_HOOKS
    )
