"""How often within an epoch something is done: validation, or a snapshot."""

from __future__ import annotations

import time
from collections.abc import Sequence

NEVER = 2**31


class Cadence:
    """Tells when the next validation is due: each so many steps, each so many seconds, at fractions of each epoch.

    The end of an epoch is not among them: validation there is `validation_freq`'s.

    Args:
        steps: Validate each that many steps, counted through all epochs; None for not.
        seconds: Validate at the first end of a call after that many seconds since the last such validation; None for
            not.
        fractions: Validate when these fractions of an epoch are done; the steps of an epoch must be known.
    """

    def __init__(self, steps: int | None = None, seconds: float | None = None, fractions: Sequence[float] = ()) -> None:
        self._steps, self._seconds, self._fractions = steps, seconds, sorted(fractions)
        self._last = time.perf_counter()

    def start(self) -> None:
        """Starts the clock."""
        self._last = time.perf_counter()

    def until_next(self, done: int, step: int, epoch_steps: int | None) -> int:
        """Returns the number of steps until the next moment that is told by steps.

        Args:
            done: Steps done through all epochs.
            step: Steps done of this epoch.
            epoch_steps: Steps of this epoch; None if nobody knows.
        """
        left = [NEVER] if self._steps is None else [self._steps - done % self._steps]
        left += [at - step for at in self._marks(epoch_steps) if at > step]
        return min(left)

    def is_due(self, done: int, step: int, epoch_steps: int | None) -> bool:
        """Whether a moment is now, after a step; see `until_next`."""
        due = self._steps is not None and done % self._steps == 0
        due = due or step in self._marks(epoch_steps)
        if self._seconds is not None and time.perf_counter() - self._last >= self._seconds:
            due = True
        if due:
            self._last = time.perf_counter()
        return due

    def remark(self, done: int) -> str | None:
        """Says after a training, in one line, that it was too short for a validation by steps; None if it was not.

        Args:
            done: Steps that it had through all epochs.
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
