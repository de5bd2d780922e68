"""Snapshots are read as they were written, or not at all."""

import math
import random
import threading
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from pipeline.training.snapshots import Position, Snapshot, SnapshotStore
from pipeline.training.snapshots.snapshot import DamagedSnapshotError, read_snapshot
from pipeline.training.snapshots.writer import SnapshotWriter

STATE = {
    "none": None,
    "flag": True,
    "number": 3,
    "large": 2**80,
    "float": 0.1,
    "infinite": -math.inf,
    "text": "ä\n{}",
    "scalar": np.float32(0.1),
    "array": np.arange(6, dtype="int16").reshape(2, 3),
    "texts": np.array(["a", "bc"]),
    "list": [1, [2.5, None], ()],
    "tuple": (1, ("a", {2, 3})),
    "numbers": random.Random(0).getstate(),
    "keys": {1: "one", "1": "text", "array": {"array": 0}},
}
VARIABLES = [
    np.zeros((2, 3), "float32"),
    np.array(7, "int64"),
    np.ones((0, 4), "float16"),
    np.array([1, 2], ml_dtypes.bfloat16),
    np.array([True, False]),
    np.array([1, 2], "uint32"),
]


def snapshot(done: int = 5, state: Any = None, variables: Any = None) -> Snapshot:
    variables = VARIABLES if variables is None else variables
    return Snapshot(Position(1, 2, done), variables, list(range(len(variables))), state or {})


def content(of: Snapshot) -> bytes:
    return b"".join(bytes(part) for part in of.parts())


def test_what_is_read_is_what_was_written_types_and_all() -> None:
    back = read_snapshot(content(snapshot(state=STATE)))
    assert back.position == Position(1, 2, 5)
    for one, other in zip(back.variables, VARIABLES, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    assert set(back.state) == set(STATE)
    for name, value in STATE.items():
        read = back.state[name]
        assert type(read) is type(value)
        np.testing.assert_array_equal(read, value) if isinstance(value, np.ndarray) else None
        assert isinstance(value, np.ndarray) or read == value


def test_nan_is_read_as_nan() -> None:
    assert math.isnan(read_snapshot(content(snapshot(state={"best": math.nan}))).state["best"])


@pytest.mark.parametrize("place", [0, 30, 400, -40, -1])
def test_one_changed_bit_is_seen(place: int) -> None:
    damaged = bytearray(content(snapshot(state=STATE)))
    damaged[place] ^= 1
    with pytest.raises(DamagedSnapshotError):
        read_snapshot(bytes(damaged))


@pytest.mark.parametrize("length", [0, 10, 500])
def test_a_part_of_a_file_is_none(length: int) -> None:
    with pytest.raises(DamagedSnapshotError):
        read_snapshot(content(snapshot(state=STATE))[:length])


def test_code_is_no_plain_value() -> None:
    with pytest.raises(TypeError, match="function is not a plain value"):
        content(snapshot(state={"call": content}))


def test_the_newest_two_are_kept_and_one_of_the_same_step_is_replaced(tmp_path: Path) -> None:
    folder = SnapshotStore(tmp_path / "snapshots")
    assert folder.newest() is None
    for done in (1, 2, 30, 30):
        folder.write(snapshot(done))
    assert sorted(path.name for path in folder.path.iterdir()) == ["000000000002.snapshot", "000000000030.snapshot"]
    found = folder.newest()
    assert found is not None
    assert found.position.done == 30


def test_a_damaged_one_falls_back_to_the_one_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = SnapshotStore(tmp_path)
    folder.write(snapshot(1))
    folder.write(snapshot(2))
    path = tmp_path / "000000000002.snapshot"
    path.write_bytes(path.read_bytes()[:-100])
    found = folder.newest()
    assert found is not None
    assert found.position.done == 1
    assert "000000000002.snapshot is damaged" in caplog.text


def test_what_a_killed_process_was_writing_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".unfinished-half.snapshot").write_bytes(b"half")
    folder = SnapshotStore(tmp_path)
    assert folder.newest() is None
    folder.remove_unfinished()
    assert not list(tmp_path.iterdir())


class Slow(SnapshotStore):
    """A folder on a disk that is slow until it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, keep=10)
        self.started, self.go = threading.Event(), threading.Event()

    def write(self, given: Snapshot) -> None:
        self.started.set()
        self.go.wait()
        super().write(given)


def test_of_those_that_come_too_fast_the_newest_is_written(tmp_path: Path) -> None:
    folder = Slow(tmp_path)
    writer = SnapshotWriter(folder)
    writer.put(snapshot(1))
    folder.started.wait()
    for done in (2, 3, 4):
        writer.put(snapshot(done))
    folder.go.set()
    writer.flush()
    writer.close()
    assert [path.name[:12] for path in sorted(tmp_path.iterdir())] == ["000000000001", "000000000004"]


def test_weights_that_are_no_numbers_are_not_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    writer = SnapshotWriter(SnapshotStore(tmp_path))
    writer.put(snapshot(1))
    writer.flush()
    writer.put(snapshot(2, variables=[np.array([1, np.nan], "float32")]))
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["000000000001.snapshot"]
    assert "no snapshot after step 2" in caplog.text


def test_an_error_of_writing_is_raised_where_the_next_one_is_put(tmp_path: Path) -> None:
    writer = SnapshotWriter(SnapshotStore(tmp_path / "gone" / "snapshots"))
    writer.put(snapshot(1))
    with pytest.raises(FileNotFoundError):
        writer.flush()
    with pytest.raises(FileNotFoundError):
        writer.put(snapshot(2))
    writer.close()
