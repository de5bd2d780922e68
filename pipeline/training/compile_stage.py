"""The stage that compiles a model as the config says, after checking the config against model and data."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras

from pipeline.config.loss_kinds import AUTO, FAMILIES
from pipeline.config.schema import PipelineConfig
from pipeline.data.checks import check_class_range, check_shapes
from pipeline.data.spec import DataSpec
from pipeline.data.target import LINK
from pipeline.data.target_scaling import SCALABLE
from pipeline.errors import ConfigError, ConfigMistakes, one_line
from pipeline.models.heads import scales
from pipeline.training.objectives.checks import objective_mistakes
from pipeline.training.objectives.formed import formed_loss
from pipeline.training.objectives.losses import built_losses, is_of_keras, key_of, loss_name, settings_by_output
from pipeline.training.objectives.metrics import Metrics, auto_metrics, build_metrics, together
from pipeline.training.objectives.output_losses import name_losses
from pipeline.training.objectives.scaled_losses import scaled_loss
from pipeline.training.objectives.target_forms import OutputForm, of_labels
from pipeline.training.optimizers import build_optimizer
from pipeline.training.signature import NamedModel, Signature, signature_of
from pipeline.training.updates import set_updates


def compile_model(model: keras.Model, config: PipelineConfig, spec: DataSpec) -> NamedModel:
    """Compiles a model with the optimizer, losses, weights and metrics of the config.

    Args:
        model: The model. An output without a loss is for prediction only.
        config: Read for optimizer, schedule, losses, metrics and trainer.
        spec: The form of the data.

    Returns:
        The model with its signature.

    Raises:
        ConfigMistakes: Lists all losses and metrics that do not suit the outputs.
        DataError: The model does not accept the inputs or targets.
    """
    signature = signature_of(model, spec)
    check_shapes(spec, dict(signature.inputs))
    outputs = list(signature.outputs)
    losses = _built_losses(config, signature, spec)
    _check_losses(losses, spec, outputs)
    sparse = {n for n, loss in losses.items() if "categorical" in loss_name(loss)}
    check_class_range(spec, {n: signature.outputs[n] for n in outputs if n in sparse})
    forms = _forms(model, signature, spec, losses)
    metrics, weighted, weights = _collected(
        lambda: _metrics("metrics", config.metrics, outputs, forms, spec),
        lambda: _metrics("weighted_metrics", config.weighted_metrics, outputs, forms, spec),
        lambda: _loss_weights(config.loss_weights, outputs),
    )
    metrics, weighted = _of_labelled(metrics, weighted, spec)
    formed = {n: _scaled(n, _formed(loss, forms.get(n)), loss, model, spec) for n, loss in losses.items()}
    if forms:
        given = {"loss": formed, "metrics": _used(metrics), "weighted_metrics": _used(weighted)}
        mistakes = [
            line
            for key, found in given.items()
            for line in objective_mistakes(key, found, spec.targets, signature.outputs)
        ]
        if mistakes:
            raise ConfigMistakes(mistakes)
    trainer = config.trainer
    optimizer = build_optimizer(config.optimizer, config.schedule)
    set_updates(optimizer, trainer)
    try:
        model.compile(
            optimizer=optimizer,
            loss=_packed(formed, signature),
            loss_weights=_packed(weights, signature) if weights and len(outputs) > 1 else None,
            metrics=_packed(_used(metrics), signature) if metrics else None,
            weighted_metrics=_packed(_used(weighted), signature) if weighted else None,
            run_eagerly=trainer.run_eagerly,
            steps_per_execution=trainer.steps_per_execution,
            jit_compile="auto" if trainer.jit_compile is None else trainer.jit_compile,
        )
    except (TypeError, ValueError) as error:
        raise ConfigError(f"model: cannot be compiled: {one_line(error)}") from error
    name_losses(model)
    saved = {"loss": losses, "metrics": _saved(metrics), "weighted_metrics": _saved(weighted)}
    _save_as_of_keras(model, {key: _packed(value, signature) if value else None for key, value in saved.items()})
    return NamedModel(model, signature)


def _of_labelled(
    metrics: dict[str, Metrics], weighted: dict[str, Metrics], spec: DataSpec
) -> tuple[dict[str, Metrics], dict[str, Metrics]]:
    """Makes the metrics of targets with missing labels weighted ones, so that rows without a label do not count."""
    lacking = [name for name in metrics if name in spec.targets and spec.targets[name].missing]
    moved = {name: together(weighted.get(name), metrics[name]) for name in lacking}
    return {n: found for n, found in metrics.items() if n not in lacking}, {**weighted, **moved}


def _save_as_of_keras(model: keras.Model, parts: dict[str, Any]) -> None:
    """Saves the model with plain Keras losses and metrics, so that it loads without this package."""
    config = getattr(model, "_compile_config", None)
    if config is not None:
        config.config.update(parts)


def _built_losses(config: PipelineConfig, signature: Signature, spec: DataSpec) -> dict[str, Any]:
    outputs = list(signature.outputs)
    losses, *_ = _collected(
        lambda: built_losses(config.loss, signature, spec),
        lambda: settings_by_output("metrics", None if config.metrics == AUTO else config.metrics, outputs),
        lambda: settings_by_output("weighted_metrics", config.weighted_metrics, outputs),
        lambda: settings_by_output("loss_weights", config.loss_weights, outputs),
    )
    return losses


def _forms(model: keras.Model, signature: Signature, spec: DataSpec, losses: dict[str, Any]) -> dict[str, OutputForm]:
    """Returns the forms of targets and outputs; empty for a model with its own code for losses and metrics."""
    if not _measures_as_keras(model):
        return {}
    forms = {}
    for name, target in spec.targets.items():
        form = OutputForm(target, signature.outputs[name])
        loss = losses.get(name)
        logits = bool(getattr(loss, "from_logits", False)) or _family(loss) == "margin"
        if logits and (form.of_classes or of_labels(form)):
            form = replace(form, activation="softmax" if _excludes(loss, form) else "sigmoid")
        forms[name] = form
    return forms


def _excludes(loss: Any, form: OutputForm) -> bool:
    """Whether logits are for exclusive classes, rather than for each class independently."""
    return form.of_classes and not form.column and _family(loss) not in ("binary", "margin")


def _family(loss: Any) -> str | None:
    return FAMILIES.get(loss_name(loss)) if loss is not None and is_of_keras(loss) else None


def _formed(loss: Any, form: OutputForm | None) -> Any:
    family = _family(loss)
    return loss if form is None or family is None else formed_loss(loss, family, loss_name(loss), form)


def _scaled(name: str, formed: Any, loss: Any, model: keras.Model, spec: DataSpec) -> Any:
    """Returns a loss of the scaled numbers if the model scales the target internally and the loss allows it."""
    scaling, of_loss = spec.targets[name].scaling, loss_name(loss)
    if scaling is None or scaling.method == LINK or not scales(model, name):
        return formed
    if not is_of_keras(loss) or of_loss not in SCALABLE:
        return formed
    return scaled_loss(formed, of_loss, scaling)


def _used(metrics: dict[str, Metrics]) -> dict[str, Any]:
    return {name: found.used for name, found in metrics.items()}


def _saved(metrics: dict[str, Metrics]) -> dict[str, Any]:
    return {name: found.saved for name, found in metrics.items() if found.saved}


def _measures_as_keras(model: keras.Model) -> bool:
    """Whether losses and metrics get targets and outputs directly, not converted by the model's own step."""
    own = ("train_step", "test_step", "compute_loss", "compute_metrics")
    return all(getattr(type(model), name) is getattr(keras.Model, name) for name in own)


def _collected(*parts: Callable[[], dict[str, Any]]) -> list[dict[str, Any]]:
    done: list[dict[str, Any]] = []
    mistakes: list[str] = []
    for part in parts:
        try:
            done.append(part())
        except ConfigMistakes as error:
            mistakes += error.mistakes
        except ConfigError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ConfigMistakes(mistakes)
    return done


def _metrics(
    key: str, value: Any, outputs: list[str], forms: dict[str, OutputForm], spec: DataSpec
) -> dict[str, Metrics]:
    if value == AUTO:
        value = {name: AUTO for name in outputs if name in spec.targets}
    found = {}
    for name, given in settings_by_output(key, value, outputs).items():
        wanted = auto_metrics(spec.targets[name]) if given == AUTO and name in spec.targets else given
        found[name] = build_metrics(key_of(key, name, outputs), wanted, forms.get(name))
    return found


def _loss_weights(value: Any, outputs: list[str]) -> dict[str, float]:
    weights = settings_by_output("loss_weights", value, outputs)
    for name, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < math.inf:
            raise ConfigError(
                f"{key_of('loss_weights', name, outputs)}: expected a number of 0 or more, got {weight!r}"
            )
    return {name: float(weights.get(name, 1.0)) for name in outputs} if weights else {}


def _check_losses(losses: dict[str, Any], spec: DataSpec, outputs: list[str]) -> None:
    if not losses:
        raise ConfigError(f"loss: expected a loss for at least one of the outputs {', '.join(outputs)}, got none")
    for name in losses:
        if name not in spec.targets:
            raise ConfigError(f"{key_of('loss', name, outputs)}: the data has no target '{name}' for the loss")


def _packed(values: dict[str, Any], signature: Signature) -> Any:
    if signature.output_form == "dict":
        return values
    return signature.pack_outputs({name: values.get(name) for name in signature.outputs})
