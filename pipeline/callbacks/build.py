"""The callbacks of the config."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from pipeline import components
from pipeline.errors import ConfigError
from pipeline.files import check_is_text
from pipeline.security import trust
from pipeline.security.path_templates import filled_in, stay_within

HOOKS = [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")]


def build_callbacks(nodes: Mapping[str, Any] | None, run_folder: Path) -> list[keras.callbacks.Callback]:
    """Builds the callbacks of the config's `callbacks`, in its order; null switches one off.

    Args:
        nodes: The config by name.
        run_folder: Where they write, but to paths that the user typed.

    Raises:
        ConfigError: One refused its arguments, or is no callback.
    """
    callbacks = []
    for name, node in (nodes or {}).items():
        if node is None:
            continue
        callback = components.build(f"callbacks.{name}", filled_in(node, run_folder))
        if not isinstance(callback, keras.callbacks.Callback):
            raise ConfigError(
                f"callbacks.{name}: gave a {type(callback).__name__}; a keras.callbacks.Callback is right"
            )
        wrong = next((hook for hook in HOOKS if not callable(getattr(callback, hook))), None)
        if wrong is not None:
            raise ConfigError(f"callbacks.{name}.{wrong}: is nothing to call; a function of yours is right")
        if not trust.typed(f"callbacks.{name}.filepath"):
            stay_within(callback, run_folder)
        if isinstance(callback, keras.callbacks.TensorBoard):
            check_is_text(Path(callback.log_dir), f"callbacks.{name}.log_dir")
        # A snapshot sets none of it back.
        callback.config_values = {key: value for key, value in node.items() if key not in components.HYDRA_KEYS}
        callbacks.append(callback)
    return callbacks
