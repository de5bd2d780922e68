"""MNIST is found where a setting says, and a wrong setting is told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data.examples import Examples
from pipeline.data.sources.mnist import Mnist, mnist_frame
from pipeline.errors import ConfigError, DataError


def write(folder: Path) -> None:
    images, digits = np.zeros((5, 28, 28), "uint8"), np.arange(5, dtype="uint8")
    np.savez(folder / "mnist.npz", x_train=images, y_train=digits, x_test=images[:2], y_test=digits[:2])


@pytest.mark.parametrize("as_file", [True, False])
def test_path_may_be_the_file_or_its_folder(tmp_path: Path, as_file: bool) -> None:
    write(tmp_path)
    splits = Mnist(path=str(tmp_path / "mnist.npz" if as_file else tmp_path)).load()
    assert isinstance(splits.train, Examples)
    assert len(splits.train) == 5
    assert splits.train.spec.targets["digit"].classes == tuple("0123456789")
    assert isinstance(splits.test, Examples)
    assert len(splits.test) == 2
    assert len(Mnist(path=str(tmp_path), first=3).load().train) == 3  # type: ignore[arg-type]


def test_environment_variable_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(tmp_path))
    assert len(Mnist(path=None).load().train) == 5  # type: ignore[arg-type]


def test_missing_file_is_told_with_the_setting_that_named_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"^data.path: no file"):
        Mnist(path=str(tmp_path)).check()
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(tmp_path))
    with pytest.raises(DataError, match=r"^PIPELINE_DATA_DIR: no file"):
        Mnist(path=None).check()


def test_file_that_keras_keeps_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".keras" / "datasets").mkdir(parents=True)
    write(tmp_path / ".keras" / "datasets")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PIPELINE_DATA_DIR", raising=False)
    assert len(Mnist(path=None).load().train) == 5  # type: ignore[arg-type]


def test_mnist_itself_is_whole(mnist: Path) -> None:
    splits = Mnist(path=str(mnist)).load()
    assert isinstance(splits.train, Examples)
    assert splits.train.inputs["image"].shape == (60000, 28, 28)
    assert splits.train.inputs["image"].mean() / 255 == pytest.approx(0.13066, abs=1e-5)


def test_frame_has_a_row_per_image_and_a_column_per_square_of_pixels(tmp_path: Path) -> None:
    write(tmp_path)
    frame = mnist_frame(path=str(tmp_path))
    assert frame.shape == (5, 50)
    assert frame["digit"].tolist() == [0, 1, 2, 3, 4]
    assert mnist_frame("test", block=1, path=str(tmp_path)).shape == (2, 785)


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"part": "tset"}, "part: expected one of train, test, got 'tset'"), ({"block": 5}, "expected a divisor of 28")],
)
def test_frame_of_another_part_or_of_squares_that_do_not_fit_is_told(
    given: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    write(tmp_path)
    with pytest.raises(ConfigError, match=expected):
        mnist_frame(**given, path=str(tmp_path))
