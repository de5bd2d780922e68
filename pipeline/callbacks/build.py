"""Builds the callbacks that the config names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras

from pipeline.config import components
from pipeline.errors import ConfigError, ConfigMistakes, with_article
from pipeline.run.atomic_files import check_is_text
from pipeline.security import trust
from pipeline.security.path_templates import filled_in, stay_within
from pipeline.training.saving import Savable

HOOKS = [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")]


def build_callbacks(nodes: Mapping[str, Any] | None, run_folder: Path) -> list[keras.callbacks.Callback]:
    """Builds the callbacks under the config's `callbacks`, in order. A null entry switches a callback off.

    Args:
        nodes: The config of each callback, by name.
        run_folder: The folder that callbacks write to, except for paths that the user typed.

    Raises:
        ConfigError: A callback refused its arguments, or an entry is not a callback.
    """
    callbacks = []
    for name, node in (nodes or {}).items():
        if node is None:
            continue
        callback = components.build(f"callbacks.{name}", filled_in(node, run_folder))
        if not isinstance(callback, keras.callbacks.Callback):
            raise ConfigError(f"callbacks.{name}: expected a keras.callbacks.Callback, got {with_article(callback)}")
        wrong = next((hook for hook in HOOKS if not callable(getattr(callback, hook))), None)
        if wrong is not None:
            raise ConfigError(f"callbacks.{name}.{wrong}: expected a function, got something that cannot be called")
        if not trust.typed(f"callbacks.{name}.filepath"):
            stay_within(callback, run_folder)
        if isinstance(callback, keras.callbacks.TensorBoard):
            check_is_text(Path(callback.log_dir), f"callbacks.{name}.log_dir")
        callback.config_key = f"callbacks.{name}"
        # A snapshot does not restore these values: the config decides them.
        callback.config_values = {key: value for key, value in node.items() if key not in components.NOT_ARGUMENTS}
        callbacks.append(callback)
    return callbacks


def check_savers(callbacks: Iterable[keras.callbacks.Callback], savable: Savable) -> None:
    """Refuses callbacks that would fail during training because they save a model that cannot be saved.

    Raises:
        ConfigMistakes: There are such callbacks.
    """
    if savable.saves:
        return
    mistakes = [
        f"{getattr(one, 'config_key', type(one).__name__)}: saves the model, which cannot be saved: {savable.reason}; "
        "set the callback to null"
        for one in callbacks
        if _saves_model(one)
    ]
    if mistakes:
        raise ConfigMistakes(mistakes)


def _saves_model(callback: Any) -> bool:
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        return not callback.save_weights_only
    return getattr(callback, "saves_model", False) is True
