"""A folder of images, one sub-folder a class."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.data.sources.image_folder import ImageFolder
from pipeline.data.streams import ExampleStream
from pipeline.errors import ConfigError, DataError


def write(folder: Path, name: str, value: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.save_img(folder / name, np.full((6, 4, 3), value, "uint8"), scale=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for label, value in (("cat", 10), ("dog", 200)):
        for index in range(3):
            write(tmp_path / "images" / label, f"{index}.png", value + index)
    return tmp_path / "images"


def load(path: Path, with_targets: bool = True, **more: Any) -> Any:
    settings = {"image_size": [8, 8], "color_mode": "rgb", "validation": None, "test": None}
    return ImageFolder(path=str(path), **{**settings, **more}).load(with_targets=with_targets)


def test_images_are_resized_and_labelled_by_their_folder(folder: Path) -> None:
    data = load(folder).train
    assert isinstance(data, ExampleStream)
    assert data.length == 6
    assert data.spec.targets["label"].classes == ("cat", "dog")
    (chunk,) = data.chunks()
    assert chunk.inputs["image"].shape == (6, 8, 8, 3)
    assert chunk.inputs["image"][:, 0, 0, 0].tolist() == [10, 11, 12, 200, 201, 202]
    assert chunk.targets["label"].tolist() == [0, 0, 0, 1, 1, 1]


def test_grey_images_have_one_channel(folder: Path) -> None:
    assert load(folder, color_mode="grayscale").train.spec.inputs["image"].shape == (8, 8, 1)


def test_images_without_class_folders_will_do_where_no_targets_are_wanted(folder: Path) -> None:
    data = load(folder / "dog", with_targets=False).train
    assert data.length == 3
    (chunk,) = data.chunks()
    assert chunk.inputs["image"][:, 0, 0, 0].tolist() == [200, 201, 202]


def test_test_folder_has_the_classes_of_training(folder: Path, tmp_path: Path) -> None:
    for label in ("dog", "cat"):
        write(tmp_path / "test" / label, "0.png", 1)
    assert load(folder, test=str(tmp_path / "test")).test.length == 2
    write(tmp_path / "test" / "doge", "0.png", 1)
    with pytest.raises(
        DataError, match="has a class 'doge', which the training data does not have; did you mean 'dog'"
    ):
        load(folder, test=str(tmp_path / "test"))


def test_wrong_folder_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data.path: no folder"):
        load(tmp_path / "none")
    (tmp_path / "table.csv").write_text("a,b\n")
    with pytest.raises(DataError, match=r"data.path: expected a folder, got the file '.*table.csv'"):
        load(tmp_path / "table.csv")
    with pytest.raises(DataError, match="expected one sub-folder for each of two or more classes, got none"):
        load(folder / "cat")
    with pytest.raises(ConfigError, match=r"data.color_mode: no 'grey'"):
        load(folder, color_mode="grey")
    with pytest.raises(ConfigError, match=r"expected \[height, width\]"):
        load(folder, image_size=[8])
    (tmp_path / "empty" / "a").mkdir(parents=True)
    (tmp_path / "empty" / "b").mkdir()
    with pytest.raises(DataError, match="has no images"):
        load(tmp_path / "empty")


def test_image_that_cannot_be_read_is_told_by_its_name(folder: Path) -> None:
    (folder / "cat" / "broken.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"broken.png': cannot be read as an image \(Unknown image file format"):
        load(folder)
