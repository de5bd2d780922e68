"""Calls have as many steps as take half a second, or one where a callback looks at batches."""

from typing import Any

import keras
import pytest

from pipeline.training.block_size import FIRST_STEPS, BlockSize, looks_at_batches

callbacks = keras.callbacks


class Watching(callbacks.Callback):  # type: ignore[misc]
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        pass


class OwnCheckpoint(callbacks.ModelCheckpoint):  # type: ignore[misc]
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        pass


def size_for(*given: callbacks.Callback, steps_per_execution: int = 1, kind: str = "train") -> BlockSize:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(steps_per_execution=steps_per_execution)
    return BlockSize(model, callbacks.CallbackList(list(given), model=model), kind)


def test_calls_grow_until_one_takes_half_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.perf_counter", lambda: now)
    size = size_for()
    sizes = []
    for _ in range(6):
        sizes.append(size())
        with size.timed(size()):
            now += size() * 0.001
    assert sizes == pytest.approx([FIRST_STEPS, FIRST_STEPS, 8 * FIRST_STEPS, 500, 500, 500], abs=1)


def test_calls_have_the_steps_of_an_execution_where_a_callback_looks_at_batches() -> None:
    for steps in (1, 3):
        size = size_for(Watching(), steps_per_execution=steps)
        for _ in range(3):
            with size.timed(size()):
                pass
        assert size() == steps
    assert size_for(Watching(), kind="test")() == FIRST_STEPS


@pytest.mark.parametrize(
    ("callback", "looks"),
    [
        (Watching(), True),
        (callbacks.TerminateOnNaN(), True),
        (callbacks.LambdaCallback(on_train_batch_end=print), True),
        (callbacks.ModelCheckpoint("a.keras", save_freq=10), True),
        (callbacks.TensorBoard(update_freq="batch"), True),
        (callbacks.TensorBoard(profile_batch=2), True),
        (OwnCheckpoint("a.keras"), True),
        (callbacks.ModelCheckpoint("a.keras"), False),
        (callbacks.BackupAndRestore("a"), False),
        (callbacks.EarlyStopping(), False),
        (callbacks.ProgbarLogger(), False),
        (callbacks.TensorBoard(), False),
        (callbacks.History(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_callbacks_that_do_something_in_a_batch_hook_look_at_batches(
    callback: callbacks.Callback, looks: bool
) -> None:
    assert looks_at_batches(callback, "train") == looks
