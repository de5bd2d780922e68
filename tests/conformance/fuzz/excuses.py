"""What Keras is asked instead, where ours is known to mean something else.

Each excuse names its row of `tests/conformance/differences.py` and is as narrow as can be: Keras is asked for what the
row says that ours means, and all that comes of it has to be the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.conformance.fuzz.cases import ARRAYS, Case
from tests.conformance.fuzz.compiling import are_logits
from tests.conformance.fuzz.hooks import Call
from tests.conformance.fuzz.recipes import Recipe

Calls = list[Call]


@dataclass(frozen=True)
class Excuse:
    """What is asked in cases of a known difference.

    Attributes:
        row: Name of the known difference.
        applies: Whether a case is one of these.
        theirs: What Keras is asked instead.
        ours: What ours is asked instead.
        calls: What of the calls of callbacks has to be the same.
        ignored: Patterns of lines, as `differences` gives them, that say nothing then.
    """

    row: str
    applies: Callable[[Case], bool]
    theirs: Callable[[Case], Case] = lambda case: case
    ours: Callable[[Case], Case] = lambda case: case
    calls: Callable[[Calls], Calls] = lambda calls: calls
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What is asked in a case.

    Attributes:
        theirs: What Keras is asked.
        ours: What ours is asked.
        excuses_made: The excuses for which that is not the case itself.
    """

    theirs: Case
    ours: Case
    excuses_made: list[Excuse]

    @property
    def rows(self) -> list[str]:
        """Names of the known differences."""
        return [excuse.row for excuse in self.excuses_made]

    def calls(self, calls: Calls) -> Calls:
        """Returns what of the calls of callbacks has to be the same."""
        for excuse in self.excuses_made:
            calls = excuse.calls(calls)
        return calls

    def excuses(self, line: str) -> bool:
        """Whether a line about a difference says nothing."""
        return any(re.match(pattern, line) for excuse in self.excuses_made for pattern in excuse.ignored)


def excused(case: Case) -> Asked:
    """Returns what Keras and ours are asked in a case."""
    made = [excuse for excuse in EXCUSES if excuse.applies(case)]
    theirs = ours = case
    for excuse in made:
        theirs, ours = excuse.theirs(theirs), excuse.ours(ours)
    return Asked(theirs, ours, made)


def excused_model(recipe: Recipe) -> tuple[Recipe, list[str]]:
    """Returns the model that Keras is given, and the names of the known differences for which it is another one."""
    names = [name for name in ("metrics", "weighted_metrics") if getattr(recipe, name) == "names"]
    binary = [logit and target == "binary" for logit, target in zip(are_logits(recipe), recipe.targets, strict=True)]
    if not names or not any(binary):
        return recipe, []
    return replace(recipe, **dict.fromkeys(names, "at logit 0")), [METRICS_OF_LOGITS]


METRICS_OF_LOGITS = "metrics-of-logits"


def _with(case: Case, **attributes: object) -> Case:
    return replace(case, model={**case.model, **attributes})


def _eagerly(case: Case) -> Case:
    return _with(case, run_eagerly=True)


def _by_epochs(case: Case) -> Case:
    """Returns a case whose callbacks neither record batches nor do something at them."""
    by_batch = {"rate by batch", "stop at batch", "stop at begin", "stop in evaluation"}
    left = [name for name in case.callbacks if name not in by_batch]
    return replace(case, callbacks=tuple("epochs" if name == "batches" else name for name in left))


def _ends_in_training(case: Case) -> bool:
    """Whether the training comes to an end of the data that nobody knew of."""
    if case.method != "fit" or not case.data.of_unknown_length:
        return False
    steps, epochs = case.arguments.get("steps_per_epoch"), case.arguments["epochs"]
    if steps is None:
        return True
    return steps * epochs > case.data.batches * (case.data.passes or 1)


def _ends_unforeseen(case: Case) -> bool:
    """Whether any data of unknown length is gone through without a number of steps."""
    held_out = case.validation is not None and case.validation.of_unknown_length
    steps = "steps_per_epoch" if case.method == "fit" else "steps"
    return (case.data.of_unknown_length and steps not in case.arguments) or (
        held_out and "validation_steps" not in case.arguments
    )


def _may_end(case: Case) -> bool:
    """Whether nobody knows where some of the data ends."""
    return case.data.of_unknown_length or (case.validation is not None and case.validation.of_unknown_length)


def _counts_batches_to_the_end(case: Case) -> bool:
    """Whether losses of outputs, whose means are over batches, are measured to an end that nobody knew of."""
    return len(case.recipe.targets) > 1 and _may_end(case)


def _without_rates_by_batch(case: Case) -> Case:
    return replace(case, callbacks=tuple(name for name in case.callbacks if name != "rate by batch"))


def _only_with_data(calls: Calls) -> Calls:
    """Returns calls without those that begin a batch that there is not."""
    names = [name for name, *_ in calls] + [""]
    return [
        call
        for call, following in zip(calls, names[1:], strict=True)
        if not call[0].endswith("_batch_begin") or following == call[0].replace("_begin", "_end")
    ]


def _without_last_numbers(calls: Calls) -> Calls:
    """Returns calls in which those that end the last batch of a pass do not tell its number."""
    names = [name for name, *_ in calls] + [""]
    return [
        (name, (), logs) if name.endswith("_batch_end") and not after.endswith("_batch_begin") else (name, given, logs)
        for (name, given, logs), after in zip(calls, names[1:], strict=True)
    ]


def _is_no_multiple(case: Case) -> bool:
    """Whether a number of steps is no multiple of `steps_per_execution`."""
    names = ("steps_per_epoch", "steps", "validation_steps")
    return any(case.arguments.get(name, 0) % case.steps_per_execution for name in names)


def _are_uneven(case: Case) -> bool:
    """Whether there are losses of several outputs, and batches of several sizes."""
    return len(case.recipe.targets) > 1 and any(rows % size for rows, size in _sizes(case))


def _has_lists_in_batches(case: Case) -> bool:
    """Whether batches that Python makes have lists of inputs or of targets."""
    made = [
        data for data in (case.data, case.validation) if data and data.form in ("generator", "PyDataset", "workers")
    ]
    return any("list" in (data.nest, case.recipe.nest) for data in made)


def _sizes(case: Case) -> Iterator[tuple[int, int]]:
    """Yields the examples and the size of a batch of all data whose last batch may be smaller."""
    given, arguments = case.data, case.arguments
    if "validation_split" in arguments:
        first = int(given.rows * (1 - arguments["validation_split"]))
        yield first, given.batch
        yield given.rows - first, given.batch
    elif not given.drop:
        yield given.rows, given.batch
    held_out = case.validation
    if held_out is not None and not held_out.drop:
        of_arrays = arguments.get("validation_batch_size", arguments.get("batch_size", 32))
        yield held_out.rows, of_arrays if held_out.form in ARRAYS else held_out.batch


def _validated_epochs(case: Case) -> list[int]:
    """Returns the epochs after which a training validates, counted from 1."""
    frequency = case.arguments.get("validation_freq", 1)
    epochs = range(case.arguments.get("initial_epoch", 0) + 1, case.arguments["epochs"] + 1)
    return [epoch for epoch in epochs if (epoch % frequency == 0 if isinstance(frequency, int) else epoch in frequency)]


def _goes_on_validating(case: Case) -> bool:
    """Whether validations take steps of one generator again and again."""
    held_out = case.validation is not None and case.validation.form == "generator"
    return held_out and "validation_steps" in case.arguments and len(_validated_epochs(case)) > 1


def _validating_once(case: Case) -> Case:
    return replace(case, arguments={**case.arguments, "validation_freq": _validated_epochs(case)[:1]})


EXCUSES = (
    # Run eagerly, Keras runs nothing of the step for which there is no batch.
    Excuse("end-of-data", lambda case: _ends_in_training(case) or _counts_batches_to_the_end(case), theirs=_eagerly),
    Excuse("end-of-data-warning", _ends_unforeseen, ignored=(r"warnings: ",)),
    Excuse(
        "batches-begun-without-data",
        _may_end,
        theirs=_without_rates_by_batch,
        ours=_without_rates_by_batch,
        calls=_only_with_data,
    ),
    Excuse(
        "steps-of-an-execution",
        _is_no_multiple,
        theirs=lambda case: _by_epochs(_with(case, steps_per_execution=1)),
        ours=_by_epochs,
    ),
    Excuse("numbers-of-last-calls", lambda case: case.steps_per_execution > 1, calls=_without_last_numbers),
    # Run eagerly, Keras knows the size of each batch.
    Excuse("losses-of-outputs", _are_uneven, theirs=_eagerly),
    Excuse(
        "losses-of-outputs",
        lambda case: len(case.recipe.targets) > 1,
        ignored=(r"variables metrics \d+ compile_loss/out_\d+_loss/",),
    ),
    Excuse("generators", _goes_on_validating, theirs=_validating_once, ours=_validating_once),
    Excuse(
        "class-weights-of-data",
        lambda case: case.data.form == "generator" and "class_weight" in case.arguments,
        ignored=("error: ValueError: 'Argument `class_weight` is not supported for Python generator inputs.",),
    ),
    Excuse(
        "class-weights-of-data",
        lambda case: case.data.form in ("dataset", "unknown") and "class_weight" in case.arguments,
        ignored=(r"error: InvalidArgumentError: .* indices\[\d+\] = \d+ is not in \[0, 3\).* no error with ours",),
    ),
    Excuse(
        "lists-in-batches",
        _has_lists_in_batches,
        ignored=('error: TypeError: "`output_signature` must contain objects that are subclass of `tf.TypeSpec` but',),
    ),
    Excuse(
        "validation-split",
        lambda case: case.mistake == "split",
        ignored=("error: no error with Keras, ValueError: 'validation_split: expected a share from 0 to below 1",),
    ),
)
