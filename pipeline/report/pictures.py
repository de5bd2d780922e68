"""Pictures of inputs as PNG in data URIs: small, and made without an imaging library."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np

LARGEST = 96
"""The longer side in pixels. Larger images are scaled down."""
COLOUR_TYPES = {1: 0, 3: 2, 4: 6}


def is_picture(shape: tuple[int | None, ...]) -> bool:
    """Whether an input of this shape is shown as a picture: an image, or a matrix such as a time series."""
    if len(shape) == 3:
        return shape[2] in COLOUR_TYPES
    return len(shape) == 2 and all(size is None or size > 1 for size in shape)


def brightness(arrays: Sequence[np.ndarray], scale: float = 1.0) -> tuple[float, float]:
    """Returns the values shown as black and white, the same for all pictures of an input.

    A scale defines what white is. Without one, values that use most of 0 to 1 or of 0 to 255 are shown in that range,
    and others are stretched from their minimum to their maximum.

    Args:
        arrays: The values of the examples that are shown.
        scale: The factor that maps the values to 0 to 1; 1 if unknown.
    """
    parts = [np.asarray(array, "float64") for array in arrays if np.size(array)]
    finite = [part[np.isfinite(part)] for part in parts]
    low = min((float(part.min(initial=0)) for part in finite), default=0.0)
    high = max((float(part.max(initial=0)) for part in finite), default=0.0)
    if scale != 1 and scale > 0 and low >= 0 and high <= 1 / scale * (1 + 1e-6):
        return 0.0, 1 / scale
    for full in (1.0, 255.0):
        if low >= 0 and full / 2 < high <= full:
            return 0.0, full
    return low, high


def picture(array: np.ndarray, low: float, high: float) -> str:
    """Returns the data URI of a PNG.

    Args:
        array: Shape (height, width) or (height, width, channels), with 1, 3 or 4 channels.
        low: The value shown as black.
        high: The value shown as white.
    """
    values = np.nan_to_num(array.astype("float32"), posinf=high, neginf=low)
    values = _smaller(values[..., None] if values.ndim == 2 else values)
    values = np.clip((values - low) / ((high - low) or 1), 0, 1)
    return "data:image/png;base64," + base64.b64encode(png((values * 255).round().astype("uint8"))).decode()


def png(pixels: np.ndarray) -> bytes:
    """Encodes uint8 pixels of shape (height, width, channels), with 1, 3 or 4 channels."""
    height, width, channels = pixels.shape
    # Each row begins with the number of its filter; 0 means none.
    rows = np.concatenate([np.zeros((height, 1), "uint8"), pixels.reshape(height, width * channels)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def _smaller(values: np.ndarray) -> np.ndarray:
    """Returns means over blocks of pixels, so that the longer side fits."""
    height, width, channels = values.shape
    block_height, block_width = -(-height // LARGEST), -(-width // LARGEST)
    if max(values.shape[:2]) <= LARGEST:
        return values
    if min(height, width) > LARGEST:
        # The same block size for both sides keeps the proportions.
        block_height = block_width = max(block_height, block_width)
    height, width = height // block_height * block_height, width // block_width * block_width
    blocks = values[:height, :width].reshape(
        height // block_height, block_height, width // block_width, block_width, channels
    )
    return np.asarray(blocks.mean(axis=(1, 3)))
