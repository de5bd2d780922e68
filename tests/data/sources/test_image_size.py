"""Pictures that unpack to gigabytes are refused by what their header says, before anything is unpacked."""

import os
import struct
import zlib
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from pipeline.data.sources.image_folder import ImageFolder
from pipeline.data.sources.image_size import check_size
from pipeline.errors import DataError

LIMIT = 178_956_970


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int) -> bytes:
    """A picture of one colour, a bit a pixel."""
    pixels = zlib.compressobj(1)
    rows = b"".join(pixels.compress(bytes(1 + (width + 7) // 8)) for _ in range(height)) + pixels.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif(width: int, height: int, images: int, screen: tuple[int, int] = (1, 1)) -> bytes:
    """An animation whose images have their headers, and nothing of their pixels."""
    image = b"," + struct.pack("<4HB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00"
    extension = b"!\xf9\x04\x00\x00\x00\x00\x00"
    return b"GIF89a" + struct.pack("<2H3B", *screen, 0x80, 0, 0) + bytes(6) + (extension + image) * images + b";"


def test_picture_of_gigabytes_in_a_folder_is_told_by_its_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        keras.utils.save_img(tmp_path / name / "0.png", np.zeros((6, 4, 3)))
    bomb = png(20_000, 20_000)
    assert len(bomb) < 300_000
    (tmp_path / "b" / "1.png").write_bytes(bomb)
    source = ImageFolder(str(tmp_path), (8, 8), "rgb", None, None)
    with pytest.raises(DataError, match=rf"'{tmp_path}/b/1\.png': unpacks to more than {LIMIT:,} pixels"):
        source.load()


@pytest.mark.parametrize(
    ("content", "is_refused"),
    [
        (png(13_377, 13_377), False),
        (png(13_378, 13_378), True),
        (gif(13_377, 13_377, 1), False),
        (gif(13_378, 13_378, 1), True),
        # TensorFlow unpacks all images of an animation, also where it takes the first.
        (gif(1000, 1000, 178), False),
        (gif(1000, 1000, 179), True),
        (gif(1, 1, 2000, screen=(1000, 1000)), False),
        (gif(1000, 1000, 179)[:-3], True),
        (gif(1000, 1000, 1)[:20], False),
        (b"GIF89a", False),
        (b"", False),
        (b"no picture", False),
        (b"\x89PNG\r\n\x1a\n", False),
    ],
)
def test_limit_is_that_of_pillow(content: bytes, is_refused: bool, tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(content)
    if is_refused:
        with pytest.raises(DataError, match="unpacks to more than"):
            check_size(tmp_path / "picture")
    else:
        check_size(tmp_path / "picture")


@pytest.mark.parametrize("form", ["BMP", "GIF", "JPEG", "PNG", "WEBP"])
def test_small_pictures_of_all_forms_are_let_through(form: str, tmp_path: Path) -> None:
    images = [Image.new("RGB", (30, 20), (shade, 0, 0)) for shade in (0, 100, 200)]
    images[0].save(
        tmp_path / "picture", form, **({"save_all": True, "append_images": images[1:]} if form == "GIF" else {})
    )
    check_size(tmp_path / "picture")


def test_picture_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    os.mkfifo(tmp_path / "a" / "0.png")
    with pytest.raises(DataError, match=r"a/0\.png': not a file"):
        ImageFolder(str(tmp_path), (8, 8), "rgb", None, None).load()
