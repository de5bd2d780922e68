"""Models from recipes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from tests.conformance.fuzz.compiling import compile_model
from tests.conformance.fuzz.own_models import own_class
from tests.conformance.fuzz.recipes import Recipe

FEATURES, CLASSES, WORDS, POSITIONS = 4, 3, 7, 5
UNITS = {"number": 1, "binary": 1, "class": CLASSES, "one hot": CLASSES, "sequence": CLASSES}
ACTIVATIONS = {"number": None, "binary": "sigmoid"}

layers = keras.layers


@contextmanager
def number_types(recipe: Recipe) -> Iterator[None]:
    """Keras' types of numbers are those of a model meanwhile."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(recipe.floatx)
    keras.config.set_dtype_policy(recipe.policy or recipe.floatx)
    try:
        yield
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])


def made_model(recipe: Recipe) -> Any:
    """Returns the compiled model of a recipe, the same one each time."""
    keras.utils.set_random_seed(recipe.number)
    makers = {
        "sequential": _sequential,
        "functional": _functional,
        "several": _several,
        "subclassed": _subclassed,
        "recurrent": _recurrent,
        "convolution": _convolution,
    }
    model = makers[recipe.architecture](recipe)
    if "frozen" in recipe.extras:
        next(layer for layer in _trained(model) if isinstance(layer, layers.Dense)).trainable = False
    compile_model(model, recipe)
    return model


def heads(recipe: Recipe) -> list[Any]:
    """Returns the last layer of each output."""
    made = []
    for number, target in enumerate(recipe.targets):
        activation = None if recipe.from_logits and target != "number" else ACTIVATIONS.get(target, "softmax")
        # The losses of numbers of 16 bits would overflow.
        dtype = recipe.floatx if recipe.policy else None
        made.append(layers.Dense(UNITS[target], activation=activation, name=f"out_{number}", dtype=dtype))
    return made


def body(recipe: Recipe, name: str = "") -> list[Any]:
    """Returns the layers between input and last layer."""
    extras = recipe.extras
    made = [
        layers.Dense(
            5,
            activation="tanh",
            kernel_regularizer="l2" if "regularizer" in extras else None,
            activity_regularizer="l1" if "activity_regularizer" in extras else None,
            name=f"dense{name}",
        )
    ]
    if "batch_norm" in extras:
        made.append(layers.BatchNormalization(momentum=0.8, name=f"norm{name}"))
    if "dropout" in extras:
        made.append(layers.Dropout(0.3, name=f"dropout{name}"))
    if "shared" in extras:
        made += [layers.Dense(5, activation="relu", name=f"shared{name}")] * 2
    return made


def nested(recipe: Recipe, values: list[Any], name: str) -> Any:
    """Returns values nested as the model has them: by name in a dict."""
    if recipe.nest == "single":
        return values[0]
    if recipe.nest == "dict":
        return {f"{name}_{number}": value for number, value in enumerate(values)}
    return tuple(values) if recipe.nest == "tuple" else values


def _trained(model: Any) -> Iterator[Any]:
    yield from model._flatten_layers(include_self=False, recursive=True)


def _sequential(recipe: Recipe) -> Any:
    first = [keras.Input((FEATURES,), dtype=_dtype(recipe))] if recipe.built else []
    # Keras' Sequential takes a layer but once.
    unique = list(dict.fromkeys(body(recipe)))
    return keras.Sequential([*first, *unique, *heads(recipe)], name="model")


def _dtype(recipe: Recipe) -> str | None:
    return recipe.input_dtype if recipe.input_dtype.startswith("float") else None


def _functional(recipe: Recipe) -> Any:
    given = keras.Input((FEATURES,), name="in_0")
    return keras.Model(given, _through(given, [*body(recipe), *heads(recipe)]), name="model")


def _several(recipe: Recipe) -> Any:
    given = [keras.Input((FEATURES,), name=f"in_{number}") for number in range(2)]
    if "shared" in recipe.extras:
        both = body(recipe)
        parts = [_through(one, both) for one in given]
    else:
        parts = [_through(one, body(recipe, f"_{number}")) for number, one in enumerate(given)]
    joined = layers.Concatenate(name="joined")(parts)
    outputs = [head(joined) for head in heads(recipe)]
    return keras.Model(nested(recipe, given, "in"), nested(recipe, outputs, "out"), name="model")


def _subclassed(recipe: Recipe) -> Any:
    unbuilt = layers.Dense(2, name="unbuilt") if "unbuilt" in recipe.extras else None
    model = own_class(recipe)([*body(recipe), *heads(recipe)], unbuilt, name="model")
    if recipe.built:
        model(keras.ops.zeros((1, FEATURES), _dtype(recipe)))
    return model


def _recurrent(recipe: Recipe) -> Any:
    given = keras.Input((POSITIONS,), name="in_0", dtype=recipe.input_dtype)
    vectors = layers.Embedding(WORDS, 4, mask_zero=True, name="embedding")(given)
    kind = layers.GRU if recipe.number % 2 else layers.LSTM
    states = kind(4, return_sequences=recipe.targets == ("sequence",), name="states")(vectors)
    return keras.Model(given, _through(states, [*body(recipe), *heads(recipe)]), name="model")


def _convolution(recipe: Recipe) -> Any:
    given = keras.Input((4, 4, 1), name="in_0", dtype=recipe.input_dtype)
    scaled = layers.Rescaling(1 / 255, name="scaled")(given)
    maps = layers.Conv2D(2, 2, activation="relu", name="maps")(scaled)
    flat = layers.Flatten(name="flat")(maps)
    return keras.Model(given, _through(flat, [*body(recipe), *heads(recipe)]), name="model")


def _through(given: Any, chain: list[Any]) -> Any:
    for layer in chain:
        given = layer(given)
    return given
