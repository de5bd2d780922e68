"""TensorFlow Datasets, prepared here with TFDS' own builder classes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tensorflow_datasets.core.download.resource import get_dl_fname

from pipeline.data.sources.tfds import Tfds
from pipeline.data.sources.tfds_download import _missing_files
from pipeline.data.streams import ExampleStream
from pipeline.errors import ConfigError, DataError


class Shades(tfds.core.GeneratorBasedBuilder):  # type: ignore[misc]
    """Ten grey images, dark and light."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> Any:
        features = {
            "image": tfds.features.Image(shape=(4, 4, 1)),
            "photo": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(names=["dark", "light"]),
            "weight": np.float32,
            "caption": tfds.features.Text(),
        }
        return tfds.core.DatasetInfo(
            builder=self, features=tfds.features.FeaturesDict(features), supervised_keys=("image", "label")
        )

    def _split_generators(self, manager: Any) -> dict[str, Any]:
        return {"train": self._generate_examples()}

    def _generate_examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for index in range(10):
            yield (
                index,
                {
                    "image": np.full((4, 4, 1), index * 25, "uint8"),
                    "photo": np.full((3 + index, 5, 3), index, "uint8"),
                    "label": int(index >= 5),
                    "weight": index / 10,
                    "caption": f"shade {index}",
                },
            )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tfds")
    builder = Shades(data_dir=str(folder))
    builder.download_and_prepare()
    return Path(str(builder.data_path))


def load(name: str, with_targets: bool = True, **more: Any) -> Any:
    settings: dict[str, Any] = {
        "train": "train", "validation": None, "test": None, "data_dir": None, "download": False, "inputs": None,
        "targets": None, "columns": [], "image_size": None,
    }  # fmt: skip
    return Tfds(name=name, **{**settings, **more}).load(with_targets=with_targets)


def test_prepared_folder_gives_inputs_targets_classes_and_length(prepared: Path) -> None:
    data = load(str(prepared), columns=["weight"]).train
    assert isinstance(data, ExampleStream)
    assert data.length == 10
    assert data.spec.targets["label"].classes == ("dark", "light")
    assert data.spec.inputs["image"].scale == 1 / 255
    (chunk,) = data.chunks()
    assert chunk.inputs["image"].shape == (10, 4, 4, 1)
    assert chunk.inputs["image"].dtype == "uint8"
    assert np.allclose(sorted(chunk.columns["weight"]), np.arange(10) / 10)
    assert ((chunk.inputs["image"][:, 0, 0, 0] >= 125) == chunk.targets["label"]).all()


def test_order_is_the_same_in_every_pass(prepared: Path) -> None:
    data = load(str(prepared)).train
    first, again = (next(data.chunks()).inputs["image"] for _ in range(2))
    assert np.array_equal(first, again)


def test_split_strings_part_the_data(prepared: Path) -> None:
    splits = load(str(prepared), train="train[:80%]", validation="train[80%:]")
    assert (splits.train.length, splits.validation.length) == (8, 2)
    seen = [next(d.chunks()).inputs["image"][:, 0, 0, 0].tolist() for d in (splits.train, splits.validation)]
    assert sorted(seen[0] + seen[1]) == [i * 25 for i in range(10)]


def test_features_are_chosen_and_named(prepared: Path) -> None:
    data = load(str(prepared), inputs={"x": "image"}, targets=["weight"]).train
    assert list(data.spec.inputs) == ["x"]
    assert data.spec.targets["weight"].classes is None
    assert load(str(prepared), with_targets=False).train.spec.targets == {}


def test_images_of_varying_size_need_one(prepared: Path) -> None:
    with pytest.raises(ConfigError, match=r"data.image_size: missing; the images of input 'photo' vary"):
        load(str(prepared), inputs=["photo"])
    data = load(str(prepared), inputs=["photo"], image_size=[6, 6]).train
    assert next(data.chunks()).inputs["photo"].shape == (10, 6, 6, 3)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"train": "trian"}, "data.train: ", ),
        ({"inputs": ["imge"]}, "has no feature 'imge'; did you mean 'image'?"),
        ({"targets": ["caption"]}, "got 'caption', which is text"),
    ],
)  # fmt: skip
def test_wrong_split_or_feature_is_told(prepared: Path, more: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(str(prepared), **more)
    assert expected in str(error.value)


def test_unknown_name_and_dataset_that_is_not_prepared_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="TFDS has no dataset 'mnits'; did you mean 'mnist'"):
        load("mnits")
    with pytest.raises(DataError, match=r"'mnist' is not prepared in .*data.download=true"):
        load("mnist", data_dir=str(tmp_path))
    with pytest.raises(DataError, match=r"data.data_dir: no folder"):
        Tfds("mnist", "train", None, None, str(tmp_path / "none"), False, None, None, [], None).check()


def test_without_a_network_a_download_is_told_at_once_what_cannot_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody listens there; TFDS itself would try for minutes.
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(DataError, match=r"'mnist' is not prepared in .*, and storage.googleapis.com cannot be reached"):
        load("mnist", data_dir=str(tmp_path), download=True)


def test_files_that_were_downloaded_before_are_not_asked_for(tmp_path: Path) -> None:
    files = tfds.builder("mnist", data_dir=str(tmp_path)).url_infos
    first, *others = files
    (tmp_path / get_dl_fname(first, files[first].checksum)).touch()
    assert _missing_files(files, tmp_path) == others
