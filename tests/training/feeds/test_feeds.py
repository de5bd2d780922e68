"""Every feed gives the batches of an epoch in order, whatever their shapes, and stacks those of the same shape."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pipeline.training.feeds import (
    DatasetFeed,
    Feed,
    PacedFeed,
    PythonFeed,
    ResidentFeed,
    SingleFeed,
    StackedFeed,
    drawing,
)
from pipeline.training.feeds.dataset import can_stack
from pipeline.training.feeds.feed import Structure

SIZES = (3, 3, 3, 2, 3, 1)
"""Examples of each batch."""


def batches() -> list[Any]:
    ends = np.cumsum(SIZES)
    return [
        ({"x": np.arange(end - size, end, dtype="float32")[:, np.newaxis]}, np.arange(end - size, end))
        for size, end in zip(SIZES, ends, strict=True)
    ]


def resident() -> Feed:
    data = ({"x": np.arange(15, dtype="float32")[:, np.newaxis]}, np.arange(15))
    return ResidentFeed(data, lambda epoch: (y for _, y in batches()), 6, last=None)


def stacked() -> Feed:
    return StackedFeed(lambda epoch: batches(), 6)


def dataset() -> Feed:
    spec = ({"x": tf.TensorSpec((None, 1), "float32")}, tf.TensorSpec((None,), "int64"))
    return DatasetFeed(tf.data.Dataset.from_generator(batches, output_signature=spec))


def dataset_in_graph() -> Feed:
    feed = dataset()
    feed.eager_steps = 0  # type: ignore[attr-defined]
    return feed


def python() -> Feed:
    return PythonFeed(lambda: iter(batches()), lambda: 6)


def drawn(feed: Feed, epoch: int = 0) -> list[list[int]]:
    """Returns the targets of each batch, as a compiled call would take them."""
    found = []
    for stack in feed.stacks(epoch):
        for index in range(stack.start, stack.steps):
            x, y = feed.structure.packed(feed.batcher()(stack.values, feed.constants, index))
            np.testing.assert_array_equal(x["x"][:, 0], y)
            found.append(y.numpy().tolist())
    return found


@pytest.mark.parametrize("make", [resident, stacked, python, dataset, dataset_in_graph])
def test_batches_come_in_order_and_neighbours_of_a_shape_are_stacked(make: Any) -> None:
    feed = make()
    expected = [y.tolist() for _, y in batches()]
    assert drawn(feed) == expected
    assert drawn(feed, 1) == expected
    assert [stack.steps for stack in feed.stacks(0)] == [3, 1, 1, 1]


@pytest.mark.parametrize("make", [resident, stacked, python, dataset, dataset_in_graph])
def test_specs_of_a_batch_have_any_number_of_examples(make: Any) -> None:
    feed = make()
    stack = next(iter(feed.stacks(0)))
    assert [tuple(spec.shape) for spec in feed.batch_specs(stack)] == [(None, 1), (None,)]
    for spec, value in zip(feed.value_specs(feed.batch_specs(stack)), stack.values, strict=True):
        assert spec.is_compatible_with(value)


def test_stacks_are_as_small_as_memory_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    bytes_of_a_batch = 3 * (4 + 8)
    for module in ("stacked", "drawing"):
        monkeypatch.setattr(f"pipeline.training.feeds.{module}.STACK_BYTES", 2 * bytes_of_a_batch)
    monkeypatch.setattr(drawing, "_compiled", {})
    for feed in (stacked(), python(), dataset(), dataset_in_graph()):
        assert [stack.steps for stack in feed.stacks(0)] == [2, 1, 1, 1, 1]


def test_slow_batches_do_not_wait_for_a_full_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("stacked", "drawing"):
        monkeypatch.setattr(f"pipeline.training.feeds.{module}.STACK_SECONDS", -1.0)
    assert [stack.steps for stack in stacked().stacks(0)] == [1] * 6


def test_row_numbers_of_the_next_epoch_are_drawn_ahead_up_to_the_last() -> None:
    asked: list[int] = []

    def rows(epoch: int) -> Iterator[np.ndarray]:
        asked.append(epoch)
        yield np.array([epoch])

    feed = ResidentFeed((np.arange(5),), rows, 1, last=2)
    for epoch in range(3):
        (stack,) = feed.stacks(epoch)
        assert stack.values[0].numpy().tolist() == [[epoch]]
    assert asked == [0, 1, 2]
    same = ResidentFeed((np.arange(5),), rows, 1, last=None)
    for _ in range(3):
        list(same.stacks(0))
    assert asked == [0, 1, 2, 0]


def test_batches_of_padded_rows_are_cut_to_their_longest() -> None:
    padded = np.array([[1, 0, 0], [1, 2, 3], [1, 2, 0]])
    feed = ResidentFeed((padded,), lambda _: iter([np.array([0, 2]), np.array([1])]), 2, last=None, lengths=[[1, 3, 2]])
    first, second = (feed.batcher()(stack.values, feed.constants, 0)[0] for stack in feed.stacks(0))
    assert first.numpy().tolist() == [[1, 0], [1, 2]]
    assert second.numpy().tolist() == [[1, 2, 3]]
    assert tuple(feed.batch_specs(next(feed.stacks(0)))[0].shape) == (None, None)


def test_error_of_a_source_comes_where_its_batch_would_and_its_thread_ends() -> None:
    def broken(epoch: int) -> Iterator[Any]:
        yield from batches()[:4]
        raise KeyError("row 7")

    before = threading.active_count()
    found: list[int] = []
    with pytest.raises(KeyError, match="row 7"):
        found += [stack.steps for stack in StackedFeed(broken).stacks(0)]
    stacks = stacked().stacks(0)
    next(stacks)
    stacks.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert threading.active_count() <= before


@pytest.mark.parametrize("make", [resident, stacked, python, dataset, dataset_in_graph])
def test_paced_epochs_go_on_through_the_passes(make: Any) -> None:
    flat = [y.tolist() for _, y in batches()]
    feed = PacedFeed(make(), 4)
    assert drawn(feed) == flat[:4]
    with pytest.warns(UserWarning, match="ran out of data"):
        assert drawn(feed) == flat[4:]
    assert drawn(feed) == flat[:4]


def test_paced_epochs_that_end_with_the_pass_start_anew_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    feed = PacedFeed(resident(), 3)
    assert [len(drawn(feed)) for _ in range(4)] == [3, 3, 3, 3]
    assert not recwarn.list


def test_evaluations_take_the_first_batches_each_time() -> None:
    feed = PacedFeed(stacked(), 2, anew=True)
    assert drawn(feed) == drawn(feed) == [y.tolist() for _, y in batches()[:2]]


def test_single_batches_come_as_they_are() -> None:
    ragged = tf.ragged.constant([[1], [1, 2]])
    feed = SingleFeed(tf.data.Dataset.from_tensors((ragged, 3)))
    (stack,) = feed.stacks(0)
    ((given, number),) = stack.values
    assert given.to_list() == [[1], [1, 2]]
    assert int(number) == 3
    assert not feed.loops


def test_only_dense_batches_of_known_rank_can_be_stacked() -> None:
    dense = tf.TensorSpec((None, 2), "float32")
    assert can_stack((dense, dense))
    assert not can_stack((dense, tf.TensorSpec((), "float32")))
    assert not can_stack((dense, tf.TensorSpec(None, "float32")))
    assert not can_stack((dense, tf.RaggedTensorSpec((None, None), "float32")))


def test_structure_keeps_what_is_missing() -> None:
    structure = Structure(({"b": 1, "a": None}, [2, 3]))
    assert Structure.leaves(({"b": 1, "a": None}, [2, 3])) == [1, 2, 3]
    assert structure.packed([4, 5, 6]) == ({"a": None, "b": 4}, [5, 6])
