"""The stage that builds the model of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.config import components
from pipeline.data.examples import Examples
from pipeline.data.streams import Data
from pipeline.errors import ConfigError, with_article

if TYPE_CHECKING:
    import keras

PROVIDED = frozenset({"spec", "examples"})


def build_model(node: Mapping[str, Any], train: Data) -> keras.Model:
    """Builds the model of a config node; its target receives `spec` and `examples` if it has such arguments.

    Args:
        node: The config's `model`.
        train: The training data: its spec, and its examples for models that adapt to them.

    Raises:
        ConfigError: The target rejected its arguments, needs examples but the data is a stream, or built no model.
    """
    import keras

    extra: dict[str, Any] = {}
    if components.takes(node["_target_"], "spec"):
        extra["spec"] = train.spec
    if components.takes(node["_target_"], "examples"):
        if not isinstance(train, Examples):
            raise ConfigError(
                f"model: {node['_target_']} adapts to examples in memory, but the data is a stream; use another model"
            )
        extra["examples"] = train
    model = components.build("model", node, **extra)
    if not isinstance(model, keras.Model):
        raise ConfigError(f"model: expected {node['_target_']} to return a keras.Model, got {with_article(model)}")
    return model
