"""Callbacks of one's own: one that sees every hook, one that stops training and restores weights, a schedule."""

import keras
import numpy as np

generator = np.random.default_rng(0)
x, y = generator.random((96, 6), "float32"), generator.random((96, 1), "float32")
said = []


def network():
    made = keras.Sequential([keras.layers.Dense(1)])
    made.compile(keras.optimizers.RMSprop(0.1), "mean_squared_error", metrics=["mean_absolute_error"])
    return made


class EveryHook(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        said.append(("train begins", list(logs)))

    def on_train_end(self, logs=None):
        said.append(("train ends", list(logs)))

    def on_epoch_begin(self, epoch, logs=None):
        said.append(("epoch begins", epoch, list(logs)))

    def on_epoch_end(self, epoch, logs=None):
        said.append(("epoch ends", epoch, list(logs)))

    def on_test_begin(self, logs=None):
        said.append(("test begins", list(logs)))

    def on_test_end(self, logs=None):
        said.append(("test ends", list(logs)))

    def on_train_batch_begin(self, batch, logs=None):
        said.append(("batch begins", batch, list(logs)))

    def on_train_batch_end(self, batch, logs=None):
        said.append(("batch ends", batch, list(logs)))

    def on_test_batch_end(self, batch, logs=None):
        said.append(("test batch ends", batch, list(logs)))

    def on_predict_batch_end(self, batch, logs=None):
        said.append(("predict batch ends", batch, list(logs), logs["outputs"].shape))


class StopAtMinimum(keras.callbacks.Callback):
    def __init__(self, patience=0):
        super().__init__()
        self.patience = patience

    def on_train_begin(self, logs=None):
        self.wait, self.best, self.best_weights = 0, np.inf, None

    def on_epoch_end(self, epoch, logs=None):
        if logs["loss"] < self.best:
            self.wait, self.best, self.best_weights = 0, logs["loss"], self.model.get_weights()
            return
        self.wait += 1
        if self.wait >= self.patience:
            self.model.stop_training = True
            self.model.set_weights(self.best_weights)


class Schedule(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.optimizer.learning_rate = 0.1 / (epoch + 1)

    def on_train_batch_end(self, batch, logs=None):
        # What weights are between steps is what they are in Keras.
        said.append(float(np.sum(self.model.get_weights()[0])))
        if batch == 2:
            self.model.optimizer.learning_rate = 0.01


model = network()
model.fit(x, y, batch_size=16, epochs=2, verbose=0, validation_split=0.5, callbacks=[EveryHook()], shuffle=False)
model.evaluate(x, y, batch_size=32, verbose=0, callbacks=[EveryHook()])
model.predict(x, batch_size=32, verbose=0, callbacks=[EveryHook()])
model = network()
model.fit(x, y, batch_size=32, steps_per_epoch=2, epochs=12, verbose=0, callbacks=[StopAtMinimum()], shuffle=False)
model.fit(x, y, batch_size=16, epochs=3, verbose=0, callbacks=[Schedule()], shuffle=False)
noted = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: said.append(("lambda", epoch, sorted(logs))))
model.fit(x, y, epochs=2, verbose=0, callbacks=[noted], shuffle=False)
