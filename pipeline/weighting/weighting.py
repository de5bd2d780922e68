"""What a weighting is, and the stage that applies one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Protocol

from pipeline.data.examples import Weigh
from pipeline.data.splits import SPLITS, Splits
from pipeline.data.streams import Data
from pipeline.errors import ConfigError, nearest


class Weighting(Protocol):
    """Gives each example its weight.

    This one has examples above the mean of the training data count twice:

        @dataclass(frozen=True)
        class HighOnes:
            splits: Sequence[str]

            def fitted(self, splits: Splits) -> Weigh:
                mean = splits.train.inputs["x"].mean()
                return lambda examples: {"y": np.where(examples.inputs["x"] > mean, 2.0, 1.0)}

    The function gets whole splits, or one batch after another, so it must not depend on which examples come together.
    `pipeline.weighting.classes` has what weightings of classes share.

    Attributes:
        splits: The splits that it applies to.
    """

    @property
    def splits(self) -> Sequence[str]:
        """See above."""
        ...

    def fitted(self, splits: Splits) -> Weigh:
        """Returns the function that computes weights, after learning what it needs from the training data.

        Raises:
            ConfigError: It does not fit the data.
        """
        ...


def weigh(splits: Splits, weightings: Sequence[Weighting]) -> Splits:
    """Returns the splits with the weights from all weightings, multiplied by any weights in the data itself.

    Raises:
        ConfigError: A weighting does not fit the data.
    """
    return reduce(_weighed, weightings, splits)


def _weighed(splits: Splits, weighting: Weighting) -> Splits:
    for name in weighting.splits:
        if name not in SPLITS:
            raise ConfigError(f"weighting.splits: no split '{name}'{nearest(name, SPLITS)}")
    weigh_examples = weighting.fitted(splits)
    return Splits(
        **{
            name: data.weighed_by(weigh_examples) if name in weighting.splits else data
            for name, data in splits.present()
        }
    )


def weigh_split(data: Data, weightings: Sequence[Weighting], name: str) -> Data:
    """Returns a single split with the weights that the weightings give to splits of its name."""
    for weighting in weightings:
        if name in weighting.splits:
            data = data.weighed_by(weighting.fitted(Splits(data)))
    return data
    return data.weighed_by(weighting.fitted(Splits(data)))


def chosen_target(splits: Splits, target: str | None, key: str) -> str:
    """Returns the target that a config key names, or the only target.

    Raises:
        ConfigError: There is no target of that name, or no name is given and there are several.
    """
    names = list(splits.train.spec.targets)
    if target is None and len(names) != 1:
        raise ConfigError(f"{key}: missing; set it to one of the targets {', '.join(names)}")
    name = target or names[0]
    if name not in names:
        raise ConfigError(f"{key}: no target '{name}'{nearest(name, names)}")
    return name
