"""NumPy files: expected keys, never a pickle."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data.examples import Examples
from pipeline.data.sources.archive import Npz, read_npy, read_npz
from pipeline.errors import ConfigError, DataError

X, Y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 1])


def npz(path: Path, **more: Any) -> Npz:
    settings: dict[str, Any] = {
        "inputs": ["x"], "targets": ["y"], "columns": [], "validation": None, "test": None, "scale": 1.0,
        "classes": None,
    }  # fmt: skip
    return Npz(path=str(path), **{**settings, **more})


def test_arrays_become_named_inputs_targets_and_columns(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y, w=[1, 2, 3])
    train = npz(tmp_path / "a.npz", inputs={"point": "x"}, columns=["w"]).load().train
    assert isinstance(train, Examples)
    assert train.inputs["point"].tolist() == X.tolist()
    assert train.targets["y"].tolist() == [0, 1, 1]
    assert train.columns["w"].tolist() == [1, 2, 3]


def test_folder_of_npy_files_is_read_too(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    assert len(npz(tmp_path).load().train) == 3  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"has no file 'z.npy'"):
        npz(tmp_path, inputs=["z"]).load()


def test_validation_and_test_files_have_the_classes_of_training(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=np.array([0, 1, 2]))
    np.savez(tmp_path / "b.npz", x=X, y=np.array([0, 1, 1]))
    splits = npz(tmp_path / "a.npz", validation=str(tmp_path / "b.npz")).load()
    assert splits.validation is not None
    assert splits.validation.spec is splits.train.spec


def test_targets_may_be_absent_where_they_are_not_wanted(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X)
    assert npz(tmp_path / "a.npz").load(with_targets=False).train.spec.targets == {}


def test_missing_file_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data.path: no file"):
        npz(tmp_path / "none.npz").check()
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    with pytest.raises(DataError, match=r"data.test: no file"):
        npz(tmp_path / "a.npz", test="none.npz").check()


def test_key_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=X, y=Y)
    with pytest.raises(DataError, match="has no key 'xtrain'; did you mean 'x_train'"):
        read_npz(tmp_path / "a.npz", ["xtrain"])


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "ran",))

    objects = np.array([Evil()], object)
    np.savez(tmp_path / "a.npz", x=objects)
    np.save(tmp_path / "x.npy", objects, allow_pickle=True)
    with pytest.raises(DataError, match="pickled objects, which are never loaded"):
        read_npz(tmp_path / "a.npz", ["x"])
    with pytest.raises(DataError, match="pickled objects, which are never loaded"):
        read_npy(tmp_path / "x.npy")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npz'"):
        read_npz(tmp_path / "a.npz", ["x"])
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npy'"):
        read_npy(tmp_path / "a.npy")


def test_archive_that_was_cut_off_is_told(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.random.default_rng(0).normal(size=1000))
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(whole[:500] + bytes(200) + whole[700:])
    with pytest.raises(DataError, match=r"a\.npz': cannot be read"):
        read_npz(tmp_path / "a.npz", ["x"])


def test_one_kind_of_file_for_the_other_is_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X)
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(DataError, match="archive of several arrays"):
        read_npy(tmp_path / "a.npz")
    with pytest.raises(DataError, match="not an archive"):
        read_npz(tmp_path / "x.npy", ["x"])
    with pytest.raises(DataError, match="no such file"):
        read_npy(tmp_path / "none.npy")
    with pytest.raises(DataError, match="no such file"):
        read_npz(tmp_path / "none.npz", [])


@pytest.mark.parametrize("given", [None, 3, [None], {"x": ["x"]}])
def test_keys_that_are_none_are_told(tmp_path: Path, given: Any) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    with pytest.raises(ConfigError, match=r"data\.inputs: expected keys such as \[x\]"):
        npz(tmp_path / "a.npz", inputs=given).load()
