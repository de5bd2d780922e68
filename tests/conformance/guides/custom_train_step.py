"""Steps of one's own: with what `compile` was told, without it, with weights, for evaluation, and of two networks."""

import keras
import numpy as np
import tensorflow as tf

generator = np.random.default_rng(0)
x, y, weights = (generator.random((80, size), "float32") for size in (8, 1, 1))


def network(kind):
    inputs = keras.Input((8,))
    return kind(inputs, keras.layers.Dense(1)(inputs))


class WithCompiled(keras.Model):
    def train_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred, sample_weight=sample_weight)
        return {metric.name: metric.result() for metric in self.metrics}


class WithOwnLoss(keras.Model):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.own_loss = keras.losses.MeanSquaredError()
        self.loss_seen = keras.metrics.Mean(name="loss")
        self.mae_seen = keras.metrics.MeanAbsoluteError(name="mae")

    @property
    def metrics(self):
        return [self.loss_seen, self.mae_seen]

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.own_loss(y, y_pred)
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        self.loss_seen.update_state(loss)
        self.mae_seen.update_state(y, y_pred)
        return {"loss": self.loss_seen.result(), "mae": self.mae_seen.result()}


class WithTestStep(keras.Model):
    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        for metric in self.metrics:
            metric.update_state(*((loss,) if metric.name == "loss" else (y, y_pred)))
        return {metric.name: metric.result() for metric in self.metrics}


class Adversaries(keras.Model):
    def __init__(self, critic, maker, size):
        super().__init__()
        self.critic, self.maker, self.size = critic, maker, size
        self.critic_loss = keras.metrics.Mean(name="critic_loss")
        self.maker_loss = keras.metrics.Mean(name="maker_loss")
        self.seeds = keras.random.SeedGenerator(7)

    @property
    def metrics(self):
        return [self.critic_loss, self.maker_loss]

    def compile(self, critic_optimizer, maker_optimizer, loss_fn):
        super().compile()
        self.critic_optimizer, self.maker_optimizer, self.loss_fn = critic_optimizer, maker_optimizer, loss_fn

    def train_step(self, real):
        count = tf.shape(real)[0]
        made = self.maker(keras.random.normal((count, self.size), seed=self.seeds))
        labels = tf.concat([tf.ones((count, 1)), tf.zeros((count, 1))], axis=0)
        labels += 0.05 * keras.random.uniform(tf.shape(labels), seed=self.seeds)
        with tf.GradientTape() as tape:
            critic_loss = self.loss_fn(labels, self.critic(tf.concat([made, real], axis=0)))
        weights = self.critic.trainable_weights
        self.critic_optimizer.apply(tape.gradient(critic_loss, weights), weights)
        latent = keras.random.normal((count, self.size), seed=self.seeds)
        with tf.GradientTape() as tape:
            maker_loss = self.loss_fn(tf.zeros((count, 1)), self.critic(self.maker(latent)))
        weights = self.maker.trainable_weights
        self.maker_optimizer.apply(tape.gradient(maker_loss, weights), weights)
        self.critic_loss.update_state(critic_loss)
        self.maker_loss.update_state(maker_loss)
        return {"critic_loss": self.critic_loss.result(), "maker_loss": self.maker_loss.result()}


model = network(WithCompiled)
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
model.fit(x, y, epochs=2, shuffle=False)
model.fit(x, y, sample_weight=weights, epochs=2, shuffle=False)
model = network(WithOwnLoss)
model.compile(optimizer="adam")
model.fit(x, y, epochs=2, shuffle=False)
model = network(WithTestStep)
model.compile(loss="mse", metrics=["mae"])
model.fit(x, y, epochs=2, validation_split=0.5, shuffle=False)
model.evaluate(x, y, verbose=0)
critic = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
maker = keras.Sequential([keras.Input((3,)), keras.layers.Dense(8)])
model = Adversaries(critic, maker, 3)
loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2), loss)
model.fit(tf.data.Dataset.from_tensor_slices(x).batch(16), epochs=2)
