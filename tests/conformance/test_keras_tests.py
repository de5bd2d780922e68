"""The script that runs Keras' own tests with our functions in place compares what they end with."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent / "keras_tests.py"
TESTS = """
import keras, numpy as np, pipeline

def model():
    made = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made

def test_that_passes_with_both():
    made = model()
    made.fit(np.ones((4, 1)), np.ones((4, 1)), verbose=0, validation_split=0.5)
    assert made.predict(np.ones((4, 1)), verbose=0).shape == (4, 1)

def test_that_fails_with_both():
    assert False

def test_that_tells_them_apart():
    assert not hasattr(model().fit(np.ones((4, 1)), np.ones((4, 1)), verbose=0), "compilation")
"""


def compared(folder: Path) -> tuple[int, str]:
    command = [sys.executable, str(SCRIPT), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_difference_is_named_and_fails(tmp_path: Path) -> None:
    (tmp_path / "some_test.py").write_text(TESTS)
    code, out = compared(tmp_path)
    assert code == 1
    assert "2 of 3 tests end the same (1 passed), 1 differ for no known reason" in out
    assert "test_that_tells_them_apart: passed with Keras' own, failed with ours" in out


def test_no_difference_is_success(tmp_path: Path) -> None:
    (tmp_path / "some_test.py").write_text(TESTS.partition("def test_that_tells")[0])
    code, out = compared(tmp_path)
    assert code == 0
    assert "2 of 2 tests end the same (1 passed)" in out
