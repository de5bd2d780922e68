"""The contenders of a benchmark: Keras as its guide writes it, Keras at its best, and ours."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import tensorflow as tf

from pipeline.config.schema import PipelineConfig
from pipeline.data.batches import Batches, paced
from pipeline.data.splits import Splits
from pipeline.models import build_model
from pipeline.schedules import with_training_steps
from pipeline.training import NamedModel, Signature, compile_model, fit
from pipeline.training.feeds.from_batches import Layout

SHUFFLE_BUFFER = 1024
"""As in Keras' guide to training with built-in methods."""
EXECUTION = 32
"""Steps per execution. More would not make Keras faster."""
Train = Callable[[int, Sequence[keras.callbacks.Callback]], Any]


@dataclass(frozen=True)
class Contender:
    """One of the compared ways to train.

    Attributes:
        name: Its name in the table.
        train: Trains a new model for a number of epochs with the given callbacks.
    """

    name: str
    train: Train


def contenders(config: PipelineConfig, splits: Splits, batches: Batches) -> list[Contender]:
    """Returns the contenders that train the model of a config on its training data. The first one is the reference.

    Args:
        config: The config.
        splits: Its data, with sample weights.
        batches: The training batches of its loader.
    """
    batches = paced(batches, config.trainer.steps_per_epoch)

    def compiled(**trainer: Any) -> NamedModel:
        keras.utils.set_random_seed(config.seed)
        model = build_model(config.model, splits.train)
        settings = replace(config, trainer=replace(config.trainer, **trainer))
        timed = with_training_steps(settings, lambda: batches)
        return compile_model(model, timed, splits.train.spec)

    def of_keras(form: Callable[[Batches, Signature], dict[str, Any]], **trainer: Any) -> Train:
        def train(epochs: int, callbacks: Sequence[keras.callbacks.Callback]) -> None:
            model = compiled(**trainer)
            model.keras_model.fit(**form(batches, model.signature), epochs=epochs, callbacks=list(callbacks), verbose=0)

        return train

    def ours(**trainer: Any) -> Train:
        def train(epochs: int, callbacks: Sequence[keras.callbacks.Callback]) -> None:
            model = compiled(**trainer)
            settings = replace(config.trainer, **trainer, epochs=epochs, initial_epoch=0, steps_per_epoch=None)
            fit(model, batches, None, settings, callbacks)

        return train

    in_memory = batches.examples is not None and not _varies(batches)
    best = _arrays if in_memory and config.trainer.steps_per_epoch is None else _generator
    guide = _dataset if best is _arrays else _generator
    written = f"shuffle({SHUFFLE_BUFFER}).batch" if guide is _dataset else "generator"
    many = f"steps_per_execution={EXECUTION}"
    everyone = [
        Contender(f"Keras fit, {written}", of_keras(guide)),
        Contender(f"Keras fit, {many}", of_keras(best, steps_per_execution=EXECUTION)),
        Contender(f"Keras fit, {many}, XLA", of_keras(best, steps_per_execution=EXECUTION, jit_compile=True)),
        Contender("pipeline", ours()),
        Contender("pipeline, XLA on", ours(jit_compile=True)),
        Contender("pipeline, XLA off", ours(jit_compile=False)),
    ]
    # XLA does not support text.
    text = any(spec.dtype == "string" for spec in batches.spec.inputs.values())
    return [one for one in everyone if not (text and "XLA" in one.name)]


def samples_of(batches: Batches, steps_per_epoch: int | None) -> int:
    """Returns the number of examples per epoch."""
    batches = paced(batches, steps_per_epoch)
    rows = batches.rows(0) if batches.examples is not None else batches.epoch(0)
    return sum(len(batch) for batch in rows)


def _arrays(batches: Batches, signature: Signature) -> dict[str, Any]:
    assert batches.examples is not None
    names = ("x", "y", "sample_weight")
    parts = Layout(batches, signature).arranged(batches.examples)
    return {**dict(zip(names, parts, strict=False)), "batch_size": batches.batch_size}


def _dataset(batches: Batches, signature: Signature) -> dict[str, Any]:
    assert batches.examples is not None
    parts = Layout(batches, signature).arranged(batches.examples)
    tuples = keras.tree.lists_to_tuples(parts)
    dataset = tf.data.Dataset.from_tensor_slices(tuples).shuffle(SHUFFLE_BUFFER).batch(batches.batch_size or 1)
    if batches.steps is not None:
        dataset = dataset.take(batches.steps)
    return {"x": dataset, "shuffle": False}


def _generator(batches: Batches, signature: Signature) -> dict[str, Any]:
    layout = Layout(batches, signature)
    steps = batches.steps or sum(1 for _ in batches.epoch(0))

    def drawn() -> Iterator[Any]:
        for epoch in itertools.count():
            for batch in batches.epoch(epoch):
                yield keras.tree.lists_to_tuples(layout.arranged(batch))

    # A dataset instead of the generator: for that, Keras would guess from two batches which sizes vary.
    signature_of_batch = keras.tree.lists_to_tuples(layout.specs())
    dataset = tf.data.Dataset.from_generator(drawn, output_signature=signature_of_batch).prefetch(tf.data.AUTOTUNE)
    return {"x": dataset, "steps_per_epoch": steps, "shuffle": False}


def _varies(batches: Batches) -> bool:
    return any(None in spec.shape for spec in batches.spec.inputs.values())
