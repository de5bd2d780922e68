"""A case run with Keras or with ours, and what came of it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

import pipeline
from tests.conformance.fuzz.cases import Case
from tests.conformance.fuzz.data import made_data
from tests.conformance.fuzz.hooks import Call, made_callbacks
from tests.conformance.fuzz.models import made_model, number_types
from tests.conformance.fuzz.recipes import Recipe
from tests.conformance.graphs import unoptimized

THEIRS: dict[str, Callable[..., Any]] = {name: getattr(keras.Model, name) for name in ("fit", "evaluate", "predict")}
OURS: dict[str, Callable[..., Any]] = {name: getattr(pipeline, name) for name in ("fit", "evaluate", "predict")}


@dataclass
class Outcome:
    """What came of a call.

    Attributes:
        error: The error that it raised; None for none.
        warnings: Its warnings.
        result: What it returned; the history of a training by epoch.
        variables: Those of the model, of its optimizer and of its metrics, by path.
        calls: The calls of callbacks.
    """

    error: BaseException | None = None
    warnings: list[str] = field(default_factory=list)
    result: Any = None
    variables: dict[str, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)


class Pair:
    """The same model twice, for Keras and for ours.

    Args:
        theirs: The model for Keras.
        ours: The model for ours: the same, but for known differences.
    """

    def __init__(self, theirs: Recipe, ours: Recipe) -> None:
        self._recipe = ours
        with number_types(ours), unoptimized():
            self.theirs, self.ours = made_model(theirs), made_model(ours)

    def outcomes(self, theirs: Case, ours: Case) -> tuple[Outcome, Outcome]:
        """Runs a case with Keras, then with ours, from the same state.

        Args:
            theirs: What Keras is asked.
            ours: What ours is asked: the same, but for known differences.
        """
        with number_types(self._recipe), unoptimized():
            self._equalize()
            return run(theirs, self.theirs, THEIRS), run(ours, self.ours, OURS)

    def _equalize(self) -> None:
        """Undoes the differences that rounding left."""
        ours = variables(self.ours)
        for path, value in variables(self.theirs).items():
            if path in ours and ours[path].shape == value.shape:
                ours[path].assign(value)


def variables(model: Any) -> dict[str, Any]:
    """Returns the variables of a model, of its optimizer and of its metrics by path."""
    found = {}
    groups = (model.variables, model.optimizer.variables, model.metrics_variables)
    for kind, group in zip(("model", "optimizer", "metrics"), groups, strict=True):
        for number, variable in enumerate(group):
            # What Keras makes by itself is counted in the whole process.
            path = re.sub(r"\b(seed_generator|loss_scale_optimizer|variable)_\d+", r"\1", variable.path)
            found[f"{kind} {number} {path}"] = variable
    return found


def run(case: Case, model: Any, methods: dict[str, Callable[..., Any]]) -> Outcome:
    """Runs a case."""
    outcome = Outcome()
    for layer in model._flatten_layers(include_self=False):
        if layer.name.startswith("dense") and "frozen" not in case.recipe.extras:
            layer.trainable = True
    arguments = arguments_of(case, outcome.calls)
    keras.utils.set_random_seed(case.number)
    with warnings.catch_warnings(record=True) as told, _changed(model, case.model):
        warnings.simplefilter("always")
        try:
            result = methods[case.method](model, **arguments)
            outcome.result = (result.epoch, result.history) if case.method == "fit" else result
        except Exception as error:  # noqa: BLE001
            outcome.error = error
    outcome.warnings = [str(one.message) for one in told if not issubclass(one.category, DeprecationWarning)]
    outcome.variables = {path: np.array(value) for path, value in variables(model).items()}
    return outcome


@contextmanager
def _changed(model: Any, attributes: dict[str, Any]) -> Iterator[None]:
    """A compiled model has other attributes meanwhile."""
    if not attributes:
        yield
        return
    functions = {name: getattr(model, name) for name in ("train_function", "test_function", "predict_function")}
    before = {name: getattr(model, name) for name in attributes}
    for name, value in (attributes | dict.fromkeys(functions)).items():
        setattr(model, name, value)
    try:
        yield
    finally:
        for name, value in (before | functions).items():
            setattr(model, name, value)


def arguments_of(case: Case, calls: list[Call]) -> dict[str, Any]:
    """Returns the arguments of a call."""
    arguments = dict(case.arguments)
    x, y, weights = made_data(case.data, case.recipe, targets=case.method != "predict")
    arguments |= {"x": x, "callbacks": made_callbacks(case.callbacks, calls), "verbose": 0}
    if y is not None:
        arguments["y"] = y
    if weights is not None:
        arguments["sample_weight"] = weights
    if case.validation is not None:
        held_out = made_data(case.validation, case.recipe)
        parts = tuple(part for part in held_out if part is not None)
        arguments["validation_data"] = parts if len(parts) > 1 else parts[0]
    return _with_mistake(arguments, case.mistake)


def _with_mistake(arguments: dict[str, Any], mistake: str) -> dict[str, Any]:
    if mistake == "y twice":
        arguments["y"] = arguments["x"]
    elif mistake == "shapes":
        arguments["y"] = np.zeros((3, 9), "float32")
    elif mistake == "epochs":
        arguments["epochs"] = 0
    elif mistake == "weights twice":
        arguments |= {"class_weight": {0: 1.0, 1: 2.0, 2: 1.0}, "sample_weight": np.ones(arguments["epochs"])}
    elif mistake == "split":
        arguments |= {"validation_split": 1.5, "validation_data": None}
    elif mistake == "rows":
        arguments["steps_per_epoch"] = 0
    return arguments
