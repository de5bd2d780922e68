"""The bundled digits: 1,797 handwritten digits of 8 x 8 pixels that come with scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.spec import spec_of
from pipeline.data.splits import Splits


@dataclass(frozen=True)
class Digits:
    """The test set of the UCI handwritten digits (E. Alpaydin, C. Kaynak, 1998), as `sklearn.datasets.load_digits`.

    One input `image` (8, 8, 1), pixels 0 to 16; one target `digit`, ids 0 to 9; no splits.
    """

    def load(self, *, with_targets: bool = True) -> Splits:
        """See `Source`."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        inputs = {"image": digits.images.astype("uint8")[..., np.newaxis]}
        targets = {"digit": digits.target.astype("int64")} if with_targets else {}
        return Splits(Examples(spec_of(inputs, targets, scale=1 / 16), inputs, targets))
