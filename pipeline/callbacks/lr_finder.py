"""The learning rate range test: raises the learning rate step by step and finds a good one from the loss.

After L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017 (arXiv:1506.01186), section 3.3.
Here the rate rises exponentially, so that every order of magnitude gets the same number of steps.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pipeline.callbacks.callback import Callback
from pipeline.errors import ConfigError
from pipeline.run.atomic_files import write_atomically, write_text

SMOOTHING = 0.9
"""The weight of the previous smoothed loss in the next one."""
WINDOWS = 20
"""The slope at a step is measured over this share of all steps, before and after it."""


class LearningRateFinder(Callback):
    """Raises the learning rate exponentially from step to step, and stops when the loss diverges.

    Args:
        lowest: Rate of the first step.
        highest: Rate of the last step.
        steps: Number of steps.

    Attributes:
        rates: The learning rate of each completed step.
        losses: The loss of each single step.
        smoothed: The losses as an exponential moving average.
        diverged: Whether the loss diverged, so that the test stopped early.
    """

    def __init__(self, lowest: float, highest: float, steps: int) -> None:
        super().__init__()
        self.lowest, self.highest, self.steps = lowest, highest, steps
        self.rates: list[float] = []
        self.losses: list[float] = []
        self.smoothed: list[float] = []
        self.diverged = False
        self._average = 0.0

    def set_model(self, model: keras.Model) -> None:
        """Checks that the optimizer's learning rate can be set."""
        super().set_model(model)
        try:
            model.optimizer.learning_rate = self.lowest
        except (AttributeError, TypeError) as error:
            raise ConfigError(
                "optimizer: expected a constant learning rate to test, got a schedule; set schedule=constant"
            ) from error

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Sets the learning rate of the step."""
        ratio = self.highest / self.lowest
        self.rates.append(self.lowest * ratio ** (batch / (self.steps - 1)))
        self.model.optimizer.learning_rate = self.rates[-1]
        # The logged loss is a mean since the last reset.
        self.model.reset_metrics()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Records the loss of the step."""
        loss = float((logs or {})["loss"])
        self.losses.append(loss)
        self._average = SMOOTHING * self._average + (1 - SMOOTHING) * loss
        self.smoothed.append(self._average / (1 - SMOOTHING ** (batch + 1)))
        if self._diverges():
            self.diverged = True
            self.model.stop_training = True

    def _diverges(self) -> bool:
        """Whether the loss has risen by as much as it had fallen, and has at least doubled."""
        if not math.isfinite(self.losses[-1]):
            return True
        lowest = min(self.smoothed)
        # The first few losses say little about how much they vary.
        known = len(self.losses) > self.steps // WINDOWS
        return known and self.smoothed[-1] > lowest + max(abs(lowest), self.smoothed[0] - lowest)

    def suggestion(self) -> float | None:
        """Returns the rate at which the loss falls most steeply before its minimum; None if it does not fall."""
        losses = np.array([loss for loss in self.losses if math.isfinite(loss)])
        window = max(1, self.steps // WINDOWS)
        last = int(np.argmin(self.smoothed[: len(losses)])) if len(losses) else 0
        # A mean over the same number of steps before and after does not lag behind, unlike the smoothed loss.
        falls = {
            step: losses[step - window : step].mean() - losses[step : step + window].mean()
            for step in range(window, min(last, len(losses) - window) + 1)
        }
        steepest = max(falls, key=lambda step: falls[step], default=None)
        return None if steepest is None or falls[steepest] <= 0 else self.rates[steepest]

    def write_table(self, path: Path) -> None:
        """Writes one row per step."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("step", "learning_rate", "loss", "smoothed_loss"))
        rows = zip(self.rates, self.losses, self.smoothed, strict=True)
        writer.writerows((step, *row) for step, row in enumerate(rows, 1))
        write_text(path, text.getvalue())

    def write_plot(self, path: Path) -> None:
        """Writes a plot of the losses against the rates, with the suggestion, as a page that needs no network."""
        from plotly.graph_objects import Figure, Scatter  # type: ignore[import-untyped]

        figure = Figure(
            [
                Scatter(x=self.rates, y=self.losses, name="loss", opacity=0.35),
                Scatter(x=self.rates, y=self.smoothed, name="smoothed loss"),
            ]
        )
        rate = self.suggestion()
        if rate is not None:
            ends = [min(self.smoothed), max(value for value in self.smoothed if math.isfinite(value))]
            figure.add_scatter(x=[rate, rate], y=ends, name=f"suggested: {rate:.2g}", mode="lines", line_dash="dash")
        figure.update_layout(title="Learning rate range test", template="plotly_white", hovermode="x")
        figure.update_xaxes(title="learning rate", type="log", exponentformat="power")
        figure.update_yaxes(title="loss")
        write_atomically(path, lambda beside: figure.write_html(beside, include_plotlyjs=True))
