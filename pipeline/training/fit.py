"""The training loop. The only module that touches Keras' own `fit` and `evaluate`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
import tensorflow as tf

from pipeline.config import TrainerConfig
from pipeline.data.batches import Batches, limited, paced
from pipeline.errors import DataError, one_line
from pipeline.training.feeding import Feed
from pipeline.training.signature import Signature


def fit(
    model: keras.Model,
    signature: Signature,
    train: Batches,
    validation: Batches | None,
    trainer: TrainerConfig,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> dict[str, list[float]]:
    """Trains a compiled model.

    Args:
        model: The model.
        signature: Its signature.
        train: Training batches.
        validation: Validation batches, or None.
        trainer: Epochs, steps and the like.
        callbacks: Any Keras callbacks.

    Returns:
        The values of each metric by epoch.

    Raises:
        ConfigError: The data never ends and the steps of an epoch are not set.
        DataError: The data went wrong while it was drawn.
    """
    epochs = CurrentEpoch()
    train = paced(train, trainer.steps_per_epoch)
    feed = Feed(train, signature, lambda: epochs.index)
    held_out = None if validation is None else Feed(limited(validation, trainer.validation_steps), signature, lambda: 0)
    with _data_errors(feed, *([held_out] if held_out else [])):
        history = model.fit(
            feed.dataset,
            epochs=trainer.epochs,
            initial_epoch=trainer.initial_epoch,
            verbose=trainer.verbose,
            validation_data=held_out.dataset if held_out else None,
            validation_freq=trainer.validation_freq,
            callbacks=[epochs, *callbacks],
            shuffle=False,
        )
    return {name: [float(value) for value in values] for name, values in history.history.items()}


def evaluate(model: keras.Model, signature: Signature, batches: Batches) -> dict[str, float]:
    """Returns loss and metrics of a compiled model on one epoch of batches, named as Keras names them.

    Raises:
        DataError: The data went wrong while it was drawn.
    """
    feed = Feed(batches, signature, lambda: 0)
    with _data_errors(feed):
        values = model.evaluate(feed.dataset, verbose=0, return_dict=True)
    return {name: float(value) for name, value in values.items()}


class CurrentEpoch(keras.callbacks.Callback):
    """Says which epoch is drawn: Keras may open an iterator more than it trains on, so counting them would not do."""

    def __init__(self) -> None:
        super().__init__()
        self.index = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Takes note of the epoch that begins."""
        self.index = epoch


@contextmanager
def _data_errors(*feeds: Feed) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # Keras says so of every epoch whose number of batches it does not know.
            warnings.filterwarnings("ignore", message="Your input ran out of data")
            # An output for prediction only has no loss, and its weights no gradient: that is what was asked for.
            warnings.filterwarnings("ignore", message="Gradients do not exist")
            yield
    except (tf.errors.OpError, ValueError, TypeError) as error:
        for feed in feeds:
            if feed.error is not None:
                raise feed.error from error
        outside = re.search(r"label value of (-?\d+) which is outside the valid range of \[0, (\d+)\)", str(error))
        if outside:
            highest = int(outside[2]) - 1
            raise DataError(f"data: class id {outside[1]} is outside the model's range 0 to {highest}") from error
        if isinstance(error, (tf.errors.InvalidArgumentError, tf.errors.UnknownError)) and "enerator" in str(error):
            raise DataError(f"data: {one_line(_told(error))}") from error
        raise


def _told(error: tf.errors.OpError) -> str:
    # TensorFlow puts the error that a generator raised on a line of its own, behind its Python traceback.
    lines = [line for line in str(error.message).splitlines() if "Error: " in line or "Exception: " in line]
    return lines[-1] if lines else str(error.message)
