"""Losses of scaled targets are those of the scaled numbers, in whatever unit target and output are."""

import keras
import numpy as np
import pytest

from pipeline.data.target import TargetScaling
from pipeline.training.objectives.scaled_losses import scaled_loss

RANDOM = np.random.default_rng(0)
TRUTH = RANDOM.normal(5e5, 2e5, (16, 2)).astype("float32")
OUTPUT = RANDOM.normal(5e5, 2e5, (16, 2)).astype("float32")
WEIGHTS = RANDOM.random(16).astype("float32")
SCALING = TargetScaling("standard", (5e5, 4e5), (2e5, 1e5))


@pytest.mark.parametrize("loss", [keras.losses.MeanSquaredError(), keras.losses.Huber(0.5), keras.losses.log_cosh])
def test_the_loss_is_that_of_the_scaled_numbers(loss: keras.losses.Loss) -> None:
    truth, output = ((values - np.array(SCALING.mean)) / np.array(SCALING.deviation) for values in (TRUTH, OUTPUT))
    found = float(scaled_loss(loss, "loss", SCALING)(TRUTH, keras.ops.convert_to_tensor(OUTPUT), WEIGHTS))
    plain = loss if isinstance(loss, keras.losses.Loss) else keras.losses.LogCosh()
    assert found == pytest.approx(float(plain(truth, output, WEIGHTS)), rel=1e-4)


def test_the_loss_of_logarithms_takes_what_has_none() -> None:
    scaling = TargetScaling("log", (1.0,), (2.0,), 1.0)
    truth, output = np.array([0.0, 7.0]), np.array([[-1.0], [7.0]], "float32")
    found = float(
        scaled_loss(keras.losses.MeanAbsoluteError(), "loss", scaling)(truth, keras.ops.convert_to_tensor(output))
    )
    assert found == pytest.approx((0 - np.log(1e-6)) / 2 / 2, rel=1e-4)
