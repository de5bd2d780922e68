"""What the model gave for a split, output by output, and the examples that it got most wrong."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.batches import Batches
from pipeline.data.examples import Examples
from pipeline.data.spec import TargetSpec
from pipeline.report.shown_examples import shown_inputs, target_text

if TYPE_CHECKING:
    import keras

    from pipeline.training.signature import Signature

WORST = 24
CHUNK = 4096
SMALLEST_PROBABILITY = 1e-12


@dataclass
class Output:
    """An output that has a target.

    Attributes:
        name: Its name.
        kind: `classes` that exclude each other, `labels` that do not, or `numbers`.
        classes: Names of the classes or labels; empty for numbers.
        spec: The target's.
        predicted: Probabilities of shape (examples, classes), or numbers of shape (examples, values).
        truth: Class ids of shape (examples,), or shape (examples, values).
        losses: How wrong each example is: cross-entropy, or mean absolute error.
        worst: The most wrong ones, as (loss, row, the example).
    """

    name: str
    kind: str
    classes: Sequence[str]
    spec: TargetSpec
    predicted: np.ndarray
    truth: list[np.ndarray] = field(default_factory=list)
    worst: list[tuple[float, int, Examples]] = field(default_factory=list)

    def add(self, chunk: Examples, start: int) -> None:
        """Takes the next examples, in order."""
        target = chunk.targets[self.name]
        if self.kind == "classes":
            truth = target.argmax(axis=1) if self.spec.one_hot else target.reshape(len(target)).astype("int64")
        else:
            truth = target.reshape(len(target), -1)
        self.truth.append(truth)
        losses = self._losses(truth, self.predicted[start : start + len(truth)])
        # What does not count is no mistake.
        losses = np.where(chunk.weights.get(self.name, np.ones(len(losses))) == 0, -1, losses)
        least = self.worst[0][0] if len(self.worst) == WORST else -0.5
        for row in np.argsort(-losses, kind="stable")[:WORST]:
            if losses[row] > least:
                self._keep(float(losses[row]), start + int(row), chunk.rows(slice(row, row + 1)))

    def shown_worst(self) -> list[dict[str, Any]]:
        """Returns the most wrong examples, the worst first, as the report shows them."""
        ordered = sorted(self.worst, key=lambda item: (-item[0], item[1]))
        inputs = shown_inputs([example for _, _, example in ordered])
        return [
            {
                "row": row,
                "loss": loss,
                "true": target_text(example.targets[self.name][0], self.spec),
                **self._shown_prediction(self.predicted[row]),
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

    def _losses(self, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        if self.kind == "numbers":
            return np.abs(predicted - truth).mean(axis=1)
        if self.kind == "labels":
            right = np.where(truth > 0.5, predicted, 1 - predicted)
            return -np.log(np.maximum(right, SMALLEST_PROBABILITY)).mean(axis=1)
        return -np.log(np.maximum(predicted[np.arange(len(truth)), truth], SMALLEST_PROBABILITY))

    def _shown_prediction(self, predicted: np.ndarray) -> dict[str, Any]:
        if self.kind == "classes":
            index = int(predicted.argmax())
            return {"predicted": self.classes[index], "probability": float(predicted[index])}
        return {"predicted": target_text(predicted, replace(self.spec, classes=None)), "probability": None}


def evaluated_outputs(
    model: keras.Model, signature: Signature, batches: Batches, losses: Mapping[str, Any]
) -> tuple[list[Output], list[str]]:
    """Predicts a split.

    Args:
        model: The model.
        signature: Its signature.
        batches: The split, which is drawn twice where it is not in memory.
        losses: Loss of each output by name, which tells classes from labels, and logits from probabilities.

    Returns:
        The outputs of which there is something to say, and a line for each of the others.
    """
    from pipeline.evaluation import predict

    values = predict(model, signature, batches)
    outputs, notes = [], []
    for name, value in values.items():
        found = _output(name, value, batches.spec.targets.get(name), losses.get(name))
        if isinstance(found, Output):
            outputs.append(found)
        else:
            notes.append(f"output '{name}' has no figures: {found}")
    start = 0
    for chunk in chunks(batches) if outputs else ():
        for output in outputs:
            output.add(chunk, start)
        start += len(chunk)
    if outputs and start != len(outputs[0].predicted):
        notes.append(f"the split gave {len(outputs[0].predicted)} examples, then {start}: nothing can be compared")
        return [], notes
    return outputs, notes


def chunks(batches: Batches, *, with_inputs: bool = True) -> Iterator[Examples]:
    """Draws the examples of the first epoch in order, those in memory many at a time."""
    if batches.examples is None:
        yield from batches.epoch(0)
        return
    examples = batches.examples if with_inputs else replace(batches.examples, inputs={}, columns={})
    order = np.concatenate(list(batches.rows(0)))
    for start in range(0, len(order), CHUNK):
        yield examples.rows(order[start : start + CHUNK])


def _output(name: str, value: np.ndarray, target: TargetSpec | None, loss: Any) -> Output | str:
    """Returns the output, or why there is nothing to say of it."""
    from pipeline.evaluation.predictions import columns
    from pipeline.training.objectives import loss_name

    if target is None:
        return "the data has no target of that name"
    flat = value.reshape(len(value), -1)
    size = int(np.prod([n or 0 for n in target.shape]))
    kind = loss_name(loss) if loss is not None else ""
    if kind.startswith("binary_") and flat.shape[1] > 1 and target.shape == value.shape[1:] and not target.one_hot:
        logits = bool(getattr(loss, "from_logits", False))
        names = target.classes or tuple(f"{name}[{index}]" for index in range(flat.shape[1]))
        return Output(name, "labels", names, target, 1 / (1 + np.exp(-flat)) if logits else flat)
    table = columns({name: value}, {name: target}, {name: loss})
    probabilities = [column for key, column in table.items() if key.startswith("probability_")]
    if probabilities and (target.one_hot or size == 1):
        names = tuple(key.removeprefix("probability_") for key in table if key.startswith("probability_"))
        return Output(name, "classes", names, target, np.stack(probabilities, axis=1))
    if not probabilities and size == flat.shape[1]:
        return Output(name, "numbers", (), target, flat)
    return f"its shape {value.shape[1:]} and that of the target, {target.shape}, are neither classes nor numbers"
