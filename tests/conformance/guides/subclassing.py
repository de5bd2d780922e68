"""Layers and models by subclassing: losses that layers add, a variational autoencoder, a model without another loss."""

import keras
import numpy as np
from keras import layers, ops

generator = np.random.default_rng(0)
images = generator.random((64, 12), "float32")


class ActivityPenalty(layers.Layer):
    def __init__(self, rate=1e-2):
        super().__init__()
        self.rate = rate

    def call(self, inputs):
        self.add_loss(self.rate * ops.mean(inputs))
        return inputs


class Linear(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units), regularizer=keras.regularizers.L2(1e-3), trainable=True
        )
        self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, inputs):
        self.seen.assign_add(ops.sum(ops.mean(inputs, axis=0)))
        return ops.matmul(inputs, self.kernel)


class Sampling(layers.Layer):
    def __init__(self, **named):
        super().__init__(**named)
        self.seeds = keras.random.SeedGenerator(11)

    def call(self, inputs):
        mean, log_variance = inputs
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=self.seeds)


class Encoder(layers.Layer):
    def __init__(self, latent, **named):
        super().__init__(**named)
        self.hidden = layers.Dense(8, activation="relu")
        self.mean, self.log_variance, self.sampling = layers.Dense(latent), layers.Dense(latent), Sampling()

    def call(self, inputs):
        hidden = self.hidden(inputs)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        return mean, log_variance, self.sampling((mean, log_variance))


class VariationalAutoencoder(keras.Model):
    def __init__(self, size, latent, **named):
        super().__init__(**named)
        self.encoder = Encoder(latent)
        self.decoder = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(size, activation="sigmoid")])

    def call(self, inputs):
        mean, log_variance, latent = self.encoder(inputs)
        divergence = ops.mean(log_variance - ops.square(mean) - ops.exp(log_variance) + 1)
        self.add_loss(-0.5 * divergence)
        return self.decoder(latent)


class Dropped(keras.Model):
    def __init__(self):
        super().__init__()
        self.linear, self.penalty, self.drop = Linear(4), ActivityPenalty(), layers.Dropout(0.3, seed=4)

    def call(self, inputs, training=False):
        hidden = self.penalty(self.linear(inputs))
        return self.drop(hidden, training=training) if training else hidden


class LogisticEndpoint(layers.Layer):
    def __init__(self, **named):
        super().__init__(**named)
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

    def call(self, targets, logits):
        self.add_loss(self.loss_fn(targets, logits))
        return ops.softmax(logits)


model = VariationalAutoencoder(12, 3)
model.compile(keras.optimizers.Adam(1e-3), keras.losses.MeanSquaredError())
model.fit(images, images, epochs=2, batch_size=16, shuffle=False, validation_data=(images[:16], images[:16]))
model = Dropped()
model.compile("sgd", "mse", metrics=["mae"])
model.fit(images, images[:, :4], epochs=2, batch_size=16, shuffle=False)
model.evaluate(images, images[:, :4], verbose=0)
# Without a loss of its own: what layers add is all there is.
inputs, targets = keras.Input((3,), name="inputs"), keras.Input((10,), name="targets")
outputs = LogisticEndpoint(name="outputs")(targets, layers.Dense(10)(inputs))
model = keras.Model([inputs, targets], outputs)
model.compile("adam")
model.fit({"inputs": generator.random((6, 3)), "targets": generator.random((6, 10))}, epochs=2, shuffle=False)
