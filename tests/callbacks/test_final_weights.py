"""Which epoch the weights are of that a training ended with."""

import keras
import numpy as np

from pipeline.callbacks.final_weights import FinalWeights, final_weights
from pipeline.callbacks.roll_back import RollBackOnNaN


def test_early_stopping_that_put_weights_back_tells_their_epoch() -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.optimizer.learning_rate = 2.0
    x = np.ones((8, 1), "float32")
    stopping = keras.callbacks.EarlyStopping("loss", patience=2, restore_best_weights=True)
    losses = model.fit(x, 0 * x, epochs=6, verbose=0, callbacks=[stopping]).history["loss"]
    assert len(losses) == 3
    assert final_weights(model, [stopping]) == FinalWeights(int(np.argmin(losses)) + 1, "loss")
    stopping.restore_best_weights = False
    assert final_weights(model, [stopping]) == FinalWeights()


def test_averages_and_roll_backs_are_told() -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(use_ema=True), "mse")
    back = RollBackOnNaN()
    back.set_state({"times": 2})
    assert final_weights(model, [back]) == FinalWeights(averaged=True, roll_backs=2)


def test_ending_is_told_where_training_stopped_early_or_weights_were_restored() -> None:
    assert FinalWeights().ending(5, 5) is None
    assert FinalWeights().ending(3, 5) == "stopped after epoch 3 of 5"
    restored = FinalWeights(2, "val_loss")
    assert restored.ending(5, 5) == "the weights are those of epoch 2, with the best val_loss"
    assert (
        restored.ending(3, 5) == "stopped after epoch 3 of 5; the weights are those of epoch 2, with the best val_loss"
    )
