"""The protocol of a source."""

from __future__ import annotations

from typing import Protocol

from pipeline.data.splits import Splits


class Source(Protocol):
    """Provides the data of a run.

    This one has everything that a source needs:

        class Squares:
            def load(self, *, with_targets: bool = True) -> Splits:
                inputs = {"x": np.arange(100.0)}
                targets = {"y": inputs["x"] ** 2} if with_targets else {}
                return Splits(Examples(spec_of(inputs, targets), inputs, targets))

    It may also have the following methods, which are called if they exist:

    - `check(self) -> None`, called before `load`, raises a `DataError` for what can be seen at once, such as a missing
      file. For the package's own sources it is called before TensorFlow is imported.
    - `load` with an argument `missing`, the value of `weighting.missing`, if it marks missing labels in other ways than
      as NaN among floats.
    - `keeping(self, column: str, *, is_time: bool) -> Self` returns a source that also keeps the column of
      `split.column` in `Examples.columns`; `is_time` says that `split.method=time` puts the rows in its order.
    - `for_losses(self, families: Mapping[str, str | None]) -> Self` returns a source for losses of the given families.
    - `like(self, spec: DataSpec) -> Self`, for new data of a trained model, returns a source that reads inputs in the
      form of the training data, whatever the new values are.
    """

    def load(self, *, with_targets: bool = True) -> Splits:
        """Returns the splits that the source itself has, often only training data.

        Args:
            with_targets: False if only predictions are wanted; the data then needs no targets.

        Raises:
            DataError: The data cannot be read, or is invalid.
        """
        ...
