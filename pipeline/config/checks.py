"""All mistakes in a config at once, before data is read; those in built-in components before TensorFlow is imported."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from pipeline.config import components
from pipeline.config.composition.files import with_file
from pipeline.config.composition.ignored_keys import reads_model
from pipeline.config.schema import PipelineConfig
from pipeline.config.value_checks import value_mistakes
from pipeline.errors import ConfigError, ConfigMistakes
from pipeline.security import trust
from pipeline.security.destinations import addresses, destination_mistakes
from pipeline.security.environment import variable_mistakes
from pipeline.tensorflow_import import import_tensorflow
from pipeline.weighting.choices import choices_of, missing_label_mistakes

PROVIDED = {
    "model": frozenset({"spec", "examples"}),
    "schedule": frozenset({"training_steps"}),
    "task": frozenset({"config", "run"}),
    "tracking": frozenset({"run_folder"}),
}
COMPONENTS = ("task", "data", "loader", "model", "schedule")
OBJECTIVES = ("loss", "metrics", "weighted_metrics")


def trusted_config(written: DictConfig, run_folder: Path) -> PipelineConfig:
    """Returns the values of a config with all interpolations resolved, only once, as they could differ the next time.

    Args:
        written: The config with its interpolations unresolved.
        run_folder: The run folder.

    Raises:
        ConfigMistakes: It would run code or write files without the user's permission, or uses environment variables
            where they are not allowed; one line per reason. Nothing that it names is imported.
        OmegaConfBaseException: A value has another type than its key expects, or cannot be resolved.
    """
    plain: Any = OmegaConf.to_container(written, resolve=False)
    hidden = addresses(plain)
    variables = variable_mistakes(written, lambda place: place.partition("[")[0] in hidden)
    try:
        config: Any = OmegaConf.to_object(written)
    except Exception:
        # The error may contain the value of a variable.
        if variables:
            raise ConfigMistakes(variables) from None
        raise
    mistakes = _trust_mistakes(config, plain, run_folder) + variables
    if mistakes:
        raise ConfigMistakes(mistakes)
    return cast("PipelineConfig", config)


def _trust_mistakes(config: PipelineConfig, written: Any, run_folder: Path) -> list[str]:
    mistakes = []
    if config.trust and "trust" not in trust.current().keys:
        mistakes = ["trust: a config file sets it, which has no effect; use trust=[NAME] on the command line"]
    plain = asdict(config)
    mistakes += [line for key, node in plain.items() for line in trust.node_mistakes(str(key), node)]
    return mistakes + destination_mistakes(plain, written, run_folder)


def check_config(config: PipelineConfig, missing: list[str]) -> None:
    """Checks values, names and arguments of a whole config.

    Checks that need TensorFlow are left to `check_parts_of_keras`, so that a typo is reported within a second.

    Args:
        config: The config, with components as plain dicts and lists.
        missing: Mandatory keys that are not set.

    Raises:
        ConfigMistakes: There are mistakes; one line each.
    """
    mistakes = [f"{key}: missing; set it on the command line or in an experiment" for key in missing]
    mistakes += value_mistakes(config)
    for key in COMPONENTS:
        mistakes += _component_mistakes(config, key, ours=True, missing=missing)
    mistakes += _weighting_mistakes(config, ours=True, missing=missing)
    mistakes += _optimizer_shape_mistakes(config) + _callback_shape_mistakes(config) + _validation_set_mistakes(config)
    if mistakes:
        raise ConfigMistakes(map(with_file, mistakes))
    _check_source(config)


def check_parts_of_keras(config: PipelineConfig) -> None:
    """Checks what can only be checked with TensorFlow, in a config without other mistakes.

    Inspecting the data builds no model, so only the user's own components in `data` are imported for it.

    Raises:
        ConfigMistakes: There are mistakes; one line each.
    """
    if needs_keras(config):
        import_tensorflow()
        mistakes = keras_mistakes(config)
    else:
        mistakes = [
            line for key in ("task", "data") for line in _component_mistakes(config, key, ours=False, missing=[])
        ]
    if mistakes:
        raise ConfigMistakes(map(with_file, mistakes))


def needs_keras(config: PipelineConfig) -> bool:
    """Whether the task of a config uses a model."""
    return reads_model(config.task)


def keras_mistakes(config: PipelineConfig) -> list[str]:
    """Returns mistakes that only TensorFlow reveals: names and arguments of Keras' and the user's own components."""
    from pipeline.training.objectives.losses import check_loss_name, check_metric_name
    from pipeline.training.optimizers import optimizer_class

    mistakes = []
    for key in COMPONENTS:
        mistakes += _component_mistakes(config, key, ours=False, missing=[])
    mistakes += _weighting_mistakes(config, ours=False, missing=[])
    for name, node in (config.callbacks or {}).items():
        mistakes += components.mistakes(f"callbacks.{name}", node)
    for name, node in (config.tracking or {}).items():
        mistakes += components.mistakes(f"tracking.{name}", node, PROVIDED["tracking"])
    for key in OBJECTIVES:
        check = check_loss_name if key == "loss" else check_metric_name
        for place, name in _leaves(key, getattr(config, key)):
            try:
                check(place, name)
            except ConfigError as error:
                mistakes.append(str(error))
        mistakes += components.mistakes(key, getattr(config, key))
    try:
        node = dict(config.optimizer)
        if "_target_" in node:
            mistakes += components.mistakes("optimizer", node)
        else:
            kind = optimizer_class(str(node.pop("name")))
            mistakes += components.mistakes("optimizer", {"_target_": f"keras.optimizers.{kind.__name__}", **node})
    except ConfigError as error:
        mistakes.append(str(error))
    for name, node in (config.validation_sets or {}).items():
        # The values that differ are arguments of the source in `data`.
        source = node if "_target_" in node else {**config.data, **node}
        known = set(components.mistakes("data", config.data))
        mistakes += [
            f"validation_sets.{name}{line.removeprefix('data')}"
            for line in components.mistakes("data", source)
            if line not in known
        ]
    return mistakes + _learning_rate_mistakes(config) + _average_mistakes(config)


def _component_mistakes(config: PipelineConfig, key: str, *, ours: bool, missing: list[str]) -> list[str]:
    node = getattr(config, key)
    if not isinstance(node, dict) or "_target_" not in node:
        if node is None and key == "schedule":
            return []
        expected = f"a choice such as {key}=NAME, or a mapping with a _target_"
        return [f"{key}: expected {expected}, got {node!r}"] if ours else []
    return _node_mistakes(key, node, ours=ours, missing=missing)


def _weighting_mistakes(config: PipelineConfig, *, ours: bool, missing: list[str]) -> list[str]:
    mistakes = missing_label_mistakes(config.weighting) if ours else []
    try:
        choices = choices_of(config.weighting)
    except ConfigMistakes as error:
        return mistakes + (list(error.mistakes) if ours else [])
    return mistakes + [
        line for choice in choices for line in _node_mistakes(choice.key, choice.node, ours=ours, missing=missing)
    ]


def _node_mistakes(key: str, node: Mapping[str, Any], *, ours: bool, missing: list[str]) -> list[str]:
    # A task imports everything, including TensorFlow.
    is_ours = str(node["_target_"]).startswith("pipeline.") and key != "task"
    absent = frozenset(k.removeprefix(f"{key}.") for k in missing if k.startswith(f"{key}."))
    provided = PROVIDED.get(key, frozenset()) | absent
    node = {name: value for name, value in node.items() if name not in absent}
    if is_ours:
        own, nested = _split_nested(node)
        return components.mistakes(key, own, provided) if ours else components.mistakes(key, nested)
    return [] if ours else components.mistakes(key, node, provided)


def _split_nested(node: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Splits a built-in component from the targets below it, which may be a user's and import TensorFlow."""
    nested = {k: v for k, v in node.items() if isinstance(v, dict) and "_target_" in v}
    return {k: None if k in nested else v for k, v in node.items()}, nested


def _optimizer_shape_mistakes(config: PipelineConfig) -> list[str]:
    node = config.optimizer
    if isinstance(node, dict) and ("_target_" in node or "name" in node):
        return []
    return [f"optimizer: expected a name or a _target_, got {node!r}; use optimizer=adam or optimizer.name=NAME"]


def _callback_shape_mistakes(config: PipelineConfig) -> list[str]:
    if not isinstance(config.callbacks or {}, dict):
        return [f"callbacks: expected a mapping, got {config.callbacks!r}; use callbacks=[early_stopping,checkpoint]"]
    if not isinstance(config.tracking or {}, dict):
        return [f"tracking: expected a mapping, got {config.tracking!r}; use tracking=tensorboard or tracking=mlflow"]
    return [
        f"callbacks.{name}: expected a mapping with a _target_, or null to turn it off, got {node!r}"
        for name, node in (config.callbacks or {}).items()
        if node is not None and not (isinstance(node, dict) and "_target_" in node)
    ]


def _validation_set_mistakes(config: PipelineConfig) -> list[str]:
    sets = config.validation_sets or {}
    example = "{path: winter.csv}"
    if not isinstance(sets, dict):
        return [f"validation_sets: expected a mapping such as {{winter: {example}}}, got {sets!r}"]
    return [
        f"validation_sets.{name}: expected a mapping such as {example}, got {node!r}"
        for name, node in sets.items()
        if not isinstance(node, dict)
    ]


def _learning_rate_mistakes(config: PipelineConfig) -> list[str]:
    if config.schedule is None:
        return []
    return [
        f"callbacks.{name}: cannot change a learning rate that follows a schedule; use schedule=constant"
        for name, node in (config.callbacks or {}).items()
        if node and _sets_learning_rate(str(node["_target_"]))
    ]


def _sets_learning_rate(target: str) -> bool:
    """Whether a callback sets the learning rate: those of Keras that do, and others that say so or may roll back."""
    import keras

    try:
        found = components.find(target)
    except ConfigError:
        return False
    of_keras = (keras.callbacks.ReduceLROnPlateau, keras.callbacks.LearningRateScheduler)
    is_theirs = inspect.isclass(found) and issubclass(found, of_keras)
    return is_theirs or any(getattr(found, name, False) is True for name in ("sets_learning_rate", "rolls_back"))


def _average_mistakes(config: PipelineConfig) -> list[str]:
    """Reports callbacks that need moving averages if there are none; an optimizer by `_target_` may have its own."""
    if config.trainer.use_ema or "_target_" in config.optimizer or config.optimizer.get("use_ema"):
        return []
    return [
        f"callbacks.{name}: needs moving averages of the weights; set trainer.use_ema=true"
        for name, node in (config.callbacks or {}).items()
        if node and str(node["_target_"]).endswith("SwapEMAWeights")
    ]


def _check_source(config: PipelineConfig) -> None:
    if not str(config.data["_target_"]).startswith("pipeline."):
        return
    if any(isinstance(v, dict) and "_target_" in v for v in config.data.values()):
        return
    source = components.build("data", config.data)
    if callable(getattr(source, "check", None)):
        source.check()


def _leaves(key: str, value: Any) -> list[tuple[str, str]]:
    """Returns every name below a config key with its place, leaving out targets."""
    if isinstance(value, str):
        return [(key, value)]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in _leaves(f"{key}[{index}]", item)]
    if isinstance(value, dict) and "_target_" not in value:
        return [leaf for name, item in value.items() for leaf in _leaves(f"{key}.{name}", item)]
    return []
