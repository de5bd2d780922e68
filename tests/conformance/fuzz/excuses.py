"""What Keras is asked instead, where ours is known to mean something else.

Each excuse names its row of `tests/conformance/differences.py` and is as narrow as can be: Keras is asked for what the
row says that ours means, and all that comes of it has to be the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.conformance.fuzz.cases import Case


@dataclass(frozen=True)
class Excuse:
    """What is asked in cases of a known difference.

    Attributes:
        row: Name of the known difference.
        applies: Whether a case is one of these.
        theirs: What Keras is asked instead.
        ours: What ours is asked instead.
        ignored: Patterns of lines, as `differences` gives them, that say nothing then.
    """

    row: str
    applies: Callable[[Case], bool]
    theirs: Callable[[Case], Case] = lambda case: case
    ours: Callable[[Case], Case] = lambda case: case
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What is asked in a case.

    Attributes:
        theirs: What Keras is asked.
        ours: What ours is asked.
        rows: Names of the known differences for which that is not the case itself.
        ignored: See `Excuse`.
    """

    theirs: Case
    ours: Case
    rows: list[str]
    ignored: list[str]

    def excuses(self, line: str) -> bool:
        """Whether a line about a difference says nothing."""
        return any(re.match(pattern, line) for pattern in self.ignored)


def excused(case: Case) -> Asked:
    """Returns what Keras and ours are asked in a case."""
    theirs, ours, rows, ignored = case, case, [], []
    for excuse in EXCUSES:
        if excuse.applies(case):
            theirs, ours = excuse.theirs(theirs), excuse.ours(ours)
            rows.append(excuse.row)
            ignored += excuse.ignored
    return Asked(theirs, ours, rows, ignored)


def _with(case: Case, **attributes: object) -> Case:
    return replace(case, model={**case.model, **attributes})


def _by_epochs(case: Case) -> Case:
    """Returns a case whose callbacks do not record batches."""
    return replace(case, callbacks=tuple("epochs" if name == "batches" else name for name in case.callbacks))


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


def _is_no_multiple(case: Case) -> bool:
    """Whether a number of steps is no multiple of `steps_per_execution`."""
    names = ("steps_per_epoch", "steps", "validation_steps")
    return any(case.arguments.get(name, 0) % case.steps_per_execution for name in names)


EXCUSES = (
    Excuse("end-of-data", _ends_in_training, theirs=lambda case: _with(case, run_eagerly=True)),
    Excuse("end-of-data-warning", _ends_unforeseen, ignored=(r"warnings: ",)),
    Excuse(
        "steps-of-an-execution",
        _is_no_multiple,
        theirs=lambda case: _by_epochs(_with(case, steps_per_execution=1)),
        ours=_by_epochs,
    ),
)
