"""Which inputs of a table a model uses: how much its loss grows when the values of one input are shuffled."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.batches import ArrayBatches
from pipeline.data.examples import Examples
from pipeline.data.spec import DataSpec
from pipeline.report.figures import NEUTRAL, PALETTE, Figure, layout, plot_text
from pipeline.report.numbers import number
from pipeline.report.output_values import Output, read_output

if TYPE_CHECKING:
    from pipeline.training.signature import NamedModel

MOST_ROWS = 1000
MOST_COLUMNS = 100
SHUFFLES = 5
SECONDS = 10.0
"""The time in seconds after which no further inputs are measured."""
WIDEST = 100
"""Inputs with up to this many values are shuffled value by value, longer ones as a whole."""
AT_ONCE = 50_000
"""The number of examples predicted at once, whose inputs are in memory."""
MOST_DRAWN = 30
BATCH_SIZE = 1024
LOSSES = {"classes": "log loss", "labels": "log loss", "numbers": "mean absolute error"}


@dataclass(frozen=True)
class Column:
    """The unit that is shuffled.

    Attributes:
        name: Its name in the report.
        input: The input.
        index: The index of the value within the input; None for the whole input.
    """

    name: str
    input: str
    index: int | None = None


def columns_of(spec: DataSpec) -> list[Column]:
    """Returns the columns of a table; empty if an input is more than a row of values, or there is only one column."""
    columns: list[Column] = []
    for name, given in spec.inputs.items():
        if len(given.shape) > 1 or None in given.shape:
            return []
        size = given.shape[0] or 1 if given.shape else 1
        if 1 < size <= WIDEST:
            columns += [Column(f"{name}[{index}]", name, index) for index in range(size)]
        else:
            columns.append(Column(name, name))
    return columns if len(columns) > 1 else []


def importance(model: NamedModel, examples: Examples, losses: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Returns the permutation importance of each column, after L. Breiman, "Random Forests" (2001).

    Examples are sampled if there are many, only the first of many columns are measured, and time is limited; the result
    says what was done. Examples of weight 0 do not count, others count by their weights.

    Args:
        model: The model.
        examples: A split that it was not trained on.
        losses: The loss of each output by name.
        seed: The seed of the sampling and shuffling.

    Returns:
        `examples`, `of` and `shuffles` as counted; for each of `outputs` its `kind`, the `loss` of what was not
        shuffled, and `columns`: `name`, mean `growth` of the loss and its standard `deviation`, the largest first;
        `note` if columns were left out. Empty where nothing can be measured.
    """
    columns = columns_of(examples.spec)
    rows = _drawn(examples, seed)
    if not columns or len(rows) < 2:
        return {}
    sample = examples.rows(rows)
    measured = _Measured(model, sample, losses)
    base = measured.losses([np.arange(len(rows))], [None])
    at_once = max(1, AT_ONCE // (SHUFFLES * len(rows)))
    growth: dict[str, list[np.ndarray]] = {name: [] for name in base}
    start, done = time.monotonic(), 0
    while done < min(len(columns), MOST_COLUMNS) and (not done or time.monotonic() - start < SECONDS):
        chosen = columns[done : done + at_once][: MOST_COLUMNS - done]
        orders = [
            np.random.default_rng([seed, done + number, shuffle]).permutation(len(rows))
            for number in range(len(chosen))
            for shuffle in range(SHUFFLES)
        ]
        found = measured.losses(orders, [column for column in chosen for _ in range(SHUFFLES)])
        for name, parts in growth.items():
            parts.append((found[name] - base[name]).reshape(len(chosen), SHUFFLES))
        done += len(chosen)
    left_out = f"only the first {done:,} of {len(columns):,} inputs were measured" if done < len(columns) else ""
    return {
        "examples": len(rows),
        "of": len(examples),
        "shuffles": SHUFFLES,
        "note": left_out,
        "outputs": {
            name: {
                "kind": measured.kinds[name],
                "loss": float(base[name][0]),
                "columns": _sorted(columns, np.concatenate(parts)),
            }
            for name, parts in growth.items()
        },
    }


class _Measured:
    """The mean losses of a model on a sample with shuffled columns."""

    def __init__(self, model: NamedModel, sample: Examples, losses: Mapping[str, Any]) -> None:
        self._model, self._sample, self._losses = model, sample, losses
        self.kinds: dict[str, str] = {}

    def losses(self, orders: Sequence[np.ndarray], columns: Sequence[Column | None]) -> dict[str, np.ndarray]:
        """Returns the mean loss by output for each column, shuffled into its order, shape (columns,)."""
        from pipeline.evaluation import predict

        given = _shuffled(self._sample, orders, columns)
        batches = ArrayBatches(given, BATCH_SIZE, shuffle=False, seed=0)
        found = {}
        for name, value in predict(self._model, batches).items():
            output = read_output(name, value, self._sample.spec.targets.get(name), self._losses.get(name))
            weights = output.weights_of(self._sample) if isinstance(output, Output) else None
            if isinstance(output, Output) and (weights is None or weights.any()):
                truth = output.truth_of(self._sample)
                each = output.losses(np.concatenate([truth] * len(orders)), output.predicted)
                found[name] = np.average(each.reshape(len(orders), len(truth)), axis=1, weights=weights)
                self.kinds[name] = output.kind
        return found


def importance_figure(found: Mapping[str, Any], name: str, split: str) -> Figure | None:
    """Returns the figure of an output from the result of `importance`; None if that is empty."""
    of = found.get("outputs", {}).get(name)
    columns = [column for column in of["columns"] if None not in column.values()] if of else []
    if not columns or of["loss"] is None:
        return None
    drawn, loss = columns[:MOST_DRAWN], LOSSES[of["kind"]]
    names = [plot_text(column["name"], 26) for column in drawn]
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [column["growth"] for column in drawn],
        # Numbers instead of names, since two names may look alike.
        "y": list(range(len(drawn))),
        "error_x": {"type": "data", "array": [column["deviation"] for column in drawn], "color": NEUTRAL,
                    "thickness": 1.5, "width": 3},
        "customdata": names,
        "marker": {"color": PALETTE[0]},
        "hovertemplate": "%{customdata}: %{x}<extra></extra>",
    }  # fmt: skip
    most = ", ".join(f"{column['name']} {number(column['growth'])}" for column in drawn[:5])
    how = [
        f"{found['examples']:,} of {found['of']:,} examples of the {split} split, {found['shuffles']} times",
        "lines are standard deviations",
        found["note"],
        f"the {len(drawn)} largest of {len(columns)}" if len(drawn) < len(columns) else "",
    ]
    title = (
        f"Importance of the inputs: growth of the {loss}, {number(of['loss'])}, when the values of one are shuffled "
        f"({'; '.join(part for part in how if part)})"
    )
    ticks = {"tickmode": "array", "tickvals": trace["y"], "ticktext": names, "autorange": "reversed"}
    shown = layout(f"growth of the {loss}", "", yaxis=ticks, height=110 + 26 * len(drawn), showlegend=False)
    return Figure(title, f"importance of the inputs for {name}: {most}", [trace], shown)


def _drawn(examples: Examples, seed: int) -> np.ndarray:
    """Returns the sampled rows, in order."""
    rows = np.arange(len(examples))
    if set(examples.weights) >= set(examples.spec.targets):
        counted = [(weights > 0).reshape(len(examples), -1).any(axis=1) for weights in examples.weights.values()]
        rows = np.flatnonzero(np.any(counted, axis=0))
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))


def _shuffled(sample: Examples, orders: Sequence[np.ndarray], columns: Sequence[Column | None]) -> Examples:
    """Returns the inputs of a sample once per column, with the values of that column in another order."""
    same = np.arange(len(sample))
    inputs = {}
    for name, array in sample.inputs.items():
        copies = []
        for order, column in zip(orders, columns, strict=True):
            index = column.index if column is not None and column.input == name else None
            whole = column is not None and column.input == name and index is None
            copies.append(array[order if whole else same])
            if index is not None:
                copies[-1][:, index] = array[order, index]
        inputs[name] = np.concatenate(copies)
    return replace(sample, inputs=inputs, targets={}, weights={}, columns={})


def _sorted(columns: Sequence[Column], growth: np.ndarray) -> list[dict[str, Any]]:
    means, deviations = growth.mean(axis=1), growth.std(axis=1)
    return [
        {"name": columns[row].name, "growth": float(means[row]), "deviation": float(deviations[row])}
        for row in np.argsort(-means, kind="stable")
    ]
