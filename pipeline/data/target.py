"""One target: its shape, its classes and its kind."""

from __future__ import annotations

import math
from dataclasses import dataclass

Shape = tuple[int | None, ...]

IDS, ONE_HOT, LABELS, NUMBERS, UNKNOWN = "ids", "one_hot", "labels", "numbers", "unknown"
KINDS = (IDS, ONE_HOT, LABELS, NUMBERS, UNKNOWN)


MOST_NUMBERS = 1000
"""With at most this many numbers per example, each is scaled separately; with more, all are scaled together."""
STANDARD, LOG, LINK = "standard", "log", "link"


@dataclass(frozen=True)
class TargetScaling:
    """How a model scales a numeric target internally, so that its last layer need not learn the user's unit.

    Attributes:
        method: `standard`; `log`, the same for the logarithm; or `link`: nothing is scaled, but the output is the mean
            times a positive factor, because the loss for counts needs positive outputs.
        mean: Mean of the training split, for `log` of its logarithm, and for `link` the logarithm of the mean: one
            number, or one per element of the last axis.
        deviation: Standard deviation, in the same form.
        shift: For `log`: a number to add first, 1 if there are zeros.
    """

    method: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    shift: float = 0.0


@dataclass(frozen=True)
class TargetSpec:
    """One target.

    Attributes:
        shape: Shape of one example: `()` for a class id, `(classes,)` for one-hot; for a target per position, the
            positions come first, such as `(time,)` or `(height, width)` for ids.
        dtype: The stored dtype.
        classes: Names of the classes in the order of their ids, or of the labels; None for numbers.
        kind: `ids` of mutually exclusive classes, `one_hot` rows of such classes, `labels` that are not exclusive, 0/1
            each, `numbers`, or `unknown` for whole numbers from a stream; empty infers it from the shape.
        certain: Whether the user or the source gives the kind; otherwise it is inferred from the values.
        positive: Id of the class that thresholded metrics treat as positive; None for the second of two.
        units: Units of its output, per position; None for numbers.
        activation: Activation of that output: `softmax`, `sigmoid` or `linear`.
        missing: Whether labels may be missing; they are filled in, with weight 0.
        scaling: How models scale it internally; None if they do not.
    """

    shape: Shape
    dtype: str
    classes: tuple[str, ...] | None = None
    kind: str = ""
    certain: bool = True
    positive: int | None = None
    units: int | None = None
    activation: str = ""
    missing: bool = False
    scaling: TargetScaling | None = None

    def __post_init__(self) -> None:
        """Fills in fields that follow from the others."""
        if not self.kind:
            found = ONE_HOT if self.classes is not None and self.shape == (len(self.classes),) else IDS
            if self.classes is None:
                whole = self.dtype.startswith(("int", "uint")) and self.shape in ((), (1,))
                found = UNKNOWN if whole else NUMBERS
            object.__setattr__(self, "kind", found)
        if not self.activation:
            units, activation = self._output()
            object.__setattr__(self, "units", units)
            object.__setattr__(self, "activation", activation)

    def _output(self) -> tuple[int | None, str]:
        if self.classes is None or self.kind not in (IDS, ONE_HOT, LABELS):
            return None, "linear"
        if self.kind == LABELS:
            return len(self.classes), "sigmoid"
        if self.kind == IDS and len(self.classes) == 2:
            return 1, "sigmoid"
        return len(self.classes), "softmax"

    @property
    def one_hot(self) -> bool:
        """Whether classes are given as one-hot rows rather than ids."""
        return self.kind == ONE_HOT

    @property
    def exclusive(self) -> bool:
        """Whether it has mutually exclusive classes."""
        return self.kind in (IDS, ONE_HOT) and self.classes is not None

    @property
    def positions(self) -> Shape:
        """Shape of the positions that each have a class or labels; `()` if the whole example has one."""
        if self.kind in (ONE_HOT, LABELS):
            return self.shape[:-1]
        if self.kind in (IDS, UNKNOWN):
            return self.shape[:-1] if self.shape[-1:] == (1,) else self.shape
        return ()

    @property
    def per_position(self) -> bool:
        """Whether an example has a class or labels per position."""
        return bool(self.positions)

    @property
    def positive_class(self) -> int | None:
        """Id of the positive class; None if none is set and there are more than two classes."""
        if not self.exclusive or self.classes is None:
            return None
        return 1 if self.positive is None and len(self.classes) == 2 else self.positive

    def example_size(self) -> int:
        """Returns the count of numbers per example; a size that varies counts as 1."""
        return math.prod(size or 1 for size in self.shape)
