"""SIGTERM, SIGHUP and Ctrl-C end a real command in good order within 5 seconds; a second signal ends it at once."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.run.conftest import QUICK, Process, wait_for

LONG = (*QUICK, "trainer.epochs=100000", "hydra.run.dir=run")
SIGNALS = [
    (signal.SIGINT, 130, "interrupted"),
    (signal.SIGTERM, 143, "terminated"),
    (signal.SIGHUP, 143, "terminated"),
]
SLOW = """
import keras
import tensorflow as tf

class Slow(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        step = tf.function(lambda: tf.while_loop(lambda i: i < 10**15, lambda i: [i + 1], [tf.constant(0, tf.int64)]))
        slow = step.get_concrete_function()
        print("in a slow step", flush=True)
        slow()
"""


@pytest.mark.exhaustive
@pytest.mark.parametrize(("number", "code", "status"), SIGNALS)
@pytest.mark.parametrize("moment", ["train quickstart in", "epoch 2/"])
def test_signal_ends_a_command_within_5_seconds(
    moment: str, number: int, code: int, status: str, start: Callable[..., Process], tmp_path: Path
) -> None:
    run = start(*LONG)
    wait_for(run, moment)
    asked = time.monotonic()
    run.send_signal(number)
    said = run.communicate()[1]
    assert run.returncode == code
    assert time.monotonic() - asked < 5
    assert "Traceback" not in said
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (facts["status"], facts["exit_code"]) == (status, code)
    assert not (tmp_path / "run" / "model.keras").exists()
    if moment.startswith("epoch"):
        assert list((tmp_path / "run" / "snapshots").glob("*.snapshot"))
        epochs = (tmp_path / "run" / "history.csv").read_text().splitlines()[1:]
        assert [int(row.split(",")[0]) for row in epochs] == list(range(len(epochs)))


def test_second_signal_ends_a_command_at_once(start: Callable[..., Process]) -> None:
    run = start(*LONG)
    wait_for(run, "epoch 2/")
    run.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    run.send_signal(signal.SIGINT)
    assert run.wait() in (130, 143)
    assert time.monotonic() - asked < 2


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("first", "second", "code"),
    [(signal.SIGTERM, signal.SIGINT, 130), (signal.SIGHUP, signal.SIGTERM, 143)],
)
def test_second_signal_ends_a_slow_step_at_once(
    first: int, second: int, code: int, start: Callable[..., Process], tmp_path: Path
) -> None:
    (tmp_path / "slow_part.py").write_text(SLOW)
    run = start(*LONG, "+callbacks.slow._target_=slow_part.Slow")
    wait_for(run, "in a slow step")
    run.send_signal(first)
    _wait_until_delivered(run)
    asked = time.monotonic()
    run.send_signal(second)
    assert run.wait() == code
    assert time.monotonic() - asked < 2


def _wait_until_delivered(process: Process) -> None:
    status = Path(f"/proc/{process.pid}/status")
    while int(status.read_text().partition("ShdPnd:")[2].split()[0], 16):
        pass
