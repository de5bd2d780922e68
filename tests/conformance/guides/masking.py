"""Masks: of an embedding, of the layer Masking, handed on by one's own layers, and their part in loss and metrics."""

import keras
import numpy as np
from keras import layers, ops

generator = np.random.default_rng(0)
words = keras.utils.pad_sequences(
    [generator.integers(1, 20, generator.integers(2, 8)) for _ in range(40)], maxlen=8, padding="post"
)
kinds = generator.random((40, 3), "float32")

model = keras.Sequential([layers.Embedding(20, 4, mask_zero=True), layers.LSTM(5), layers.Dense(3)])
model.compile("adam", "mse", metrics=["mae"])
model.fit(words, kinds, batch_size=8, epochs=2, validation_split=0.2, shuffle=False)

# A mask that reaches the outputs leaves padding out of the loss.
inputs = keras.Input((8,), dtype="int32")
embedded = layers.Embedding(20, 4, mask_zero=True)(inputs)
model = keras.Model(inputs, layers.TimeDistributed(layers.Dense(20, activation="softmax"))(embedded))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
model.fit(words, words, batch_size=8, epochs=2, shuffle=False)
model.fit(words, words, batch_size=8, sample_weight=generator.random((40, 8)), shuffle=False)

numbers = generator.random((40, 6, 3), "float32") + 1
numbers[::2, 4:] = 0
model = keras.Sequential([layers.Masking(mask_value=0.0), layers.SimpleRNN(4), layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(numbers, kinds[:, :1], batch_size=8, epochs=2, shuffle=False)


class Halves(layers.Layer):
    def call(self, inputs):
        return ops.split(inputs, 2, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else ops.split(mask, 2, axis=1)


class MaskedSoftmax(layers.Layer):
    def __init__(self, **named):
        super().__init__(**named)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        kept = ops.expand_dims(ops.cast(mask, "float32"), -1)
        powers = ops.exp(inputs) * kept
        return inputs * powers / ops.sum(powers * kept, axis=1, keepdims=True)


inputs = keras.Input((8,), dtype="int32")
first, second = Halves()(layers.Embedding(20, 4, mask_zero=True)(inputs))
average = layers.GlobalAveragePooling1D
joined = layers.concatenate([average()(MaskedSoftmax()(first)), average()(second)])
model = keras.Model(inputs, layers.Dense(3)(joined))
model.compile("adam", "mse")
# Each half has a word, so that none is masked away as a whole.
filled = np.where(np.arange(8) % 4 == 0, np.maximum(words, 1), words)
model.fit(filled, kinds, batch_size=8, epochs=2, shuffle=False)
