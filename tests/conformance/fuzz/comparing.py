"""What differs between two outcomes of a case."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.conformance.fuzz.cases import Case
from tests.conformance.fuzz.running import Outcome

OF_TRACING = ("Gradients do not exist", "The structure of `inputs` doesn't match")
"""Warnings that come each time that a step is traced, which is at other times with ours."""


def differences(case: Case, theirs: Outcome, ours: Outcome) -> list[str]:
    """Returns a line for each thing that differs; none where the outcomes are the same but for rounding."""
    if theirs.error is not None or ours.error is not None:
        return _of_errors(theirs, ours)
    near = Tolerance(case)
    found = near.of(theirs.result, ours.result, "result")
    told = [{one for one in outcome.warnings if not one.startswith(OF_TRACING)} for outcome in (theirs, ours)]
    if told[0] != told[1]:
        found.append(f"warnings: {sorted(told[0])} with Keras, {sorted(told[1])} with ours")
    found += near.of(theirs.variables, ours.variables, "variables")
    found += _of_calls(near, theirs, ours)
    return found


class Tolerance:
    """How near values are to be.

    Args:
        case: The case.
    """

    def __init__(self, case: Case) -> None:
        recipe = case.recipe
        self.relative = 1e-2 if recipe.policy else 1e-9 if recipe.floatx == "float64" else 1e-5
        self.absolute = self.relative / 5

    def of(self, theirs: Any, ours: Any, where: str) -> list[str]:
        """Returns a line for each place at which two nests differ."""
        if isinstance(theirs, dict) and isinstance(ours, dict):
            return self._of_dicts(theirs, ours, where)
        if isinstance(theirs, (list, tuple)) and type(theirs) is type(ours):
            if len(theirs) != len(ours):
                return [f"{where}: {len(theirs)} with Keras, {len(ours)} with ours"]
            pairs = enumerate(zip(theirs, ours, strict=True))
            return [line for number, pair in pairs for line in self.of(*pair, f"{where}[{number}]")]
        return self._of_leaves(theirs, ours, where)

    def _of_dicts(self, theirs: dict[str, Any], ours: dict[str, Any], where: str) -> list[str]:
        if list(theirs) != list(ours):
            missing, more = ([name for name in a if name not in b] for a, b in ((theirs, ours), (ours, theirs)))
            if not missing and not more and where != "variables":
                return [f"{where}: {list(theirs)} with Keras, {list(ours)} with ours"]
            both = [
                line for name in theirs if name in ours for line in self.of(theirs[name], ours[name], f"{where} {name}")
            ]
            return [*both, f"{where}: {missing} only with Keras, {more} only with ours"]
        return [line for name in theirs for line in self.of(theirs[name], ours[name], f"{where} {name}")]

    def _of_leaves(self, theirs: Any, ours: Any, where: str) -> list[str]:
        if type(theirs) is not type(ours):
            return [f"{where}: a {type(theirs).__name__} with Keras, a {type(ours).__name__} with ours"]
        if isinstance(theirs, str) or theirs is None:
            return [] if theirs == ours else [f"{where}: {theirs} with Keras, {ours} with ours"]
        one, other = np.asarray(theirs), np.asarray(ours)
        if one.shape != other.shape or one.dtype != other.dtype:
            return [f"{where}: {one.dtype}{one.shape} with Keras, {other.dtype}{other.shape} with ours"]
        wide = (one.astype("float64"), other.astype("float64"))
        if np.allclose(*wide, rtol=self.relative, atol=self.absolute, equal_nan=True):
            return []
        return [f"{where}: {_short(one)} with Keras, {_short(other)} with ours"]


def _of_errors(theirs: Outcome, ours: Outcome) -> list[str]:
    if theirs.error is not None and ours.error is not None:
        return []
    told = [f"{type(one).__name__}: {str(one)[:300]!r}" if one else "no error" for one in (theirs.error, ours.error)]
    return [f"error: {told[0]} with Keras, {told[1]} with ours"]


def _of_calls(near: Tolerance, theirs: Outcome, ours: Outcome) -> list[str]:
    names = [[call[:2] for call in outcome.calls] for outcome in (theirs, ours)]
    if names[0] != names[1]:
        place = next((n for n, pair in enumerate(zip(*names, strict=False)) if pair[0] != pair[1]), None)
        if place is None:
            return [f"calls: {len(names[0])} with Keras, {len(names[1])} with ours"]
        return [f"calls[{place}]: {names[0][place]} with Keras, {names[1][place]} with ours"]
    calls = enumerate(zip(theirs.calls, ours.calls, strict=True))
    return [line for n, (one, other) in calls for line in near.of(one[2], other[2], f"calls[{n}] {one[0]}")]


def _short(array: Any) -> str:
    flat = array.reshape(-1)
    return ", ".join(f"{value:.7g}" for value in flat[:4]) + (" …" if len(flat) > 4 else "")
