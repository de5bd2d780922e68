"""The number of pixels of a picture before it is unpacked: a few kilobytes of one colour can become gigabytes."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import IO

from PIL import Image

from pipeline.errors import DataError

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "WEBP")
"""Formats that TensorFlow decodes."""
EXTENSION, IMAGE = b"!", b","
"""First bytes of the blocks of a GIF."""


def check_size(file: Path) -> None:
    """Refuses a picture beyond Pillow's limit for decompression bombs; accepts one that Pillow cannot read.

    Raises:
        DataError: It has too many pixels, over all images if it is animated.
        OSError: The file cannot be read.
    """
    with file.open("rb") as stream:
        if _is_beyond_limit(stream):
            raise DataError(
                f"'{file}': unpacks to more than {_limit():,.0f} pixels and might use up all memory; use smaller images"
            )


def _limit() -> float:
    return float("inf") if Image.MAX_IMAGE_PIXELS is None else 2 * Image.MAX_IMAGE_PIXELS


def _is_beyond_limit(stream: IO[bytes]) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Image.open(stream, formats=FORMATS)
    except Image.DecompressionBombError:
        return True
    except Exception:  # noqa: BLE001
        # TensorFlow may be able to decode what Pillow cannot.
        pass
    stream.seek(0)
    return _pixels_of_gif(stream) > _limit()


def _pixels_of_gif(stream: IO[bytes]) -> int:
    """Returns the pixels of all images of a GIF, which are unpacked even if only the first is used; else 0."""
    header = stream.read(13)
    if not header.startswith((b"GIF87a", b"GIF89a")):
        return 0
    pixels = 0
    try:
        _skip_colours(stream, header[10])
        while (kind := stream.read(1)) in (EXTENSION, IMAGE):
            if kind == IMAGE:
                *_, width, height, flags = struct.unpack("<4HB", stream.read(9))
                pixels += width * height
                _skip_colours(stream, flags)
            # The kind of extension, or the code size of the image.
            stream.read(1)
            _skip_blocks(stream)
    except (IndexError, struct.error):
        # It is cut off.
        pass
    return pixels


def _skip_colours(stream: IO[bytes], flags: int) -> None:
    if flags & 0x80:
        stream.seek(3 << (flags & 7) + 1, 1)


def _skip_blocks(stream: IO[bytes]) -> None:
    while size := stream.read(1)[0]:
        stream.seek(size, 1)
