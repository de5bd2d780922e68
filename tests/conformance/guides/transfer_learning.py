"""Transfer learning: a frozen base with batch normalization, then the whole of it at a low learning rate."""

import keras
import numpy as np
import tensorflow as tf

generator = np.random.default_rng(0)
images, labels = generator.random((48, 12, 12, 3), "float32"), generator.integers(0, 2, 48)
data = tf.data.Dataset.from_tensor_slices((images, labels)).map(lambda x, y: (tf.image.resize(x, (8, 8)), y))
train, held_out = data.take(32).batch(8).prefetch(tf.data.AUTOTUNE).cache(), data.skip(32).batch(8).cache()

base = keras.Sequential(
    [
        keras.Input((8, 8, 3)),
        keras.layers.Conv2D(4, 3),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
    ]
)
inputs = keras.Input((8, 8, 3))
changed = keras.layers.RandomRotation(0.1, seed=2)(keras.layers.RandomFlip("horizontal", seed=1)(inputs))
features = base(keras.layers.Rescaling(2.0, offset=-1.0)(changed), training=False)
pooled = keras.layers.Dropout(0.2, seed=3)(keras.layers.GlobalAveragePooling2D()(features))
model = keras.Model(inputs, keras.layers.Dense(1)(pooled))

base.trainable = False
model.compile(
    keras.optimizers.Adam(1e-2),
    keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
model.fit(train, epochs=2, validation_data=held_out)
base.trainable = True
model.compile(
    keras.optimizers.Adam(1e-4),
    keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
model.fit(train, epochs=2, validation_data=held_out)
model.evaluate(held_out, verbose=0)

# A layer frozen within a Sequential model, whose weights stay as they were.
first, second = keras.layers.Dense(3, activation="relu"), keras.layers.Dense(3, activation="sigmoid")
first.trainable = False
model = keras.Sequential([keras.Input((3,)), first, second])
model.compile(optimizer="adam", loss="mse")
before = first.get_weights()
model.fit(generator.random((2, 3)), generator.random((2, 3)), shuffle=False)
np.testing.assert_array_equal(before[0], first.get_weights()[0])
