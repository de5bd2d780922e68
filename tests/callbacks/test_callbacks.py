"""Callbacks by config; the history file; the epoch log."""

import csv
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

from pipeline.callbacks import HistoryFile, build_callbacks
from pipeline.callbacks.epoch_log import EpochLog
from pipeline.errors import ConfigError
from pipeline.security.terminal import ConsoleFormatter, PrintableFormatter
from pipeline.tracking.tensorboard import TensorBoardTracker


def test_any_callback_of_keras_is_built_in_order(tmp_path: Path) -> None:
    nodes = {
        "stop": {"_target_": "keras.callbacks.EarlyStopping", "patience": 7},
        "off": None,
        "plateau": {"_target_": "keras.callbacks.ReduceLROnPlateau"},
    }
    first, second = build_callbacks(nodes, tmp_path)
    assert isinstance(first, keras.callbacks.EarlyStopping)
    assert first.patience == 7
    assert isinstance(second, keras.callbacks.ReduceLROnPlateau)
    assert build_callbacks(None, tmp_path) == []


def test_what_is_no_callback_or_refuses_its_arguments_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"callbacks.x: expected a keras.callbacks.Callback, got a Mean"):
        build_callbacks({"x": {"_target_": "keras.metrics.Mean"}}, tmp_path)
    with pytest.raises(ConfigError, match=r"callbacks.stop: keras.callbacks.EarlyStopping refused its arguments"):
        build_callbacks({"stop": {"_target_": "keras.callbacks.EarlyStopping", "patient": 3}}, tmp_path)


def test_history_has_a_row_an_epoch_and_a_column_for_late_values(tmp_path: Path) -> None:
    history = HistoryFile(tmp_path / "history.csv")
    history.on_epoch_end(0, {"loss": 0.5})
    assert (tmp_path / "history.csv").read_text() == "epoch,loss\n0,0.5\n"
    history.on_epoch_end(1, {"loss": 0.25, "val_loss": 1.0})
    assert (tmp_path / "history.csv").read_text() == "epoch,loss,val_loss\n0,0.5,\n1,0.25,1.0\n"


def test_epoch_log_says_number_and_values(caplog: pytest.LogCaptureFixture) -> None:
    callback = EpochLog()
    callback.set_params({"epochs": 3})
    with caplog.at_level(logging.INFO):
        callback.on_epoch_begin(0)
        callback.on_epoch_end(0, {"loss": 0.123456})
    assert caplog.messages[0].startswith("epoch 1/3")
    assert caplog.messages[0].endswith("loss 0.1235")


def test_epoch_log_has_all_values_in_the_file_and_a_short_line_on_the_console(caplog: pytest.LogCaptureFixture) -> None:
    callback = EpochLog(["val_auc"])
    callback.set_params({"epochs": 3})
    with caplog.at_level(logging.INFO):
        callback.on_epoch_end(
            0, {"learning_rate": 1, **{f"metric_{n}": 0.5 for n in range(12)}, "val_auc": 1, "loss": 2}
        )
    (record,) = caplog.records
    assert ("metric_11 0.5" in record.message, "learning_rate 1" in record.message) == (True, True)
    line = ConsoleFormatter("%(message)s").format(record)
    assert len(line) <= 100
    assert re.search(r"s  loss 2  val_auc 1  metric_0 0.5 .* \+\d+$", line)
    assert PrintableFormatter("%(message)s").format(record) == record.message


def test_name_that_a_spreadsheet_would_compute_begins_no_cell(tmp_path: Path) -> None:
    history = HistoryFile(tmp_path / "history.csv")
    names = ["=1+1", "+1", "-2", "@SUM(1)", "\tx", "'quoted", "loss"]
    history.on_epoch_end(0, dict.fromkeys(names, 0.5))
    header = next(csv.reader((tmp_path / "history.csv").read_text().splitlines()))
    assert header == ["epoch", "'=1+1", "'+1", "'-2", "'@SUM(1)", "'\tx", "'quoted", "loss"]
    again = HistoryFile(tmp_path / "history.csv")
    again.set_state(history.get_state())
    assert set(again.rows[0]) == {"epoch", *names}


def test_folder_that_tensorboard_cannot_name_is_told_before_training(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"\xff")
    with pytest.raises(ConfigError, match=r"callbacks.tensorboard.log_dir: .* whose name is not valid UTF-8; use"):
        build_callbacks({"tensorboard": {"_target_": "keras.callbacks.TensorBoard", "log_dir": str(folder)}}, folder)
    with pytest.raises(ConfigError, match=r"tracking.tensorboard: .* whose name is not valid UTF-8; use"):
        TensorBoardTracker(folder, histograms=0, graph=False)


def test_keras_own_bar_is_a_line_an_epoch_in_logs(command: Callable[..., Any]) -> None:
    bar = "+callbacks.bar._target_=keras.callbacks.ProgbarLogger"
    done = command("+experiment=quickstart", "trainer.epochs=2", "report=false", bar)
    assert done.code == 0, done.errors
    assert len(re.findall(r"^20/20 - .* - val_loss: [\d.]+$", done.out, re.MULTILINE)) == 2
