"""The protocol of a source."""

from __future__ import annotations

from typing import Protocol

from pipeline.data.splits import Splits


class Source(Protocol):
    """Provides the data of a run.

    This one has all that a source needs:

        class Squares:
            def load(self, *, with_targets: bool = True) -> Splits:
                inputs = {"x": np.arange(100.0)}
                targets = {"y": inputs["x"] ** 2} if with_targets else {}
                return Splits(Examples(spec_of(inputs, targets), inputs, targets))

    Without further methods a source is read as it is. It may also have these, each of which is called if it is there:

    - `check(self) -> None`, called before `load`, raises a `DataError` for what can be seen at once, such as a missing
      file. For the package's own sources it is called before TensorFlow is imported.
    - `load` with an argument `missing`: what `weighting.missing` says, where targets that lack some labels are to be
      read otherwise than as NaN among floats.
    - `keeping(self, column: str, *, may_be_input: bool) -> Self` returns the source with a column that `split.column`
      names, among `Examples.columns`.
    - `for_losses(self, families: Mapping[str, str | None]) -> Self` returns the source for losses of such families.
    - `like(self, spec: DataSpec) -> Self`, for new data of a model that was trained on what the spec says, returns the
      source that reads inputs as those were, whatever the new values look like.
    """

    def load(self, *, with_targets: bool = True) -> Splits:
        """Returns the splits that the source itself has, often only training data.

        Args:
            with_targets: False if only predictions are wanted; the data then needs no targets.

        Raises:
            DataError: The data cannot be read, or is invalid.
        """
        ...
