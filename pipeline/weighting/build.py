"""The weighting of the config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline import components
from pipeline.errors import ConfigError
from pipeline.weighting.weighting import Weighting


def build_weighting(node: Mapping[str, Any] | None) -> Weighting | None:
    """Builds the weighting of the config's `weighting`, null for none.

    Raises:
        ConfigError: It refused its arguments, or is no weighting.
    """
    if node is None:
        return None
    weighting: Weighting = components.build("weighting", node)
    if not callable(getattr(weighting, "fitted", None)):
        raise ConfigError(
            f"weighting: {node['_target_']} gave a {type(weighting).__name__}, which has no method 'fitted'"
        )
    return weighting
