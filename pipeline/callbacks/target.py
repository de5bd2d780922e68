"""The callback that ends training when a metric is good enough."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pipeline.callbacks.callback import Callback
from pipeline.callbacks.direction import Monitored, monitored
from pipeline.training.expected_logs import metrics_of

log = logging.getLogger(__name__)


class StopAtTarget(Callback):
    """Stops training when a metric reaches a value, at the end of an epoch or at a validation within one.

    Args:
        monitor: The metric's name in the logs.
        target: The value. It is reached when the metric equals it or is better.
        mode: `min`, `max`, or `auto`, which takes the direction from the metric or its name.

    Raises:
        ConfigError: During training, the metric is not measured, or its direction is unknown.
    """

    def __init__(self, *, monitor: str, target: float, mode: str = "auto") -> None:
        super().__init__()
        self.monitored = monitored(monitor, mode)
        self.target = target

    @property
    def monitors(self) -> dict[str, Monitored]:
        """The monitored metric, by the argument that names it."""
        return {"monitor": self.monitored}

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Finds the metric's direction, and checks that a validation metric has validation data."""
        self.monitored = self.monitored.settled(metrics_of(self.model))
        self.monitored.check_validated(self.params or {})

    def on_validation_end(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        """Checks the results of a validation within an epoch."""
        self._look(f"step {step} of epoch {epoch + 1}", logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Checks the values of the epoch."""
        self.monitored.check_logged(logs or {})
        self._look(f"epoch {epoch + 1}", logs or {})

    def _look(self, moment: str, logs: Mapping[str, Any]) -> None:
        value = self.monitored.value(logs)
        if value is None or self.model.stop_training:
            return
        if value == self.target or self.monitored.better(value, self.target):
            self.model.stop_training = True
            log.info("training stops after %s: %s %.4g reached %.4g", moment, self.monitored.name, value, self.target)
