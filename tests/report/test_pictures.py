"""Pictures: what is one, and PNG that any reader understands."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from pipeline.report.pictures import LARGEST, is_picture, picture, png


def decoded(uri: str) -> np.ndarray:
    assert uri.startswith("data:image/png;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def test_images_and_matrices_are_pictures() -> None:
    assert all(map(is_picture, [(28, 28), (8, 8, 1), (32, 32, 3), (None, 10), (4, 4, 4)]))
    assert not any(map(is_picture, [(), (784,), (28, 1), (8, 8, 12), (2, 8, 8, 3)]))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_has_the_same_pixels(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, channels), dtype="uint8")
    found = np.asarray(Image.open(io.BytesIO(png(pixels))))
    np.testing.assert_array_equal(found.reshape(7, 5, channels), pixels)


def test_pixels_are_shown_as_they_are_and_other_values_stretched() -> None:
    assert decoded(picture(np.array([[0, 255], [51, 102]], "uint8"))).tolist() == [[0, 255], [51, 102]]
    assert decoded(picture(np.array([[0, 100.0], [20, 40]]), scale=0.01)).tolist() == [[0, 255], [51, 102]]
    assert decoded(picture(np.array([[-1.0, 1.0], [0.0, np.nan]]))).tolist() == [[0, 255], [128, 128]]
    assert decoded(picture(np.zeros((2, 2)))).tolist() == [[0, 0], [0, 0]]


def test_large_images_are_made_smaller_in_proportion() -> None:
    image = np.zeros((4 * LARGEST, 2 * LARGEST, 3), "uint8")
    image[: 2 * LARGEST] = 200
    found = decoded(picture(image))
    assert found.shape == (LARGEST, LARGEST // 2, 3)
    assert (found[: LARGEST // 2] == 200).all()
    assert decoded(picture(np.zeros((10, 3 * LARGEST)))).shape == (10, LARGEST)
