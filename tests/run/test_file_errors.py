"""Errors of files are reported in one line with the path and the remedy, whatever library raised them."""

import errno
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import tensorflow as tf

from pipeline.errors import DataError
from pipeline.run.file_errors import FULL, OTHERS, file_error


@pytest.mark.parametrize("number", [*FULL, *OTHERS])
def test_each_reason_is_told_with_its_path(number: int) -> None:
    told = str(file_error(OSError(number, os.strerror(number), "a/history.csv")))
    assert told == f"'a/history.csv': {(FULL | OTHERS)[number]}"


def test_error_without_a_path_names_the_folder() -> None:
    error = OSError(errno.ENOSPC, "No space left on device")
    assert str(file_error(error, Path("outputs/mine"))).startswith("'outputs/mine': no space is left on its disk; ")
    assert str(file_error(error)).startswith("no space is left on its disk; ")


def test_reason_is_found_behind_an_error_of_a_library() -> None:
    # As zipfile does when it cannot end an archive.
    error = ValueError("Can't close the ZIP file while there is an open writing handle on it")
    error.__context__ = OSError(errno.ENOSPC, "No space left on device", "model.keras")
    assert str(file_error(error)).startswith("'model.keras': no space")


def test_path_is_taken_from_the_error_that_has_it() -> None:
    error = RuntimeError("saving failed: No space left on device")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device", "model.keras")
    assert str(file_error(error)).startswith("'model.keras': no space")


def test_missing_file_is_the_reason_only_of_what_was_raised_from_it() -> None:
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory", "a.csv")
    error = KeyError("a")
    error.__context__ = missing
    assert file_error(error) is None
    error.__cause__ = missing
    assert str(file_error(error)).startswith("'a.csv': not found")


def test_full_disk_of_hdf5_and_tensorflow_is_known() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with pytest.raises(OSError) as of_hdf5, h5py.File("/dev/full", "w") as file:  # noqa: PT011
        file["values"] = np.zeros(100_000)
    assert "no space is left" in str(file_error(of_hdf5.value))
    with pytest.raises(tf.errors.OpError) as of_tensorflow:
        tf.io.write_file("/dev/full", "text")
    assert "no space is left" in str(file_error(of_tensorflow.value))


@pytest.mark.parametrize(
    "error",
    [
        ValueError("something else"),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        PermissionError(errno.EACCES, "Permission denied"),
        DataError("data.path: 'a.csv' has no space left on device"),
    ],
)
def test_other_errors_are_left_alone(error: Exception) -> None:
    assert file_error(error) is None
