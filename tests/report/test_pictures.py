"""Pictures: what is one, and PNG that any reader understands."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from pipeline.report.pictures import LARGEST, brightness, is_picture, picture, png


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


@pytest.mark.parametrize(
    ("values", "scale", "ends"),
    [([0, 255, 51], 1.0, (0, 255)), ([0, 9, 16], 1 / 16, (0, 16)), ([3, 9, 12], 1 / 16, (0, 16)),
     ([0, 9, 16], 1.0, (0, 16)), ([0, 1], 1.0, (0, 1)), ([0.0, 0.9], 1.0, (0, 1)), ([-1.0, 1.0, np.nan], 1.0, (-1, 1)),
     ([0, 300], 1 / 255, (0, 300)), ([0, 0.06], 1.0, (0, 0.06)), ([], 1.0, (0, 0))],
)  # fmt: skip
def test_white_is_what_the_scale_says_or_else_the_largest_value(
    values: list[float], scale: float, ends: tuple[float, float]
) -> None:
    assert brightness([np.array(values)], scale) == pytest.approx(ends)


def test_pictures_run_from_black_to_white() -> None:
    assert decoded(picture(np.array([[0, 255], [51, 102]], "uint8"), 0, 255)).tolist() == [[0, 255], [51, 102]]
    assert decoded(picture(np.array([[0, 16], [4, 8]], "uint8"), 0, 16)).tolist() == [[0, 255], [64, 128]]
    assert decoded(picture(np.array([[-1.0, 1.0], [0.0, np.nan]]), -1, 1)).tolist() == [[0, 255], [128, 128]]
    assert decoded(picture(np.zeros((2, 2)), 0, 0)).tolist() == [[0, 0], [0, 0]]


def test_large_images_are_made_smaller_in_proportion() -> None:
    image = np.zeros((4 * LARGEST, 2 * LARGEST, 3), "uint8")
    image[: 2 * LARGEST] = 200
    found = decoded(picture(image, 0, 255))
    assert found.shape == (LARGEST, LARGEST // 2, 3)
    assert (found[: LARGEST // 2] == 200).all()
    assert decoded(picture(np.zeros((10, 3 * LARGEST)), 0, 1)).shape == (10, LARGEST)
