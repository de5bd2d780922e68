"""Calls as plain values: what a model is called with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tests.conformance.fuzz.draws import Draws
from tests.conformance.fuzz.recipes import Recipe, drawn_recipe

CASES_OF_A_MODEL = 15
FORMS = ("arrays", "tensors", "frame", "lists", "dataset", "unknown", "endless", "generator", "PyDataset", "workers")
ARRAYS = ("arrays", "tensors", "frame", "lists")
CALLBACKS = (
    "batches", "epochs", "stop at epoch", "stop at batch", "stop at begin", "stop in evaluation", "rate by epoch",
    "rate by batch", "plateau", "early stopping", "adds to logs", "freeze", "changes weights", "terminate on nan",
)  # fmt: skip


@dataclass(frozen=True)
class Data:
    """Data.

    Attributes:
        number: What the values are drawn from.
        form: One of `FORMS`.
        rows: Number of examples.
        batch: Examples a batch.
        nest: How several inputs are nested.
        weights: `none`, `rows`, `mask`, `outputs` or `positions`.
        drop: Whether the last batch is left out if it is smaller.
        passes: How often a generator goes through the examples; it never ends for None.
    """

    number: int
    form: str
    rows: int
    batch: int
    nest: str
    weights: str
    drop: bool = False
    passes: int | None = None

    @property
    def endless(self) -> bool:
        """Whether it never ends."""
        return self.form == "endless" or (self.form == "generator" and self.passes is None)

    @property
    def of_unknown_length(self) -> bool:
        """Whether nobody knows where it ends before it does."""
        return self.form == "unknown" or (self.form == "generator" and self.passes is not None)

    @property
    def batches(self) -> int:
        """The number of batches of a pass."""
        return self.rows // self.batch if self.drop else -(-self.rows // self.batch)


@dataclass(frozen=True)
class Case:
    """A call.

    Attributes:
        number: What it was drawn from.
        recipe: The model.
        method: `fit`, `evaluate` or `predict`.
        data: The data.
        validation: The validation data, if there is some.
        arguments: Further arguments, as they are.
        callbacks: Some of `CALLBACKS`, in this order.
        mistake: What is wrong on purpose; empty for nothing.
        model: Attributes that the model has meanwhile, such as `run_eagerly`.
    """

    number: int
    recipe: Recipe
    method: str
    data: Data
    validation: Data | None
    arguments: dict[str, Any] = field(default_factory=dict)
    callbacks: tuple[str, ...] = ()
    mistake: str = ""
    model: dict[str, Any] = field(default_factory=dict)

    @property
    def steps_per_execution(self) -> int:
        """How many steps Keras runs in a call."""
        return self.model.get("steps_per_execution", self.recipe.steps_per_execution)


def drawn_case(number: int) -> Case:
    """Returns the case of a number; so many of them in a row are of the same model."""
    recipe = drawn_recipe(number // CASES_OF_A_MODEL)
    draws = Draws(number, 2)
    method = draws.pick(*["fit"] * 7, "evaluate", "evaluate", "predict")
    # Batches are of the same size in all cases of a model, so that not each of them is traced anew.
    batch = Draws(recipe.number, 3).whole(3, 5)
    data = _data(draws, recipe, batch, draws.pick(*FORMS, "arrays", "dataset"))
    if method != "fit":
        data = _finite(draws, data)
        arguments = _arguments_of_evaluation(draws, data)
        if method == "evaluate":
            arguments["return_dict"] = draws.chance(0.6)
        elif data.weights != "none":
            data = replace(data, weights="none")
        callbacks = ("batches",) if draws.chance(0.4) else ()
        return Case(number, recipe, method, data, None, arguments, callbacks)
    arguments = _arguments_of_training(draws, data)
    validation = _validation(draws, recipe, batch, data, arguments)
    callbacks = draws.some(CALLBACKS, 0.1)
    if "use_ema" in recipe.settings or "frozen" in recipe.extras:
        # Keras takes other variables for its averages, and for its updates, than those that it began with, or stops.
        callbacks = tuple(name for name in callbacks if name != "freeze")
    if draws.chance(0.3) and not {"batches", "epochs"} & set(callbacks):
        callbacks = (draws.pick("batches", "epochs"), *callbacks)
    mistake = ""
    if number % CASES_OF_A_MODEL == CASES_OF_A_MODEL - 1 and draws.chance(0.6):
        # What is refused leaves a model that nothing is compared with: it comes last.
        mistake = draws.pick("y twice", "shapes", "epochs", "weights twice", "split", "rows")
    return Case(number, recipe, method, data, validation, arguments, callbacks, mistake)


def _data(draws: Draws, recipe: Recipe, batch: int, form: str) -> Data:
    of_model = Draws(recipe.number, 4)
    weights = of_model.pick("none", "none", "none", "rows", "mask")
    if recipe.targets == ("sequence",):
        weights = of_model.pick("none", "positions", "rows")
    if len(recipe.targets) > 1 and weights != "none":
        weights = "outputs"
    if form == "frame" and (recipe.architecture == "convolution" or recipe.input_dtype == "float16"):
        form = "arrays"
    if form == "lists" and recipe.nest == "single":
        form = "arrays"
    nest = recipe.nest
    if nest == "dict" and draws.chance(0.25):
        nest = "more"
    if form == "lists":
        form, nest = "arrays", {"list": "tuple", "tuple": "list"}.get(nest, nest)
    return Data(
        number=draws.whole(0, 10**6),
        form=form,
        rows=draws.whole(5, 12),
        batch=batch,
        nest=nest,
        weights=weights,
        drop=form not in ARRAYS and draws.chance(0.2),
        passes=draws.pick(None, None, 1, 2) if form == "generator" else None,
    )


def _finite(draws: Draws, data: Data) -> Data:
    return replace(data, passes=1) if data.form == "generator" and draws.chance(0.5) else data


def _arguments_of_evaluation(draws: Draws, data: Data) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if data.form in ARRAYS:
        arguments["batch_size"] = data.batch
    if data.endless or draws.chance(0.2):
        arguments["steps"] = draws.whole(1, data.batches + (1 if draws.chance(0.2) else 0))
    return arguments


def _arguments_of_training(draws: Draws, data: Data) -> dict[str, Any]:
    arguments: dict[str, Any] = {"epochs": draws.pick(1, 1, 2, 2, 3), "shuffle": False, "verbose": 0}
    if data.form in ARRAYS:
        arguments["batch_size"] = data.batch
    if draws.chance(0.1):
        arguments["initial_epoch"] = draws.whole(1, 2)
    if data.endless or draws.chance(0.2):
        arguments["steps_per_epoch"] = draws.whole(1, data.batches + 1)
    if data.weights == "none" and draws.chance(0.08):
        arguments["class_weight"] = {0: 2.0, 1: 0.5, 2: 1.0}
    return arguments


def _validation(draws: Draws, recipe: Recipe, batch: int, data: Data, arguments: dict[str, Any]) -> Data | None:
    """Returns validation data, if any, and sets the arguments that belong to it."""
    if draws.chance(0.4):
        return None
    if draws.chance(0.3) and data.form in ("arrays", "tensors") and data.weights != "outputs":
        arguments["validation_split"] = draws.pick(0.2, 0.35, 0.5)
        made = None
    else:
        made = _data(draws, recipe, batch, draws.pick("arrays", "arrays", *FORMS))
        if made.form in ARRAYS and draws.chance(0.3):
            arguments["validation_batch_size"] = draws.whole(2, 5)
        if made.endless or draws.chance(0.2):
            arguments["validation_steps"] = draws.whole(1, made.batches)
    if draws.chance(0.3):
        arguments["validation_freq"] = draws.pick(2, [1], [2, 3])
    return made
