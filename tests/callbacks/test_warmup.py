"""The learning rate rises linearly to the optimizer's own, and is then left alone."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import pipeline
from pipeline.callbacks.warmup import WarmUp
from pipeline.errors import ConfigError


class Rates(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes the rate of each step."""

    def __init__(self, change_at: int | None = None) -> None:
        super().__init__()
        self.seen: list[float] = []
        self.change_at = change_at

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen.append(float(self.model.optimizer.learning_rate))
        if len(self.seen) == self.change_at:
            self.model.optimizer.learning_rate = 0.5


def compiled(rate: Any = 0.1) -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


def rates(
    model: keras.Model, steps: int | None, epochs: int = 2, change_at: int | None = None, fit: Any = None, **more: Any
) -> Any:
    x = np.ones((6, 1), "float32")
    # What comes first in the list sees the step that is over before the warm-up counts it.
    seen = Rates(change_at)
    callbacks = [seen, WarmUp(steps=steps, share=more.pop("share", None))]
    (fit or pipeline.fit)(model, x, x, batch_size=2, epochs=epochs, verbose=0, callbacks=callbacks, **more)
    return pytest.approx(seen.seen)


def theirs(model: keras.Model, *arguments: Any, **named: Any) -> Any:
    return model.fit(*arguments, **named)


@pytest.mark.parametrize("fit", [pipeline.fit, theirs], ids=["ours", "keras"])
def test_rate_rises_linearly_and_stays(fit: Any) -> None:
    model = compiled()
    assert rates(model, 4, fit=fit) == [0.025, 0.05, 0.075, 0.1, 0.1, 0.1]
    assert float(model.optimizer.learning_rate) == np.float32(0.1)


@pytest.mark.parametrize("fit", [pipeline.fit, theirs], ids=["ours", "keras"])
def test_share_is_one_of_the_steps_that_are_trained(fit: Any) -> None:
    assert rates(compiled(), None, fit=fit, share=0.5) == [0.1 / 3, 0.2 / 3, 0.1, 0.1, 0.1, 0.1]
    assert rates(compiled(), None, fit=fit, epochs=3, initial_epoch=2, share=0.67) == [0.05, 0.1, 0.1]


def test_share_of_an_unknown_length_and_both_lengths_are_told() -> None:
    pairs = ((np.ones((2, 1)), np.ones((2, 1))) for _ in range(3))
    with pytest.raises(ConfigError, match="WarmUp takes a share of the steps, but the length of an epoch is unknown"):
        pipeline.fit(compiled(), pairs, verbose=0, callbacks=[WarmUp()])
    with pytest.raises(ConfigError, match=r"share: expected steps or share, got both: steps=3 and share=0.5"):
        WarmUp(steps=3, share=0.5)
    with pytest.raises(ConfigError, match="share: expected a number above 0, up to 1, got 2"):
        WarmUp(share=2)


def test_rate_that_others_change_after_the_warm_up_is_left_alone() -> None:
    assert rates(compiled(), 2, change_at=3) == [0.05, 0.1, 0.1, 0.5, 0.5, 0.5]


def test_resumed_training_goes_on_with_the_warm_up() -> None:
    model, again = compiled(), compiled()
    rates(model, 6, epochs=1)
    x = np.ones((6, 1), "float32")

    class Restored(Rates):
        def on_train_begin(self, logs: Any = None) -> None:
            again.optimizer.build(again.trainable_variables)
            for ours, saved in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
                ours.assign(saved)

    seen = Restored()
    pipeline.fit(again, x, x, batch_size=2, epochs=2, initial_epoch=1, verbose=0, callbacks=[WarmUp(steps=6), seen])
    assert seen.seen == pytest.approx([0.1 * 4 / 6, 0.1 * 5 / 6, 0.1])


def test_batches_are_looked_at_until_the_warm_up_is_over() -> None:
    x, warmup = np.ones((6, 1), "float32"), WarmUp(steps=3)
    assert warmup.every_batch
    pipeline.fit(compiled(), x, x, batch_size=2, verbose=0, callbacks=[warmup])
    assert not warmup.every_batch


def test_rate_that_follows_a_schedule_is_told(command: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="WarmUp cannot set a learning rate that follows a schedule"):
        rates(compiled(keras.optimizers.schedules.CosineDecay(0.1, 10)), 4)
    with pytest.raises(ConfigError, match="steps: expected 1 or more, got 0"):
        WarmUp(steps=0)
    wrong = command("+experiment=quickstart", "callbacks=[warmup]", "schedule=cosine")
    assert wrong.code == 2
    assert "schedule=constant" in wrong.errors[0]


def test_warm_up_by_config(command: Callable[..., Any]) -> None:
    short = ("+experiment=quickstart", "report=false", "trainer.epochs=2")
    done = command(*short, "callbacks=[warmup,plateau]", "callbacks.warmup.steps=30")
    assert done.code == 0, done.errors
    plain = command(*short)
    assert done.history()["loss"][0] > plain.history()["loss"][0]
