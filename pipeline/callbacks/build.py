"""The callbacks of the config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from pipeline import components
from pipeline.errors import ConfigError


def build_callbacks(nodes: Mapping[str, Any] | None) -> list[keras.callbacks.Callback]:
    """Builds the callbacks of the config's `callbacks`, in its order; null switches one off.

    Raises:
        ConfigError: One refused its arguments, or is no callback.
    """
    callbacks = []
    for name, node in (nodes or {}).items():
        if node is None:
            continue
        callback = components.build(f"callbacks.{name}", node)
        if not isinstance(callback, keras.callbacks.Callback):
            raise ConfigError(
                f"callbacks.{name}: gave a {type(callback).__name__}; a keras.callbacks.Callback is right"
            )
        callbacks.append(callback)
    return callbacks
