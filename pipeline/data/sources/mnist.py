"""MNIST, from a local file or through `keras.datasets`: images, or a table of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.examples import Examples
from pipeline.data.sources.archive import read_npz
from pipeline.data.spec import spec_of
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError, DataError, did_you_mean
from pipeline.security.downloads import check_download
from pipeline.tensorflow_import import import_tensorflow

if TYPE_CHECKING:
    import pandas as pd

SIZE = 28
"""Pixels per side of an image."""
KERAS_FILE = Path("~/.keras/datasets/mnist.npz")


@dataclass(frozen=True)
class Mnist:
    """60,000 training and 10,000 test images of handwritten digits (Y. LeCun, C. Cortes, C. Burges).

    One input `image` (28, 28), pixels 0 to 255, which the model scales to 0..1; one target `digit`, ids 0 to 9.

    Attributes:
        path: The file `mnist.npz`, in Keras' layout, or its folder. Null looks in the folder that the environment
            variable `PIPELINE_DATA_DIR` names, then for `~/.keras/datasets/mnist.npz`, and else downloads it there.
        first: Keep only this number of first training images; null for all.
    """

    path: str | None = None
    first: int | None = None

    def check(self) -> None:
        """Refuses a path that does not exist."""
        self._file()

    def load(self, *, with_targets: bool = True) -> Splits:
        """See `Source`."""
        file = self._file()
        if file is None:
            (train_x, train_y), (test_x, test_y) = _download()
        else:
            arrays = read_npz(file, ("x_train", "y_train", "x_test", "y_test"))
            train_x, train_y, test_x, test_y = (arrays[n] for n in ("x_train", "y_train", "x_test", "y_test"))
        train = _examples(train_x[: self.first], train_y[: self.first], with_targets)
        return Splits(train, test=_examples(test_x, test_y, with_targets))

    def _file(self) -> Path | None:
        folder = os.environ.get("PIPELINE_DATA_DIR")
        if self.path is None and folder is None:
            default = KERAS_FILE.expanduser()
            return default if default.is_file() else None
        path = Path(self.path or folder or "").expanduser()
        file = path / "mnist.npz" if path.is_dir() else path
        if not file.is_file():
            key = "data.path" if self.path else "PIPELINE_DATA_DIR"
            raise DataError(f"{key}: no file '{file}'; set it to the path of mnist.npz, or to null to download it")
        return file


def mnist_frame(part: str = "train", block: int = 4, path: str | None = None) -> pd.DataFrame:
    """Returns MNIST as a DataFrame of one row per image, for `data=frame`.

    Args:
        part: `train` or `test`.
        block: Width of the squares of pixels; the mean of each square is a column: 4 gives 49 columns, 1 gives 784.
        path: See `Mnist`.

    Raises:
        ConfigError: There is no such part, or images cannot be cut into such squares.
        DataError: The file is missing or damaged.
    """
    import pandas as pd

    splits = dict(Mnist(path).load().present())
    if part not in splits:
        raise ConfigError(f"part: expected one of {', '.join(splits)}, got {part!r}{did_you_mean(str(part), splits)}")
    if block < 1 or SIZE % block:
        raise ConfigError(f"block: expected a divisor of {SIZE}, such as 4, got {block}")
    examples = splits[part]
    assert isinstance(examples, Examples)
    side = SIZE // block
    squares = examples.inputs["image"].reshape(-1, side, block, side, block)
    means = squares.mean((2, 4), dtype="float32").reshape(-1, side * side)
    columns = [f"row_{row}_column_{column}" for row in range(side) for column in range(side)]
    return pd.DataFrame(means, columns=columns).assign(digit=examples.targets["digit"])


def _download() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    import_tensorflow()
    import keras

    check_download("mnist")
    try:
        train, test = keras.datasets.mnist.load_data()
    except Exception as error:
        raise DataError(
            f"data.path: MNIST could not be downloaded ({error}); set data.path or PIPELINE_DATA_DIR to the path of "
            "mnist.npz"
        ) from error
    return train, test


def _examples(images: np.ndarray, digits: np.ndarray, with_targets: bool) -> Examples:
    inputs = {"image": images}
    targets = {"digit": digits.astype("int64")} if with_targets else {}
    return Examples(spec_of(inputs, targets, scale=1 / 255, classes=10 if with_targets else None), inputs, targets)
