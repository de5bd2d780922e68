"""A batch that does not fit into memory is told in a line with its size and what to try."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pipeline.errors import ConfigError
from pipeline.run.memory_errors import memory_error, memory_errors
from tests.run.conftest import QUICK, Process

HUGE_MODEL = """
import keras

def huge(**others):
    return keras.Sequential([
        keras.Input((8, 8, 1)),
        keras.layers.Flatten(),
        keras.layers.RepeatVector(10**9),
        keras.layers.GlobalMaxPooling1D(),
        keras.layers.Dense(10, activation="softmax"),
    ])
"""


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("jit", ["true", "false"])
def test_batch_that_does_not_fit_is_told_with_its_size(jit: str, start: Callable[..., Process], tmp_path: Path) -> None:
    (tmp_path / "huge_model.py").write_text(HUGE_MODEL)
    # In a process of its own, as XLA leaves one behind that may not live long.
    run = start(
        *QUICK, "~model", "+model={_target_: huge_model.huge}", "trust=[huge_model]", "loader.batch_size=256",
        f"trainer.jit_compile={jit}", "hydra.run.dir=run",
    )  # fmt: skip
    assert run.communicate()[1] == (
        "error: loader.batch_size: a step on 256 examples does not fit into memory; "
        "use loader.batch_size=128, or a smaller model\n"
    )
    assert run.returncode == 2
    assert json.loads((tmp_path / "run" / "run.json").read_text())["exit_code"] == 2


@pytest.mark.exhaustive
def test_allocation_of_tensorflow_and_numpy() -> None:
    with pytest.raises(ConfigError, match=r"loader\.batch_size=32, or"), memory_errors(64):
        tf.zeros([10**8, 10**6])
    with pytest.raises(ConfigError, match="memory ran out: Unable to allocate"), memory_errors(None):
        np.ones((10**8, 10**6))
    with pytest.raises(ConfigError, match="use a smaller model"), memory_errors(1):
        np.ones((10**8, 10**6))


def test_other_errors_are_left_alone() -> None:
    assert memory_error(ValueError("memory")) is None
    assert memory_error(tf.errors.ResourceExhaustedError(None, None, "a; No space left on device")) is None
    with pytest.raises(ValueError, match="memory"), memory_errors(64):
        raise ValueError("memory")
