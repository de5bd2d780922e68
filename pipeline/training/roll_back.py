"""The exception that a callback raises to go back to the last snapshot."""

from __future__ import annotations


class RollBack(Exception):
    """Training should go back to the last good snapshot and continue from it with a lower learning rate.

    Args:
        factor: The learning rate of the snapshot is multiplied by this.
    """

    def __init__(self, factor: float) -> None:
        super().__init__(f"back to the last snapshot, with {factor:g} of its learning rate")
        self.factor = factor
