"""When something is due within an epoch: a validation or a snapshot."""

from __future__ import annotations

import time
from collections.abc import Sequence

NEVER = 2**31


class Cadence:
    """Says when the next one is due: every N steps, every N seconds, or at fractions of each epoch.

    The end of an epoch does not count: `validation_freq` decides about validation there.

    Args:
        steps: Due every this many steps, counted across all epochs; None for never.
        seconds: Due at the end of the first call after this many seconds since the last time; None for never.
        fractions: Due when these fractions of an epoch are done. The number of steps per epoch must be known.
    """

    def __init__(self, steps: int | None = None, seconds: float | None = None, fractions: Sequence[float] = ()) -> None:
        self._steps, self._seconds, self._fractions = steps, seconds, sorted(fractions)
        self._last = time.perf_counter()

    def start(self) -> None:
        """Starts the clock."""
        self._last = time.perf_counter()

    def until_next(self, done: int, step: int, epoch_steps: int | None) -> int:
        """Returns the number of steps until the next moment that is defined by steps.

        Args:
            done: Steps done across all epochs.
            step: Steps done in this epoch.
            epoch_steps: Steps of this epoch; None if unknown.
        """
        left = [NEVER] if self._steps is None else [self._steps - done % self._steps]
        left += [at - step for at in self._marks(epoch_steps) if at > step]
        return min(left)

    def is_due(self, done: int, step: int, epoch_steps: int | None) -> bool:
        """Whether one is due now, after a step; see `until_next`."""
        due = self._steps is not None and done % self._steps == 0
        due = due or step in self._marks(epoch_steps)
        if self._seconds is not None and time.perf_counter() - self._last >= self._seconds:
            due = True
        if due:
            self._last = time.perf_counter()
        return due

    def remark(self, done: int) -> str | None:
        """Returns a line that says that a training was too short for a validation by steps; None if it was not.

        Args:
            done: Steps that the training had across all epochs.
        """
        if self._steps is None or not 0 < done < self._steps:
            return None
        return (
            f"validation_interval: {self._steps} steps are more than the {done} of the training, "
            "which validated only at the ends of epochs"
        )

    def _marks(self, epoch_steps: int | None) -> list[int]:
        if epoch_steps is None:
            return []
        return [max(1, round(fraction * epoch_steps)) for fraction in self._fractions]
