"""Batches that are had by number: their order, who fetches them, and what their dataset is told."""

import random
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import pipeline
from pipeline.config.schema import SplitConfig, TrainerConfig
from pipeline.data.batches import Batches, paced
from pipeline.data.loaders.stream import StreamLoader
from pipeline.data.sources.batches import BatchSource
from pipeline.data.splits import Splits, set_apart
from pipeline.data.streams import BatchStream
from pipeline.errors import ConfigError, DataError
from pipeline.training.signature import named_model
from pipeline.training.stages import fit

LENGTH = 5


class Numbered(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches that hold their number, and a draw of NumPy's and Python's generators if asked for."""

    def __init__(self, *, random: bool = False, **workers: Any) -> None:
        super().__init__(**workers)
        self.random = random
        self.calls: list[str] = []

    def __len__(self) -> int:
        return LENGTH

    def __getitem__(self, number: int) -> Any:
        self.calls.append(str(number))
        x = np.full((2, 1), number, "float32")
        return (x + np.random.random() + random.random() if self.random else x), x

    def on_epoch_begin(self) -> None:
        self.calls.append("begin")

    def on_epoch_end(self) -> None:
        self.calls.append("end")


class Endless(Numbered):
    @property
    def num_batches(self) -> None:
        return None


class Silent(keras.utils.PyDataset):  # type: ignore[misc]
    def __getitem__(self, number: int) -> Any:
        return np.zeros((2, 1)), np.zeros((2, 1))


class Failing(Numbered):
    def __getitem__(self, number: int) -> Any:
        if number == 3:
            raise OSError("disk is gone")
        return super().__getitem__(number)


def stream(dataset: Any, steps: int | None = None) -> BatchStream:
    data = BatchSource(dataset, ["x"], ["y"], None, None, steps, False, [], 1.0, None).load().train
    assert isinstance(data, BatchStream)
    return data


def batches(dataset: Any, *, shuffle: bool = True, training: bool = True, seed: int = 3) -> Batches:
    return StreamLoader(shuffle).batches(stream(dataset), seed=seed, training=training)


def numbers(drawn: Iterator[Any]) -> list[float]:
    return [float(batch.inputs["x"][0, 0]) for batch in drawn]


WORKERS: list[dict[str, Any]] = [{}, {"workers": 2}, {"workers": 2, "use_multiprocessing": True, "max_queue_size": 3}]
WHO = ["none", "threads", "processes"]


@pytest.mark.parametrize("workers", WORKERS, ids=WHO)
def test_training_draws_them_in_an_order_of_seed_and_pass(workers: dict[str, Any]) -> None:
    made = batches(Numbered(**workers))
    first, second = numbers(made.epoch(0)), numbers(made.epoch(1))
    assert sorted(first) == sorted(second) == list(range(LENGTH))
    assert first != second
    assert numbers(batches(Numbered()).epoch(1)) == second
    assert numbers(batches(Numbered(**workers), seed=4).epoch(0)) != first
    assert numbers(made.epoch(0, 2)) == first[2:]


@pytest.mark.parametrize("workers", WORKERS, ids=WHO)
def test_those_without_end_go_on_in_the_next_epoch_though_it_may_change_them(workers: dict[str, Any]) -> None:
    made = paced(batches(Endless(**workers)), 4)
    epochs = []
    for number in range(3):
        made.begin_epoch()
        epochs.append(numbers(made.epoch(number)))
        made.end_epoch()
    assert epochs == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_weights_that_the_first_batch_has_not_are_refused() -> None:
    x = np.zeros((2, 1))
    with pytest.raises(DataError, match=r"data\.train: a batch has sample weights, but the first one had none"):
        list(stream(lambda: iter([(x, x), (x, x, np.ones(2))])).batches(0))


@pytest.mark.parametrize(("shuffle", "training"), [(False, True), (True, False)])
def test_they_keep_their_order_where_it_is_not_to_be_changed(shuffle: bool, training: bool) -> None:
    assert numbers(batches(Numbered(), shuffle=shuffle, training=training).epoch(0)) == list(range(LENGTH))


def test_workers_fetch_only_what_follows_the_place_to_go_on_from() -> None:
    dataset = Numbered(workers=2)
    made = batches(dataset)
    dataset.calls.clear()
    order = numbers(made.epoch(0, LENGTH - 1))
    assert dataset.calls == [str(int(number)) for number in order]


def test_processes_draw_at_random_by_seed_pass_and_batch() -> None:
    workers = {"workers": 2, "use_multiprocessing": True}
    once = numbers(batches(Numbered(random=True, **workers)).epoch(0))
    again = batches(Numbered(random=True, **{**workers, "workers": 1}))
    assert numbers(again.epoch(0)) == once
    assert numbers(again.epoch(0, 3)) == once[3:]
    assert not set(numbers(again.epoch(1))) & set(once)


def test_the_first_ones_are_a_pass_if_so_many_are_asked_for() -> None:
    assert numbers(stream(Numbered(), steps=3).batches(0)) == [0, 1, 2]
    data = stream(Endless(), steps=3)
    assert not data.endless
    assert numbers(data.batches(0)) == [0, 1, 2]
    assert stream(Endless()).endless
    with pytest.raises(
        ConfigError,
        match=r"data\.steps: expected at most 5, the number of batches of Numbered, or null for all of them, got 6",
    ):
        stream(Numbered(), steps=6)


@pytest.mark.parametrize("name", ["workers", "max_queue_size"])
def test_numbers_of_workers_that_are_none_are_told_by_their_key(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"data\.train\.{name}: expected a whole number, got 'two'"):
        numbers(batches(Numbered(**{"workers": 2, name: "two"})).epoch(0))


def test_a_dataset_that_does_not_tell_its_length_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"data\.train: the number of batches of Silent is unknown; expected a method"
    ):
        stream(Silent())


@pytest.mark.parametrize("workers", WORKERS, ids=WHO)
def test_an_error_of_its_own_code_names_the_batch(workers: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"^data\.train: Failing: batch 3: OSError: disk is gone$"):
        numbers(batches(Failing(**workers)).epoch(0))


def model() -> keras.Model:
    made = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def trained(dataset: Numbered, steps_per_epoch: int | None = None) -> list[str]:
    trainer = TrainerConfig(epochs=2, steps_per_epoch=steps_per_epoch)
    made = batches(dataset)
    dataset.calls.clear()
    network = model()
    fit(named_model(network, made.spec), made, None, trainer)
    return dataset.calls


@pytest.mark.parametrize("steps", [None, 3])
def test_it_is_told_of_epochs_as_by_keras(steps: int | None) -> None:
    def told(calls: list[str]) -> list[str]:
        return [call for call in calls if not call.isdigit()]

    theirs, ours = Numbered(), Numbered()
    model().fit(theirs, epochs=2, steps_per_epoch=steps, verbose=0)
    pipeline.fit(model(), ours, epochs=2, steps_per_epoch=steps, verbose=0)
    assert told(trained(Numbered(), steps)) == told(ours.calls) == told(theirs.calls)


@pytest.mark.parametrize("workers", WORKERS[:2], ids=WHO[:2])
def test_nothing_is_fetched_before_it_is_told_that_the_epoch_begins(workers: dict[str, Any]) -> None:
    calls = trained(Numbered(**workers))
    begun = [place for place, call in enumerate(calls) if call == "begin"]
    fetched = [place for place, call in enumerate(calls) if call.isdigit()]
    assert min(fetched) > begun[0]
    assert len([place for place in fetched if place > begun[1]]) == len(fetched) / 2 == LENGTH


def test_splits_of_it_are_ranges_of_which_no_other_batch_is_fetched(caplog: pytest.LogCaptureFixture) -> None:
    dataset = Numbered(workers=2)
    splits = set_apart(Splits(stream(dataset)), SplitConfig(validation=2), seed=0)
    dataset.calls.clear()
    held_out = StreamLoader(True).batches(splits.validation, seed=0, training=False)  # type: ignore[arg-type]
    held_out.begin_epoch()
    assert numbers(held_out.epoch(0)) == [3, 4]
    assert dataset.calls == ["3", "4"]
    train = StreamLoader(True).batches(splits.train, seed=0, training=True)
    assert sorted(numbers(train.epoch(0))) == [0, 1, 2]
    assert "Numbered may change its batches between epochs" in caplog.text


@pytest.mark.parametrize("anew", [True, False])
def test_a_split_of_a_dataset_that_is_shuffled_anew_is_warned_of(anew: bool, caplog: pytest.LogCaptureFixture) -> None:
    x = np.zeros((8, 1), "float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, x)).shuffle(8, reshuffle_each_iteration=anew).batch(2)
    set_apart(Splits(stream(dataset)), SplitConfig(validation=1), seed=0)
    assert ("the dataset is reshuffled for every pass" in caplog.text) == anew
