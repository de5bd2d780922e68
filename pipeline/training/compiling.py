"""The stage that compiles a model as the config says, the config checked against model and data."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras

from pipeline.config import PipelineConfig
from pipeline.data.checks import check_class_range, check_loss_takes_targets, check_shapes
from pipeline.data.spec import DataSpec
from pipeline.errors import ConfigError, ConfigMistakes, one_line
from pipeline.training.objective_checks import objective_mistakes
from pipeline.training.objectives import build_loss, build_metrics, by_output, loss_name
from pipeline.training.optimizers import build_optimizer
from pipeline.training.signature import Signature, signature_of
from pipeline.training.updates import set_updates


def compile_model(model: keras.Model, config: PipelineConfig, spec: DataSpec) -> Signature:
    """Compiles a model with the optimizer, losses, weights and metrics of the config.

    Args:
        model: The model; its output may lack a loss, and is then for prediction only.
        config: What it says of optimizer, schedule, losses, metrics and trainer is read.
        spec: What the data looks like.

    Returns:
        The model's signature.

    Raises:
        ConfigMistakes: Losses or metrics that do not suit the outputs, all of them.
        DataError: Inputs or targets that the model does not take.
    """
    signature = signature_of(model, spec)
    check_shapes(spec, dict(signature.inputs))
    outputs = list(signature.outputs)
    losses, metrics, weighted, weights = _collected(
        lambda: {
            n: build_loss(_key("loss", n, outputs), v) for n, v in by_output("loss", config.loss, outputs).items()
        },
        lambda: _metrics("metrics", config.metrics, outputs),
        lambda: _metrics("weighted_metrics", config.weighted_metrics, outputs),
        lambda: _loss_weights(config.loss_weights, outputs),
    )
    _check_losses(losses, spec, outputs)
    sparse = {n for n, loss in losses.items() if "categorical" in loss_name(loss)}
    check_class_range(spec, {n: signature.outputs[n] for n in outputs if n in sparse})
    if _measures_as_keras(model):
        given = {"loss": losses, "metrics": metrics, "weighted_metrics": weighted}
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
            loss=_packed(losses, signature),
            loss_weights=_packed(weights, signature) if weights and len(outputs) > 1 else None,
            metrics=_packed(metrics, signature) if metrics else None,
            weighted_metrics=_packed(weighted, signature) if weighted else None,
            run_eagerly=trainer.run_eagerly,
            steps_per_execution=trainer.steps_per_execution,
            jit_compile="auto" if trainer.jit_compile is None else trainer.jit_compile,
        )
    except (TypeError, ValueError) as error:
        raise ConfigError(f"model: cannot be compiled: {one_line(error)}") from error
    return signature


def _measures_as_keras(model: keras.Model) -> bool:
    """Whether losses and metrics get targets and outputs as they are, not as a step of the model's own makes them."""
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


def _metrics(key: str, value: Any, outputs: list[str]) -> dict[str, Any]:
    return {n: build_metrics(_key(key, n, outputs), v) for n, v in by_output(key, value, outputs).items()}


def _loss_weights(value: Any, outputs: list[str]) -> dict[str, float]:
    weights = by_output("loss_weights", value, outputs)
    for name, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < math.inf:
            raise ConfigError(
                f"{_key('loss_weights', name, outputs)}: {weight!r} is no weight; a number of 0 or more is right"
            )
    return {name: float(weights.get(name, 1.0)) for name in outputs} if weights else {}


def _check_losses(losses: dict[str, Any], spec: DataSpec, outputs: list[str]) -> None:
    if not losses:
        raise ConfigError(f"loss: none for any of the outputs {', '.join(outputs)}; one at least is right")
    for name in losses:
        if name not in spec.targets:
            raise ConfigError(f"{_key('loss', name, outputs)}: the data has no target '{name}' for the loss")
    check_loss_takes_targets(spec, {name: loss_name(loss) for name, loss in losses.items()})


def _packed(values: dict[str, Any], signature: Signature) -> Any:
    if signature.output_form == "dict":
        return values
    return signature.pack_outputs({name: values.get(name) for name in signature.outputs})


def _key(key: str, output: str, outputs: list[str]) -> str:
    return key if len(outputs) == 1 else f"{key}.{output}"
