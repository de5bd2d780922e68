"""The weightings of the config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.config import components
from pipeline.data.examples import Arrays, Examples, Weigh
from pipeline.data.splits import Splits
from pipeline.errors import ConfigError, with_article
from pipeline.weighting.choices import Choice, choices_of
from pipeline.weighting.weighting import Weighting, chosen_target


def build_weightings(node: Mapping[str, Any] | None) -> list[Weighting]:
    """Builds the weightings of the config's `weighting`.

    Raises:
        ConfigError: A component rejected its arguments, or is not a weighting.
    """
    return [_built(choice) for choice in choices_of(node)]


@dataclass(frozen=True)
class OfTarget:
    """A weighting of one target.

    Attributes:
        target: The target.
        weighting: The weighting that applies to it.
        key: Its config key.
    """

    target: str
    weighting: Weighting
    key: str

    @property
    def splits(self) -> Sequence[str]:
        """See `Weighting`."""
        return self.weighting.splits

    def fitted(self, splits: Splits) -> Weigh:
        """See `Weighting`."""
        name = chosen_target(splits, self.target, self.key)
        try:
            weigh = self.weighting.fitted(splits)
        except ConfigError as error:
            raise ConfigError(_at(self.key, str(error))) from error

        def of_target(examples: Examples) -> Arrays:
            try:
                given = weigh(examples)
            except ConfigError as error:
                raise ConfigError(_at(self.key, str(error))) from error
            if name not in given:
                raise ConfigError(
                    f"{self.key}: expected weights for target '{name}', got weights for {', '.join(given)}"
                )
            return {name: given[name]}

        return of_target


def _built(choice: Choice) -> Weighting:
    weighting: Weighting = components.build(choice.key, choice.node)
    if not callable(getattr(weighting, "fitted", None)):
        raise ConfigError(
            f"{choice.key}: {choice.node['_target_']} returned {with_article(weighting)}, which has no method 'fitted'"
        )
    return weighting if choice.target is None else OfTarget(choice.target, weighting, choice.key)


def _at(key: str, text: str) -> str:
    """Returns a message with `weighting` replaced by the key of one weighting."""
    return key + text.removeprefix("weighting") if text.startswith(("weighting.", "weighting:")) else text
