"""The callback that ends training when the loss is NaN or infinite."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any, ClassVar

from pipeline.callbacks.callback import Callback
from pipeline.security.plain_types import Whole

log = logging.getLogger(__name__)


class StopOnNaN(Callback):
    """Stops training when the loss is NaN or infinite.

    Unlike `keras.callbacks.TerminateOnNaN` it does not need to be called after every step: the loss is a mean over the
    epoch so far, so it stays NaN, and checking after each block of steps misses nothing.
    """

    every_batch = False
    state_types: ClassVar = {"_epoch": Whole}

    def __init__(self) -> None:
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Remembers the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Checks the loss. Called once per block of steps."""
        loss = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(loss) and not self.model.stop_training:
            self.model.stop_training = True
            log.warning("training stops: the loss is %s within %d steps of epoch %d", loss, batch + 1, self._epoch + 1)
