"""Batches are a pure function of seed and epoch, can start at a step, continue and wrap around."""

import itertools

import numpy as np
import pytest

from pipeline.data.batches import ArrayBatches, Batches, FirstSteps, StepsPerEpoch, limited, paced
from pipeline.data.examples import Examples
from pipeline.data.loaders.generator import GeneratorLoader
from pipeline.data.spec import spec_of
from pipeline.errors import ConfigError


def examples(count: int = 10) -> Examples:
    inputs, targets = {"x": np.arange(count)}, {"y": np.arange(count) % 2}
    return Examples(spec_of(inputs, targets), inputs, targets)


def drawn(batches: Batches, index: int, skip: int = 0) -> list[list[int]]:
    return [batch.inputs["x"].tolist() for batch in batches.epoch(index, skip)]


def in_order(count: int = 10, batch_size: int = 4) -> ArrayBatches:
    return ArrayBatches(examples(count), batch_size, shuffle=False, seed=0)


def test_every_example_is_drawn_once_an_epoch() -> None:
    batches = ArrayBatches(examples(), 4, shuffle=True, seed=1)
    assert [len(b) for b in drawn(batches, 0)] == [4, 4, 2]
    assert sorted(itertools.chain(*drawn(batches, 0))) == list(range(10))
    assert batches.steps == 3


def test_order_depends_on_seed_and_epoch_alone() -> None:
    batches = ArrayBatches(examples(), 4, shuffle=True, seed=1)
    assert drawn(batches, 5) == drawn(ArrayBatches(examples(), 4, shuffle=True, seed=1), 5)
    assert drawn(batches, 5) != drawn(batches, 6)
    assert drawn(batches, 5) != drawn(ArrayBatches(examples(), 4, shuffle=True, seed=2), 5)


def test_epoch_can_start_at_a_step() -> None:
    batches = ArrayBatches(examples(), 4, shuffle=True, seed=1)
    assert drawn(batches, 2, skip=2) == drawn(batches, 2)[2:]


def test_steps_per_epoch_continue_through_the_data_and_wrap_around() -> None:
    batches = StepsPerEpoch(in_order(), 2)
    assert [drawn(batches, index) for index in range(3)] == [
        [[0, 1, 2, 3], [4, 5, 6, 7]],
        [[8, 9], [0, 1, 2, 3]],
        [[4, 5, 6, 7], [8, 9]],
    ]


def test_steps_per_epoch_start_anywhere_as_if_drawn_from_the_first() -> None:
    for index in (2, 0, 1):
        batches = StepsPerEpoch(ArrayBatches(examples(), 4, shuffle=True, seed=3), 2)
        whole = StepsPerEpoch(ArrayBatches(examples(), 4, shuffle=True, seed=3), 2)
        in_turn = [drawn(whole, i) for i in range(3)]
        assert drawn(batches, index) == in_turn[index]
        assert drawn(batches, index, skip=1) == in_turn[index][1:]


@pytest.mark.parametrize("length", ["unknown", "endless"])
def test_steps_per_epoch_start_anywhere_though_the_length_is_not_known(length: str) -> None:
    def batches() -> Batches:
        loader = GeneratorLoader(batch_size=4, shuffle=True, form="generator", length=length)
        return StepsPerEpoch(loader.batches(examples(), seed=3, training=True), 2)

    whole = batches()
    in_turn = [drawn(whole, index) for index in range(4)]
    assert in_turn == [drawn(StepsPerEpoch(ArrayBatches(examples(), 4, shuffle=True, seed=3), 2), i) for i in range(4)]
    assert [drawn(batches(), index) for index in range(4)] == in_turn


def test_first_steps_are_the_same_every_epoch() -> None:
    batches = FirstSteps(in_order(), 2)
    assert drawn(batches, 0) == drawn(batches, 7) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert batches.steps == 2
    assert FirstSteps(in_order(), 20).steps == 3
    assert drawn(batches, 0, skip=1) == [[4, 5, 6, 7]]


def test_endless_data_needs_the_steps_of_an_epoch_and_of_a_validation() -> None:
    loader = GeneratorLoader(batch_size=4, shuffle=True, form="generator", length="endless")
    endless = loader.batches(examples(), seed=0, training=True)
    with pytest.raises(ConfigError, match=r"trainer.steps_per_epoch: missing"):
        paced(endless, None)
    with pytest.raises(ConfigError, match=r"trainer.validation_steps: missing"):
        limited(endless, None)
    assert paced(endless, 3).steps == 3
    assert paced(in_order(), None).steps == 3
