"""The script that runs Keras' own tests with our functions in place compares what they end with."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "keras_tests.py"
TESTS = """
import os
import keras, numpy as np

def ours():
    made = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse")
    history = made.fit(np.ones((4, 1)), np.ones((4, 1)), verbose=0, validation_split=0.5)
    assert made.predict(np.ones((4, 1)), verbose=0).shape == (4, 1)
    return hasattr(history, "compilation")

def test_that_passes_with_both():
    ours()

def test_that_fails_with_both():
    assert not ours() and ours()

def test_that_calls_neither():
    pass

def test_that_crashes_with_ours():
    if ours():
        os.abort()

def test_that_tells_them_apart():
    assert not ours()
"""
ABSENT = """
import jax
from torch import nn

class Network(nn.Module):
    pass

def test_with_it():
    jax.numpy.ones(1).fit()

def test_without_it():
    assert not isinstance(1, nn.Module)
"""
ENDLESS = """
import threading

def test_without_end():
    threading.Event().wait()

def test_after_it():
    pass
"""


def compared(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.exhaustive
def test_what_tests_end_with_is_compared_and_kept(tmp_path: Path) -> None:
    kept = tmp_path / "own.json"
    texts = {"a": TESTS, "b": ABSENT, "c": ENDLESS, "d": "import no_such_package"}
    for name, text in texts.items():
        (tmp_path / f"{name}_test.py").write_text(text)
    code, out = compared(tmp_path, "--every-file", "--seconds", 8, "--own", kept)
    assert code == 1
    assert "10 tests of 4 files with Keras' own: 6 passed, 1 not imported, 1 failed, 1 skipped, 1 took too long" in out
    assert "5 of them call fit, evaluate or predict: 3 end the same (1 passed), 0 differ for a known reason, 2 " in out
    assert "test_that_tells_them_apart: passed with Keras' own, failed (assert not True" in out
    assert "test_that_crashes_with_ours: passed with Keras' own, crashed with ours" in out
    assert "left out: 1: Skipped: needs jax" in out
    assert "left out: 1: ModuleNotFoundError: No module named 'no_such_package'" in out
    code, out = compared(tmp_path / "a_test.py", "--own", kept, "-k", "passes or neither")
    assert code == 0
    assert "1 of them call fit, evaluate or predict: 1 end the same (1 passed)" in out


def test_files_that_call_none_of_the_three_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "c_test.py").write_text(ENDLESS)
    assert compared(tmp_path) == (1, "no test files that call fit, evaluate or predict\n")
