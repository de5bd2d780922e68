"""Calls take their batches from stacks, across their ends where callbacks count on it."""

import keras
import numpy as np

import pipeline
from pipeline.training.calls import Calls, length
from pipeline.training.feeds import Stack


def stacks(*sizes: int) -> list[Stack]:
    return [Stack([], size) for size in sizes]


def taken(calls: Calls, most: int, *, across: bool) -> list[list[int]]:
    found = []
    while pieces := calls.take(most, across=across):
        found.append([piece.count for piece in pieces])
    return found


def test_a_call_ends_with_its_stack() -> None:
    assert taken(Calls(stacks(5, 2, 4)), 3, across=False) == [[3], [2], [2], [3], [1]]


def test_a_call_goes_on_with_the_next_stack_where_it_must_be_whole() -> None:
    assert taken(Calls(stacks(5, 1, 1, 4)), 3, across=True) == [[3], [2, 1], [1, 2], [2]]


def test_batches_of_the_epoch_before_are_left_out() -> None:
    calls = Calls([Stack([], 5, start=5), Stack([], 4, start=2)])
    pieces = calls.take(9, across=True)
    assert [(piece.start, piece.count) for piece in pieces] == [(2, 2)]
    assert length(pieces) == 2


class Batches(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.ends: list[int] = []

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.ends.append(batch)


def test_batches_of_other_shapes_do_not_cut_a_call_of_several_steps() -> None:
    def batches() -> object:
        for size in (2, 2, 3, 3, 3, 2, 2):
            yield np.ones((size, 2)), np.ones((size, 1))

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=3)
    callback = Batches()
    pipeline.fit(model, batches(), steps_per_epoch=7, verbose=0, callbacks=[callback])
    assert callback.ends == [2, 5, 6]
