"""Models compiled as their recipes say: optimizer, losses, metrics."""

from __future__ import annotations

from typing import Any

import keras

from tests.conformance.fuzz.recipes import Recipe

LOSSES = {
    "number": "mse",
    "binary": "binary_crossentropy",
    "class": "sparse_categorical_crossentropy",
    "one hot": "categorical_crossentropy",
    "sequence": "sparse_categorical_crossentropy",
}
LOSSES_OF_LOGITS = {
    "binary": keras.losses.BinaryCrossentropy,
    "class": keras.losses.SparseCategoricalCrossentropy,
    "one hot": keras.losses.CategoricalCrossentropy,
    "sequence": keras.losses.SparseCategoricalCrossentropy,
}
OPTIMIZERS = {
    "sgd": keras.optimizers.SGD,
    "momentum": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
    "rmsprop": keras.optimizers.RMSprop,
    "adamw": keras.optimizers.AdamW,
    "nadam": keras.optimizers.Nadam,
    "lion": keras.optimizers.Lion,
}
RATES = {"sgd": 0.05, "momentum": 0.02}
METRICS = {
    "number": lambda: [keras.metrics.RootMeanSquaredError(name="rmse"), "mae"],
    "binary": lambda: [keras.metrics.AUC(num_thresholds=11, name="auc"), keras.metrics.BinaryAccuracy(name="right")],
    "class": lambda: [keras.metrics.SparseTopKCategoricalAccuracy(2, name="top"), "accuracy"],
    "one hot": lambda: [keras.metrics.TopKCategoricalAccuracy(2, name="top"), "acc"],
    "sequence": lambda: [keras.metrics.SparseCategoricalAccuracy(name="right")],
}


def compile_model(model: Any, recipe: Recipe) -> None:
    """Compiles a model."""
    loss, count = _losses(recipe), len(recipe.targets)
    model.compile(
        optimizer=_optimizer(recipe),
        loss=loss,
        loss_weights=_like_outputs(recipe, [0.5 + number for number in range(count)]) if recipe.loss_weights else None,
        metrics=_metrics(recipe, recipe.metrics),
        weighted_metrics=_metrics(recipe, recipe.weighted_metrics),
        steps_per_execution=recipe.steps_per_execution,
        run_eagerly=recipe.run_eagerly,
        jit_compile=recipe.jit_compile,
    )


def _optimizer(recipe: Recipe) -> Any:
    settings, arguments = recipe.settings, {}
    rate: Any = RATES.get(recipe.optimizer, 0.01)
    if "schedule" in settings:
        rate = keras.optimizers.schedules.ExponentialDecay(rate, decay_steps=3, decay_rate=0.8)
    if recipe.optimizer == "momentum":
        arguments |= {"momentum": 0.9, "nesterov": True}
    for name in ("clipnorm", "clipvalue", "global_clipnorm"):
        if name in settings:
            arguments[name] = 0.1
    if "use_ema" in settings:
        arguments |= {"use_ema": True, "ema_momentum": 0.8}
        arguments["ema_overwrite_frequency"] = 3 if "ema_overwrite" in settings else None
    if "accumulation" in settings:
        arguments["gradient_accumulation_steps"] = 2
    if "loss_scale" in settings:
        arguments["loss_scale_factor"] = 8.0
    if "weight_decay" in settings:
        arguments["weight_decay"] = 0.01
    optimizer = OPTIMIZERS[recipe.optimizer](rate, name="optimizer", **arguments)
    if "dynamic_loss_scale" in settings:
        return keras.optimizers.LossScaleOptimizer(optimizer, dynamic_growth_steps=3, name="scaled")
    return optimizer


def _losses(recipe: Recipe) -> Any:
    made = [_loss(recipe, target) for target in recipe.targets]
    if recipe.losses == "same":
        return "mse"
    if recipe.losses == "partial":
        made[-1] = None
    return _like_outputs(recipe, made)


def _loss(recipe: Recipe, target: str) -> Any:
    logits = recipe.from_logits and target != "number"
    return LOSSES_OF_LOGITS[target](from_logits=True) if logits else LOSSES[target]


def _metrics(recipe: Recipe, form: str) -> Any:
    if form == "none":
        return None
    targets = recipe.targets
    if form in ("names", "at logit 0"):
        named = [_named(target, logit, form) for target, logit in zip(targets, are_logits(recipe), strict=True)]
        return named[0] if len(targets) == 1 else _like_outputs(recipe, named)
    made = [METRICS[target]() for target in targets]
    if form == "nest" and recipe.nest == "single":
        return made
    if len(targets) == 1:
        return made[0]
    # Not every output needs metrics.
    if recipe.nest == "dict":
        return {"out_0": made[0]}
    return made


def are_logits(recipe: Recipe) -> list[bool]:
    """Returns whether each output is one of logits to its loss."""
    partial = [True] * (len(recipe.targets) - 1) + [recipe.losses != "partial"]
    logits = recipe.from_logits and recipe.losses != "same"
    return [logits and target != "number" and has for target, has in zip(recipe.targets, partial, strict=True)]


def _named(target: str, logit: bool, form: str) -> list[Any]:
    if target == "number":
        return ["mae"]
    if target == "binary" and logit and form == "at logit 0":
        return [keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)]
    return ["accuracy"]


def _like_outputs(recipe: Recipe, values: list[Any]) -> Any:
    if recipe.nest == "single":
        return values[0]
    if recipe.nest == "dict":
        return {f"out_{number}": value for number, value in enumerate(values)}
    return list(values)
