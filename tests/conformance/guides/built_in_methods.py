"""Training with the built-in methods: every form of data, weights, several inputs and outputs, and Keras' callbacks."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

generator = np.random.default_rng(0)
images = generator.random((96, 12), "float32")
classes = generator.integers(0, 3, 96)


def classifier(loss="sparse_categorical_crossentropy", metrics=("sparse_categorical_accuracy",)):
    inputs = keras.Input((12,), name="digits")
    hidden = keras.layers.Dense(8, activation="relu")(inputs)
    made = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="predictions")(hidden))
    made.compile(keras.optimizers.RMSprop(1e-2), loss=loss, metrics=list(metrics))
    return made


class PredictedMean(keras.metrics.Metric):
    def __init__(self, name="predicted_mean"):
        super().__init__(name=name)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(keras.ops.mean(y_pred))

    def result(self):
        return self.total.value

    def reset_state(self):
        self.total.assign(0.0)


def squared(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


class Rows(keras.utils.PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        rows = slice(16 * index, 16 * (index + 1))
        return images[rows], classes[rows]


# Arrays, held-out arrays, a share of the arrays, and evaluation after it.
model = classifier()
model.fit(
    images[:64], classes[:64], batch_size=16, epochs=2, shuffle=False, validation_data=(images[64:], classes[64:])
)
model.evaluate(images[64:], classes[64:], batch_size=16, verbose=0)
model.predict(images[:3], verbose=0)
model.fit(images, classes, batch_size=16, validation_split=0.25, shuffle=False)

# A dataset, a limited number of its steps, and a PyDataset.
data = tf.data.Dataset.from_tensor_slices((images, classes)).shuffle(32, seed=1).batch(16)
held_out = tf.data.Dataset.from_tensor_slices((images[:32], classes[:32])).batch(16)
model.fit(data, epochs=2, validation_data=held_out)
model.fit(data.repeat(), epochs=2, steps_per_epoch=4, validation_data=held_out, validation_steps=1)
model.fit(Rows(), epochs=2, shuffle=False, validation_data=Rows())

# A loss that is a function, and a metric of one's own.
other = classifier(squared, [PredictedMean()])
other.fit(images, keras.utils.to_categorical(classes, 3), batch_size=32, epochs=2, shuffle=False)

# Class weights and sample weights.
model.fit(images, classes, class_weight={0: 1.0, 1: 2.0, 2: 0.5}, batch_size=32, shuffle=False)
weights = np.where(classes == 2, 2.0, 1.0)
model.fit(images, classes, sample_weight=weights, batch_size=32, shuffle=False)
weighted = tf.data.Dataset.from_tensor_slices((images, classes, weights)).batch(32)
model.fit(weighted, epochs=2)

# Two inputs and two outputs, each with a loss, metrics and a weight, as lists and by name.
picture, series = keras.Input((4, 4, 1), name="picture"), keras.Input((None, 3), name="series")
joined = keras.layers.concatenate(
    [
        keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(3, 3)(picture)),
        keras.layers.GlobalAveragePooling1D()(keras.layers.Conv1D(3, 3)(series)),
    ]
)
score = keras.layers.Dense(1, name="score")(joined)
kind = keras.layers.Dense(5, name="kind")(joined)
model = keras.Model([picture, series], [score, kind])
model.compile(
    keras.optimizers.Adam(1e-2),
    loss={"score": "mse", "kind": keras.losses.CategoricalCrossentropy(from_logits=True)},
    metrics={"score": ["mape", "mae"], "kind": ["categorical_accuracy"]},
    loss_weights={"score": 2.0, "kind": 1.0},
)
x = {"picture": generator.random((24, 4, 4, 1)), "series": generator.random((24, 6, 3))}
y = {"score": generator.random((24, 1)), "kind": generator.random((24, 5))}
model.fit(list(x.values()), list(y.values()), batch_size=8, shuffle=False)
model.fit(x, y, batch_size=8, epochs=2, shuffle=False)

# Callbacks of Keras and a schedule of the learning rate.
model = classifier()
with tempfile.TemporaryDirectory() as folder:
    callbacks = [
        keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=1e-2, patience=1),
        keras.callbacks.ModelCheckpoint(Path(folder) / "{epoch}.keras", save_best_only=True, monitor="val_loss"),
        keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=1.0),
        keras.callbacks.CSVLogger(Path(folder) / "log.csv"),
        keras.callbacks.TensorBoard(folder),
    ]
    model.fit(images, classes, batch_size=32, epochs=6, callbacks=callbacks, validation_split=0.2, shuffle=False)
    best = keras.models.load_model(sorted(Path(folder).glob("*.keras"))[-1])
    best.fit(images, classes, batch_size=32, epochs=2, shuffle=False)
schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=2, decay_rate=0.9, staircase=True)
model.compile(keras.optimizers.SGD(schedule), "sparse_categorical_crossentropy")
model.fit(images, classes, epochs=2, shuffle=False)
