"""What a source is."""

from __future__ import annotations

from typing import Protocol

from pipeline.data.splits import Splits


class Source(Protocol):
    """Gives the data of a run.

    A source may also have a method `check(self) -> None`, called before `load`, that raises a `DataError` for what can
    be seen at once, such as a missing file; for the package's own it is called before TensorFlow is imported. Its
    `load` may take `missing` too, what `weighting.missing` says, where targets are to be read that lack some labels
    otherwise than as NaN among floats. And it may have a method `like(self, spec: DataSpec) -> Self`,
    for new data of a model that was trained on what the spec says: the source then reads inputs as those were, whatever
    the new values look like.
    """

    def load(self, *, with_targets: bool = True) -> Splits:
        """Returns the splits that the source itself distinguishes, often training data only.

        Args:
            with_targets: False where only predictions are wanted; data without targets is then as good.

        Raises:
            DataError: The data cannot be read, or something in it is wrong.
        """
        ...
