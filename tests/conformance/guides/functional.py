"""Models of the functional API: residual blocks, several inputs and outputs, shared layers, nested models, saving."""

import tempfile
from pathlib import Path

import keras
import numpy as np
from keras import layers

generator = np.random.default_rng(0)

# A convolutional network with residual blocks.
inputs = keras.Input((8, 8, 3))
block = layers.Conv2D(4, 3, activation="relu")(inputs)
again = layers.Conv2D(4, 3, activation="relu", padding="same")(block)
block = layers.add([again, block])
outputs = layers.Dense(4)(layers.Dropout(0.5, seed=5)(layers.GlobalAveragePooling2D()(block)))
model = keras.Model(inputs, outputs, name="residual")
model.compile(keras.optimizers.RMSprop(1e-3), keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["acc"])
images, classes = generator.random((32, 8, 8, 3)), keras.utils.to_categorical(generator.integers(0, 4, 32), 4)
model.fit(images, classes, batch_size=8, epochs=2, validation_split=0.2, shuffle=False)
model.evaluate(images, classes, verbose=0)
with tempfile.TemporaryDirectory() as folder:
    model.save(Path(folder) / "model.keras")
    model = keras.models.load_model(Path(folder) / "model.keras")
model.fit(images, classes, batch_size=8, shuffle=False)

# Texts and tags in, a priority and a department out; the embedding is shared.
title, body = keras.Input((None,), name="title"), keras.Input((None,), name="body")
tags = keras.Input((5,), name="tags")
shared = layers.Embedding(20, 4)
joined = layers.concatenate([layers.LSTM(4)(shared(title)), layers.GlobalMaxPooling1D()(shared(body)), tags])
model = keras.Model(
    inputs={"title": title, "body": body, "tags": tags},
    outputs={
        "priority": layers.Dense(1, name="priority")(joined),
        "department": layers.Dense(3, name="department")(joined),
    },
)
model.compile(
    keras.optimizers.RMSprop(1e-3),
    loss={
        "priority": keras.losses.BinaryCrossentropy(from_logits=True),
        "department": keras.losses.CategoricalCrossentropy(from_logits=True),
    },
    loss_weights={"priority": 1.0, "department": 0.2},
)
x = {
    "title": generator.integers(20, size=(24, 4)),
    "body": generator.integers(20, size=(24, 6)),
    "tags": generator.integers(2, size=(24, 5)).astype("float32"),
}
y = {"priority": generator.random((24, 1)), "department": generator.integers(2, size=(24, 3))}
model.fit(x, y, epochs=2, batch_size=8, shuffle=False)


# An ensemble of nested models, and an autoencoder whose encoder is a model of its own.
def member():
    given = keras.Input((6,))
    return keras.Model(given, layers.Dense(1)(given))


inputs = keras.Input((6,))
model = keras.Model(inputs, layers.average([member()(inputs), member()(inputs)]))
model.compile("sgd", "mae")
vectors = generator.random((40, 6), "float32")
model.fit(vectors, vectors[:, :1], epochs=2, shuffle=False)
encoder = keras.Model(inputs, layers.Dense(2, activation="relu")(inputs), name="encoder")
model = keras.Model(inputs, layers.Dense(6)(encoder(inputs)), name="autoencoder")
model.compile("adam", "mse")
model.fit(vectors, vectors, epochs=2, batch_size=8, shuffle=False)
encoder.predict(vectors, verbose=0)
