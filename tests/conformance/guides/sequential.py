"""Sequential models: built late, grown layer by layer, read in the middle, frozen in part, trained on a generator."""

import keras
import numpy as np
from keras import layers

generator = np.random.default_rng(0)
images, targets = generator.random((40, 10, 10, 3), "float32"), generator.random((40, 2), "float32")

# Not built before the first batch is seen.
model = keras.Sequential([layers.Flatten(), layers.Dense(4, activation="relu"), layers.Dense(2)])
model.compile("sgd", "mse")
model.fit(images, targets, epochs=2, batch_size=8, shuffle=False)

# Grown while it is looked at.
model = keras.Sequential([keras.Input((10, 10, 3)), layers.Conv2D(4, 5, strides=2, activation="relu")])
model.add(layers.Conv2D(4, 3, activation="relu", name="features"))
model.add(layers.GlobalMaxPooling2D())
model.add(layers.Dense(2))
model.compile("rmsprop", "mse", metrics=["mae"])
model.fit(images, targets, epochs=2, batch_size=8, validation_split=0.2, shuffle=False)
features = keras.Model(model.inputs, model.get_layer("features").output)
features.predict(images, verbose=0)

# All but the last layer frozen.
for layer in model.layers[:-1]:
    layer.trainable = False
model.compile("adam", "mse")


def batches():
    while True:
        for start in range(0, 40, 8):
            yield images[start : start + 8], targets[start : start + 8]


model.fit(batches(), steps_per_epoch=5, epochs=2)
model.pop()
model.add(layers.Dense(1))
model.compile("adam", "mse", steps_per_execution=2)
model.fit(images, targets[:, :1], epochs=2, batch_size=10, shuffle=False)
