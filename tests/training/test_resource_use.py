"""Memory and processor use over a training: rows of true numbers, that a resumed training goes on with."""

from __future__ import annotations

import csv
import threading
import time
from pathlib import Path

import psutil
import pytest

from pipeline.training import resource_use
from pipeline.training.resource_use import HEADER, sampled


def rows_of(path: Path) -> list[dict[str, float]]:
    with path.open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def busy(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_rows_tell_time_memory_and_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource_use, "INTERVAL", 0.1)
    before, began = time.process_time(), time.monotonic()
    with sampled(tmp_path / "resource_use.csv"):
        busy(0.5)
        block = bytearray(b"x" * (200 * 2**20))
    lasted, used = time.monotonic() - began, time.process_time() - before
    rows = rows_of(tmp_path / "resource_use.csv")
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds)
    assert 0.5 <= seconds[-1] <= lasted + 0.01
    assert rows[-1]["memory_bytes"] > 0.5 * len(block)
    assert rows[-1]["memory_bytes"] <= psutil.Process().memory_info().rss * 1.5
    spans = [now - then for then, now in zip([0, *seconds], seconds, strict=False)]
    measured = sum(row["cpu_percent"] / 100 * span for row, span in zip(rows, spans, strict=True))
    assert measured == pytest.approx(used, rel=0.25)
    assert "resources" not in [thread.name for thread in threading.enumerate()]


def test_short_training_has_a_row_and_a_failed_one_too(tmp_path: Path) -> None:
    with pytest.raises(KeyError), sampled(tmp_path / "resource_use.csv"):
        raise KeyError
    assert len(rows_of(tmp_path / "resource_use.csv")) == 1


@pytest.mark.parametrize(
    ("text", "kept", "at_least"),
    [
        (HEADER + "1.00,50.0,1000\n7.50,60.0,2000\n", 2, 7.5),
        (HEADER + "1.00,50.0,1000\n7.50,60", 1, 1.0),
        (HEADER, 0, 0.0),
        ("something else\n1,2\n", 0, 0.0),
        ("", 0, 0.0),
    ],
)
def test_resumed_training_goes_on_with_what_is_whole(tmp_path: Path, text: str, kept: int, at_least: float) -> None:
    path = tmp_path / "resource_use.csv"
    path.write_text(text)
    with sampled(path):
        pass
    rows = rows_of(path)
    assert len(rows) == kept + 1
    assert at_least <= rows[-1]["seconds"] < at_least + 1


def test_training_goes_on_without_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / "resource_use.csv").symlink_to(tmp_path / "elsewhere")
    with sampled(tmp_path / "resource_use.csv"):
        pass
    assert (tmp_path / "elsewhere").read_text() == "mine"
    with sampled(tmp_path / "missing" / "resource_use.csv"):
        pass
    assert "resource_use.csv: not written" in caplog.text


def test_long_training_has_fewer_rows_a_minute() -> None:
    assert [resource_use.wait_after(seconds) for seconds in (0, 900, 86_400)] == [1, 1, 86.4]
