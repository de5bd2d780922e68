"""Cases run with Keras and with ours, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras

from tests.conformance.fuzz.cases import CASES_OF_A_MODEL, Case, drawn_case
from tests.conformance.fuzz.comparing import differences
from tests.conformance.fuzz.excuses import excused, excused_model
from tests.conformance.fuzz.running import Outcome, Pair


@dataclass(frozen=True)
class Checked:
    """A case that was run.

    Attributes:
        case: The case.
        theirs: What came of it with Keras.
        ours: What came of it with ours.
        found: A line for each thing that differs.
        rows: Names of the known differences that excused something of it.
    """

    case: Case
    theirs: Outcome
    ours: Outcome
    found: list[str]
    rows: list[str]

    def line(self) -> str:
        """Returns what became of it in a line."""
        both = " (both refuse)" if self.theirs.error and self.ours.error else ""
        both += f" ({', '.join(self.rows)})" if self.rows else ""
        return f"{self.case.number}: {self.found[0][:400] if self.found else 'same' + both}"

    def described(self) -> str:
        """Returns the case, what came of it and what differs."""
        case = self.case
        values = {**vars(case), **{f"recipe.{name}": value for name, value in vars(case.recipe).items()}}
        del values["recipe"]
        lines = [f"  {name}: {value}" for name, value in values.items()]
        for who, outcome in (("Keras", self.theirs), ("ours", self.ours)):
            error = f"{type(outcome.error).__name__}: {outcome.error}"[:600] if outcome.error else ""
            lines.append(f"  {who}: {error or outcome.result}")
        return "\n".join([self.line(), *lines, *(f"  differs: {one}" for one in self.found[:12])])


def assert_same(first: int, count: int) -> None:
    """Runs cases, and raises an AssertionError that says how to repeat those in which something differs."""
    failed = [one for one in checked(first, count) if one.found]
    assert not failed, "\n".join(
        f"{one.line()}\n  to repeat: python -m tests.conformance.fuzz --seed {one.case.number}" for one in failed
    )


def checked(first: int, count: int, *, alone: bool = False) -> Iterator[Checked]:
    """Runs cases and yields them.

    Args:
        first: Number of the first case.
        count: How many.
        alone: Whether each has a new model, rather than that which the cases before it left.
    """
    pair, recipe = None, None
    told: list[str] = []
    begin = first if alone else first - first % CASES_OF_A_MODEL
    for number in range(begin, first + count):
        case = drawn_case(number)
        if pair is None or alone or case.recipe != recipe:
            keras.backend.clear_session()
            of_keras, told = excused_model(case.recipe)
            pair, recipe = Pair(of_keras, case.recipe), case.recipe
        asked = excused(case)
        theirs, ours = pair.outcomes(asked.theirs, asked.ours)
        theirs.calls, ours.calls = asked.calls(theirs.calls), asked.calls(ours.calls)
        if theirs.error or ours.error:
            # What an error leaves of a model is not compared.
            pair = None
        if number >= first:
            found = [line for line in differences(case, theirs, ours) if not asked.excuses(line)]
            yield Checked(case, theirs, ours, found, list(dict.fromkeys(told + asked.rows)))
