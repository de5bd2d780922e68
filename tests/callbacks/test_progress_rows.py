"""At any width the bar, the count, the time left and the speed have their room first; then the important values do."""

import io
import re
import time

import keras
import pytest
from rich.console import Console

from pipeline.callbacks.progress_rows import FREE, Row, Rows
from pipeline.callbacks.shown_values import by_importance, fitted, monitors_of


def shown(width: int, values: dict[str, float]) -> tuple[str, str]:
    """Returns both rows as they are in a terminal of so many columns."""
    now = time.perf_counter()
    epochs, steps = Row("epoch", 300), Row("step", 938)
    epochs.start(0)
    epochs.done, epochs.begun, epochs._moved = 30, now - 60, now
    epochs.values, epochs.best = values, dict.fromkeys(values, 0.1)
    steps.start(0)
    steps.done, steps.begun, steps._moved = 400, now - 0.4, now
    steps.values = values
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=True, color_system=None).print(Rows([epochs, steps]))
    first, second = out.getvalue().splitlines()
    return first, second


@pytest.mark.parametrize("width", [50, 80, 200])
@pytest.mark.parametrize("count", [1, 12])
def test_rows_fit_and_say_how_far_how_fast_and_how_long(width: int, count: int) -> None:
    values = {"loss": 0.25, **{f"output_{number}_loss": 0.5 for number in range(count - 1)}}
    epoch, step = shown(width, values)
    assert max(len(epoch), len(step)) <= width - FREE
    assert re.match(r"epoch ━{8,24}  30/300 9:00  ", epoch)
    assert re.match(r"step  ━{8,24} 400/938 0:01 1,000 steps/s", step)
    told = re.findall(r"\w*loss [\d.]+", epoch)
    assert told[0] == "loss 0.25"
    if len(told) < count:
        assert epoch.endswith(f"  +{count - len(told)}")
    assert (len(told) == count) == (count == 1 or "output_10_loss" in epoch)


def test_losses_come_first_then_what_stops_training_then_others_and_the_learning_rate_last() -> None:
    checkpoint = keras.callbacks.ModelCheckpoint("a.keras", monitor="val_recall")
    stopping = keras.callbacks.EarlyStopping(monitor="val_auc")
    names = ["learning_rate", "accuracy", "auc", "loss", "val_accuracy", "val_auc", "val_loss", "val_recall"]
    assert by_importance(names, monitors_of([keras.callbacks.CSVLogger("a.csv"), checkpoint, stopping])) == [
        "loss", "val_loss", "val_auc", "val_recall", "accuracy", "auc", "val_accuracy", "learning_rate",
    ]  # fmt: skip


def test_values_have_their_best_beside_them_where_all_have_room() -> None:
    values, best = {"loss": 0.25, "val_loss": 0.5, "auc": 0.75}, {"loss": 0.125}
    whole = "loss 0.25 (best 0.125)  val_loss 0.5  auc 0.75"
    assert fitted(values, best, len(whole)) == whole
    assert fitted(values, best, len(whole) - 1) == "loss 0.25  val_loss 0.5  auc 0.75"
    assert fitted(values, best, 30) == "loss 0.25  val_loss 0.5  +1"
    assert fitted(values, best, 8) == "+3"
    assert fitted(values, best, 1) == ""
