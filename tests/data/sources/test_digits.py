"""The bundled digits."""

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.sources.digits import Digits


def test_digits_are_1797_images_of_10_classes() -> None:
    train = Digits().load().train
    assert isinstance(train, Examples)
    assert train.inputs["image"].shape == (1797, 8, 8, 1)
    assert train.inputs["image"].max() == 16
    assert train.spec.inputs["image"].scale == 1 / 16
    assert np.unique(train.targets["digit"]).tolist() == list(range(10))
