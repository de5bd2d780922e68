"""Control characters in names and values of strangers reach neither the terminal nor the log of a run."""

import logging
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.help import help_text
from pipeline.security.terminal import PrintableFormatter, printable, printable_lines, printable_warnings
from tests.callbacks.test_progress import in_terminal

TITLE, RED, AROUND = "\x1b]0;pwned\x07", "\x1b[31mred", "\u202ecod"
COLUMN, FILE = f"{TITLE}\nerror: none", f"t{RED}{AROUND}.csv"
SHOWN_FILE = r"t\x1b[31mred\u202ecod.csv"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
OF_DISPLAY = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\t]")
"""What the live display itself writes."""
EXPERIMENT = """\
# @package _global_
# Comment \u202e of a stranger.
defaults: [override /data: csv, override /model: tabular]
data: {path: "FILE", targets: [kind]}
metrics: [{_target_: keras.metrics.SparseCategoricalAccuracy, name: "\\e]0;pwned\\a[/b]\\u202e"}]
callbacks:
  early: {_target_: keras.callbacks.EarlyStopping, monitor: loss, mode: min}
  best:
    _target_: keras.callbacks.ModelCheckpoint
    filepath: "${hydra:runtime.output_dir}/\\e[31m\\nbest.keras"
    monitor: loss
    save_best_only: true
    verbose: 1
trainer: {epochs: 2}
report: false
"""
GIVEN = ["--config-dir", "given", "+experiment=given"]


@pytest.fixture
def given(tmp_path: Path) -> None:
    """A table and an experiment on it in the test's folder, whose names and values are full of control characters."""
    column = COLUMN.replace('"', '""')
    rows = [f"{i % 7},{i % 3},{('one', RED, AROUND)[i % 3]}" for i in range(90)]
    (tmp_path / FILE).write_text("\n".join([f'a,"{column}",kind', *rows]))
    folder = tmp_path / "given" / "experiment"
    folder.mkdir(parents=True)
    quoted = FILE.replace("\x1b", "\\e").replace("\u202e", "\\u202e")
    (folder / "given.yaml").write_text(EXPERIMENT.replace("FILE", quoted))
    (folder / f"n{RED}.yaml").write_text(f"# @package _global_\n# {TITLE}\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, äöü, 日本, “…” ‎", "plain, äöü, 日本, “…” ‎"),
        ("a\\x1b", "a\\x1b"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        (TITLE, r"\x1b]0;pwned\x07"),
        ("\x00\x7f\x9b31m\x85", r"\x00\x7f\x9b31m\x85"),
        ("\u202a\u202e\u2066\u2069\u2028\u2029", r"\u202a\u202e\u2066\u2069\u2028\u2029"),
        ("a\udcffb", r"a\udcffb"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable_lines(f"{text}\n") == f"{text}\n" if text == shown else True


def test_record_of_a_log_is_one_line_and_its_traceback_stays_several() -> None:
    formatter = PrintableFormatter("[%(name)s] %(message)s")
    record = logging.makeLogRecord({"name": "a", "msg": "\n\tx%s\n", "args": (COLUMN,)})
    assert formatter.format(record) == r"[a] x\x1b]0;pwned\x07\nerror: none"
    try:
        raise ValueError(COLUMN)
    except ValueError:
        record = logging.makeLogRecord({"name": "a", "msg": "failed", "exc_info": sys.exc_info()})
    first, second, *_, last, message = formatter.format(record).splitlines()
    assert (first, second) == ("[a] failed", "Traceback (most recent call last):")
    assert (last, message) == (r"ValueError: \x1b]0;pwned\x07", "error: none")


def test_table_of_keras_keeps_its_lines_which_begin_like_no_others() -> None:
    record = logging.makeLogRecord({"name": "absl", "msg": f"\nModel: x\n{RED}\nrun folder: y\n"})
    assert PrintableFormatter("%(message)s").format(record) == "Model: x\n  \\x1b[31mred\n  run folder: y"


def test_warning_of_python_is_shown_without_them() -> None:
    before = warnings.formatwarning
    with printable_warnings():
        text = warnings.formatwarning(UserWarning(COLUMN), UserWarning, "file.py", 1, "code")
    assert text == "file.py:1: UserWarning: \\x1b]0;pwned\\x07\\nerror: none\n  code\n"
    assert warnings.formatwarning is before


@pytest.mark.usefixtures("given")
def test_training_shows_and_logs_none(command: Callable[..., Any]) -> None:
    done = command(*GIVEN)
    assert done.code == 0, done.err
    log = (done.folder / "pipeline.log").read_text()
    assert not CONTROL.search(done.out + log)
    name = r"\x1b]0;pwned\x07[/b]\u202e"
    for text in (done.out, log):
        assert len(re.findall(f"epoch [12]/2 .*{re.escape(name)}", text)) == 2
        # What Keras would print.
        assert re.search(r"Epoch 1: loss improved .*/\\x1b\[31m\n  best.keras", text)
    assert len(log.splitlines()) == len(re.findall(r"^\[20.*\] - |^  best\.keras", log, re.MULTILINE))


@pytest.mark.usefixtures("given")
def test_terminal_gets_those_of_the_display_only(tmp_path: Path) -> None:
    written = in_terminal(tmp_path, *GIVEN, "callbacks.best.verbose=0")
    assert OF_DISPLAY.search(written)
    assert not CONTROL.search(OF_DISPLAY.sub("", written))
    assert "steps/s" in written
    assert r"\x1b]0;pwned\x07[/b]\u202e" in written


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (
            ["data.targets=[nothing]"],
            rf"data.targets: '{SHOWN_FILE}' has no column 'nothing'; valid: \x1b]0;pwned\x07\nerror: none, a",
        ),
        (["weighting=class_weight", "weighting.weights={x: 2}"], r"valid: \x1b[31mred, one, \u202ecod"),
        (["optimized_metric=val_x"], r"\x1b]0;pwned\x07[/b]\u202e"),
        (['callbacks.early.monitor="\x1b[31mnone"'], r"'\x1b[31mnone' is not logged"),
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_error_is_one_line_without_them(
    arguments: list[str], shown: str, debug: bool, command: Callable[..., Any]
) -> None:
    done = command(*GIVEN, *arguments, f"debug={str(debug).lower()}")
    assert done.code == 2
    assert not CONTROL.search(done.out + done.err)
    *traceback, line = done.err.splitlines()
    assert line.startswith("error: ")
    assert shown in line
    assert bool(traceback) == debug


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize(
    "options",
    [
        ["--cfg", "job"],
        ["--cfg=job", "--package", "metrics.0.name"],
        ["-cjob", "-p", "callbacks.best"],
        ["--info", "all"],
        ["-i", "defaults"],
    ],
)
def test_config_is_shown_without_them(options: list[str], command: Callable[..., Any]) -> None:
    done = command(*GIVEN, *options)
    assert done.code == 0, done.err
    assert len(done.out) > 20
    assert not CONTROL.search(done.out + done.err)


@pytest.mark.usefixtures("given")
def test_help_is_shown_without_them(tmp_path: Path) -> None:
    (tmp_path / "given" / "experiment" / "bytes.yaml").write_bytes(b"# No text: \xff\n")
    text = help_text(["--config-dir", str(tmp_path / "given")])
    assert not CONTROL.search(text)
    assert re.search(r"^  n\\x1b\[31mred +\\x1b\]0;pwned\\x07$", text, re.MULTILINE)
    assert re.search(r"^  given +Comment \\u202e of a stranger\.$", text, re.MULTILINE)


@pytest.mark.usefixtures("given")
def test_choices_for_completion_are_shown_without_them(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "--config-dir", "given", "-sc", "query=bash"],
        cwd=tmp_path,
        env={**os.environ, "COMP_LINE": "pipeline --config-dir given +experiment=n", "COMP_POINT": "40"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not CONTROL.search(done.stdout + done.stderr)


def test_classes_of_images_are_shown_without_them(tmp_path: Path, command: Callable[..., Any]) -> None:
    import keras
    import numpy as np

    for split, names in (("images", ("cat", RED)), ("test", ("cat", TITLE))):
        for name in names:
            (tmp_path / split / name).mkdir(parents=True)
            keras.utils.save_img(tmp_path / split / name / f"{RED}.png", np.zeros((6, 4, 3)))
    arguments = ["+experiment=images/folder", "data.path=images", "data.image_size=[8,8]", "report=false"]
    done = command(*arguments, "data.test=test")
    assert done.errors == [
        r"'test': has a class '\x1b]0;pwned\x07', which the training data does not have; valid: \x1b[31mred, cat"
    ]
    (tmp_path / "images" / RED / f"{RED}.png").write_bytes(b"none")
    done = command(*arguments)
    assert done.code == 2
    assert done.errors[0].startswith(r"'images/\x1b[31mred/\x1b[31mred.png': cannot be read as an image")
    assert not CONTROL.search(done.out + done.err)
