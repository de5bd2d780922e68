"""The model's outputs for a split, one by one, and the examples on which it was most wrong."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.batches import Batches
from pipeline.data.examples import Examples, class_ids
from pipeline.data.spec import TargetSpec
from pipeline.data.target import IDS, UNKNOWN
from pipeline.report.shown_examples import HALF, shown_inputs, target_text

if TYPE_CHECKING:
    from pipeline.training.signature import NamedModel

WORST = 24
CHUNK = 4096
SMALLEST_PROBABILITY = 1e-12


@dataclass
class Output:
    """An output that has a target.

    An output with a class for each position has one row per position, in the order of examples.

    Attributes:
        name: Its name.
        kind: `classes` that are mutually exclusive, `labels` that are not, or `numbers`.
        classes: The names of the classes or labels; empty for numbers.
        spec: The target's spec.
        predicted: Probabilities of shape (rows, classes), or numbers of shape (examples, values).
        truth: Class ids of shape (rows,), or shape (examples, values).
        worst: The examples with the largest loss, as (loss, row, example).
        weights: Sample weights of shape (rows,); empty without weights.
        rows_per_example: The number of rows per example, one for each position.
    """

    name: str
    kind: str
    classes: Sequence[str]
    spec: TargetSpec
    predicted: np.ndarray
    truth: list[np.ndarray] = field(default_factory=list)
    worst: list[tuple[float, int, Examples]] = field(default_factory=list)
    weights: list[np.ndarray] = field(default_factory=list)
    rows_per_example: int = 1

    def add(self, chunk: Examples, start: int) -> None:
        """Adds the next examples, in order."""
        truth = self.truth_of(chunk)
        predicted = self.predicted[start * self.rows_per_example :][: len(truth)]
        weights = self.weights_of(chunk)
        counts = np.ones(len(truth), bool) if weights is None else weights != 0
        self.truth.append(truth)
        if weights is not None:
            self.weights.append(weights)
        # An example that does not count is not a mistake.
        losses = np.where(counts, self.losses(truth, predicted), 0).reshape(len(chunk), -1)
        counted = counts.reshape(len(chunk), -1).sum(axis=1)
        means = np.where(counted == 0, -1, losses.sum(axis=1) / np.maximum(1, counted))
        least = self.worst[0][0] if len(self.worst) == WORST else -0.5
        for row in np.argsort(-means, kind="stable")[:WORST]:
            if means[row] > least:
                self._keep(float(means[row]), start + int(row), chunk.rows(slice(row, row + 1)))

    @property
    def examples(self) -> int:
        """The number of predicted examples."""
        return len(self.predicted) // self.rows_per_example

    def arrays(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Returns `predicted`, `true` and, with weights, `weight` of some examples; for positions, those that count."""
        each = np.arange(self.rows_per_example)
        chosen = (rows[:, None] * self.rows_per_example + each).reshape(-1)
        weights = np.concatenate(self.weights) if self.weights else None
        if (self.spec.per_position or self.spec.missing) and weights is not None:
            chosen = chosen[weights[chosen] != 0]
        found = {"predicted": self.predicted[chosen], "true": np.concatenate(self.truth)[chosen]}
        return found if weights is None else {**found, "weight": weights[chosen]}

    def truth_of(self, chunk: Examples) -> np.ndarray:
        """Returns the true values of examples, see `truth`."""
        target = chunk.targets[self.name]
        if self.kind == "classes" and self.spec.exclusive:
            return class_ids(chunk, self.name).reshape(-1)
        if self.kind == "classes":
            return target.reshape(-1).astype("int64")
        return target.reshape(-1, target.shape[-1]) if self.kind == "labels" else target.reshape(len(target), -1)

    def weights_of(self, chunk: Examples) -> np.ndarray | None:
        """Returns the sample weights of examples, one per row; None without weights."""
        weights, rows = chunk.weights.get(self.name), self.rows_per_example
        if weights is None:
            return None
        if weights.ndim > 1 and rows == 1:
            return np.asarray(weights.reshape(len(chunk), -1).mean(axis=1))
        return np.broadcast_to(weights.reshape(len(chunk), -1), (len(chunk), rows)).reshape(-1)

    def losses(self, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Returns the error of each example: its cross-entropy or mean absolute error."""
        if self.kind == "numbers":
            return np.abs(predicted - truth).mean(axis=1)
        if self.kind == "labels":
            right = np.where(truth > HALF, predicted, 1 - predicted)
            return -np.log(np.maximum(right, SMALLEST_PROBABILITY)).mean(axis=1)
        return -np.log(np.maximum(predicted[np.arange(len(truth)), truth], SMALLEST_PROBABILITY))

    def shown_worst(self) -> list[dict[str, Any]]:
        """Returns the examples with the largest error first, in the form that the report shows."""
        ordered = sorted(self.worst, key=lambda item: (-item[0], item[1]))
        inputs = shown_inputs([example for _, _, example in ordered])
        return [
            {
                "row": row,
                "loss": loss,
                "true": target_text(example.targets[self.name][0], self.spec),
                **self._shown_prediction(self.predicted[row * self.rows_per_example :][: self.rows_per_example]),
                "inputs": shown,
            }
            for (loss, row, example), shown in zip(ordered, inputs, strict=True)
        ]

    def _keep(self, loss: float, row: int, example: Examples) -> None:
        item = (loss, row, example)
        if len(self.worst) < WORST:
            heapq.heappush(self.worst, item)
        else:
            heapq.heappushpop(self.worst, item)

    def _shown_prediction(self, predicted: np.ndarray) -> dict[str, Any]:
        if self.kind == "classes" and len(predicted) == 1:
            index = int(predicted[0].argmax())
            return {"predicted": self.classes[index], "probability": float(predicted[0, index])}
        spec = replace(self.spec, kind="", activation="", classes=None)
        value = predicted.reshape(-1)
        if self.kind == "classes":
            spec = replace(spec, classes=tuple(self.classes), shape=(len(predicted),), kind=IDS)
            value = predicted.argmax(axis=1)
        elif self.kind == "labels":
            spec, value = self.spec, predicted.reshape([size or -1 for size in self.spec.shape])
        return {"predicted": target_text(value, spec), "probability": None}


def evaluated_outputs(model: NamedModel, batches: Batches, losses: Mapping[str, Any]) -> tuple[list[Output], list[str]]:
    """Predicts a split.

    Args:
        model: The model.
        batches: The split. It is read twice if it is not in memory.
        losses: The loss of each output by name, which distinguishes classes from labels and logits from probabilities.

    Returns:
        The outputs that the report can show, and one line for each of the others.
    """
    from pipeline.evaluation import predict

    values = predict(model, batches)
    outputs, notes = [], []
    for name, value in values.items():
        found = read_output(name, value, batches.spec.targets.get(name), losses.get(name))
        if isinstance(found, Output):
            outputs.append(found)
        else:
            notes.append(f"output '{name}' has no figures: {found}")
    start = 0
    for chunk in chunks(batches) if outputs else ():
        for output in outputs:
            output.add(chunk, start)
        start += len(chunk)
    if outputs and start != outputs[0].examples:
        notes.append(f"the split gave {outputs[0].examples} examples, then {start}: nothing can be compared")
        return [], notes
    return outputs, notes


def chunks(batches: Batches, *, with_inputs: bool = True) -> Iterator[Examples]:
    """Yields the examples of the first epoch in order, many at a time if they are in memory."""
    if batches.examples is None:
        yield from batches.epoch(0)
        return
    examples = batches.examples if with_inputs else replace(batches.examples, inputs={}, columns={})
    order = np.concatenate(list(batches.rows(0)))
    for start in range(0, len(order), CHUNK):
        yield examples.rows(order[start : start + CHUNK])


def read_output(name: str, value: np.ndarray, target: TargetSpec | None, loss: Any) -> Output | str:
    """Returns the output, or the reason why the report cannot show it."""
    from pipeline.evaluation.probabilities import class_names, class_probabilities, label_probabilities

    if target is None:
        return "the data has no target of that name"
    labels = label_probabilities(value, target, loss)
    if labels is not None:
        flat = labels.reshape(-1, labels.shape[-1])
        return Output(
            name, "labels", class_names(target, flat.shape[1]), target, flat, rows_per_example=len(flat) // len(value)
        )
    probabilities = class_probabilities(value, target, loss)
    size = int(np.prod([n or 0 for n in target.shape]))
    if probabilities is not None and (target.exclusive or size == 1 or target.kind == UNKNOWN):
        flat = probabilities.reshape(-1, probabilities.shape[-1])
        return Output(
            name, "classes", class_names(target, flat.shape[1]), target, flat, rows_per_example=len(flat) // len(value)
        )
    flat = value.reshape(len(value), -1)
    if probabilities is None and size == flat.shape[1]:
        return Output(name, "numbers", (), target, flat)
    return f"its shape {value.shape[1:]} and that of the target, {target.shape}, are neither classes nor numbers"
