"""The number of jobs of a sweep, counted without listing them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, RangeSweep

from pipeline.errors import ConfigError

MOST = 100_000
"""The most jobs of a sweep. Creating more takes days, and Hydra lists them all before the first one."""


def refuse_huge_sweep(overrides: Sequence[str]) -> None:
    """Refuses a sweep of too many jobs.

    Args:
        overrides: The overrides of the command line and of config files.

    Raises:
        ConfigError: It has too many.
    """
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    choices = {override.get_key_element(): _choices(override) for override in parsed}
    jobs = math.prod(choices.values())
    if jobs > MOST:
        most = max(choices, key=lambda key: choices[key])
        raise ConfigError(
            f"{most}: a sweep of {jobs:,} jobs, {choices[most]:,} of them by this key; expected {MOST:,} or fewer"
        )


def _choices(override: Override) -> int:
    sweep = override.value()
    if isinstance(sweep, ChoiceSweep):
        return len(sweep.list)
    if isinstance(sweep, RangeSweep):
        assert sweep.start is not None
        assert sweep.stop is not None
        return max(0, math.ceil((sweep.stop - sweep.start) / sweep.step)) if sweep.step else 0
    return 1
