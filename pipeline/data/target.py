"""One target: its shape, its classes, and what kind of target that makes it."""

from __future__ import annotations

import math
from dataclasses import dataclass

Shape = tuple[int | None, ...]

IDS, ONE_HOT, LABELS, NUMBERS, UNKNOWN = "ids", "one_hot", "labels", "numbers", "unknown"
KINDS = (IDS, ONE_HOT, LABELS, NUMBERS, UNKNOWN)


MOST_NUMBERS = 1000
"""Up to so many numbers an example, each is scaled by itself; above, all of them as one."""
STANDARD, LOG, LINK = "standard", "log", "link"


@dataclass(frozen=True)
class TargetScaling:
    """How a model scales a target of numbers inside, so that its last layer need not learn the user's unit.

    Attributes:
        method: `standard`; `log`: of the logarithm; or `link`: nothing is scaled, but the output is the mean times a
            positive factor, as the loss of counts takes no other.
        mean: Of the training split, of its logarithm for `log`, its logarithm for `link`: one number, or one for each
            of the last axis.
        deviation: Standard deviation, as the mean.
        shift: For `log`: what is added first, 1 where there are zeros.
    """

    method: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    shift: float = 0.0


@dataclass(frozen=True)
class TargetSpec:
    """One target.

    Attributes:
        shape: Of one example: `()` for a class id, `(classes,)` for one-hot; of a target per position, the positions
            come first, such as `(time,)` or `(height, width)` for ids.
        dtype: As stored.
        classes: Names of the classes in the order of their ids, or of the labels; None for numbers.
        kind: `ids` of classes that exclude each other, `one_hot` rows of such, `labels` that do not, 0/1 each,
            `numbers`, or `unknown` for whole numbers of a stream, of which nobody can tell; empty tells by the shape.
        certain: Whether the user or the source says so, and not a look at the values alone.
        positive: Id of the class that thresholded metrics take for the positive one; None for the second of two.
        units: Units of an output for it, a position; None for numbers.
        activation: Of that output: `softmax`, `sigmoid` or `linear`.
        missing: Whether labels may be missing: another value stands in their place, with weight 0.
        scaling: How models scale it inside; None for not.
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
        """Fills in what the rest tells."""
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
        """Whether it is of classes that exclude each other."""
        return self.kind in (IDS, ONE_HOT) and self.classes is not None

    @property
    def positions(self) -> Shape:
        """Shape of the positions that have a class, or labels, each; `()` where there is one for the whole example."""
        if self.kind in (ONE_HOT, LABELS):
            return self.shape[:-1]
        if self.kind in (IDS, UNKNOWN):
            return self.shape[:-1] if self.shape[-1:] == (1,) else self.shape
        return ()

    @property
    def per_position(self) -> bool:
        """Whether an example has a class, or labels, for each of several positions."""
        return bool(self.positions)

    @property
    def positive_class(self) -> int | None:
        """Id of the positive class; None where there is none among more than two classes."""
        if not self.exclusive or self.classes is None:
            return None
        return 1 if self.positive is None and len(self.classes) == 2 else self.positive

    def example_size(self) -> int:
        """Returns how many numbers an example has; a size that varies counts as 1."""
        return math.prod(size or 1 for size in self.shape)
