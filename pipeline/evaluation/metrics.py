"""The metrics of a compiled model on splits."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pipeline.data.batches import Batches
from pipeline.errors import ConfigError, nearest
from pipeline.training.signature import NamedModel
from pipeline.training.stages import evaluate

log = logging.getLogger(__name__)


def evaluate_splits(model: NamedModel, batches: Mapping[str, Batches]) -> dict[str, dict[str, float]]:
    """Returns the loss and metrics of each split, named as Keras names them. Endless splits are left out.

    Raises:
        DataError: Reading the data failed.
    """
    values = {}
    for name, split in batches.items():
        if split.endless:
            log.info("%s: not evaluated, because it is endless", name)
            continue
        values[name] = evaluate(model, split)
        for line in _lines(name, values[name], list(model.signature.outputs), weighted=is_weighted(split)):
            log.info("%s", line)
    return values


def _lines(name: str, values: Mapping[str, float], outputs: list[str], *, weighted: bool) -> list[str]:
    """Returns the log lines of a split: one line, or one more per output if there are several."""
    found = values_by_output(values, outputs, weighted=weighted)["outputs"]
    several = len(outputs) > 1
    rows = {name: {"loss": values["loss"]} if several and "loss" in values else values}
    rows |= {f"  {output}": metrics for output, metrics in found.items() if several and metrics}
    width = max(10, *map(len, rows))
    lines = [
        f"{title:{width}} {'  '.join(f'{n} {v:.4f}' for n, v in metrics.items())}" for title, metrics in rows.items()
    ]
    return [lines[0] + ("  (weighted)" if weighted else ""), *lines[1:]]


def is_weighted(batches: Batches) -> bool:
    """Whether the losses of a split are weighted: some of its examples have a weight other than 1, if that is known."""
    if batches.weighted and batches.examples is not None:
        return any(bool((weights != 1).any()) for weights in batches.examples.weights.values())
    return batches.weighted


def values_by_output(values: Mapping[str, float], outputs: list[str], *, weighted: bool) -> dict[str, Any]:
    """Returns the metrics of a split in the form of `metrics.json`.

    Args:
        values: Named as Keras names them: `loss`, then `<metric>` or, for several outputs, `<output>_<metric>`.
        outputs: The model's outputs.
        weighted: Whether the losses are weighted, see `is_weighted`, and so not comparable with those of other splits.

    Returns:
        `{"loss": total, "weighted": false, "outputs": {output: {metric: value}}}`.
    """
    found: dict[str, dict[str, float]] = {name: {} for name in outputs}
    for metric, value in values.items():
        if len(outputs) == 1:
            found[outputs[0]][metric] = value
            continue
        owners = [name for name in outputs if metric.startswith(f"{name}_")]
        if owners:
            owner = max(owners, key=len)
            found[owner][metric.removeprefix(f"{owner}_")] = value
    return {"loss": values.get("loss"), "weighted": weighted, "outputs": found}


def optimized_value(
    name: str | None, history: Mapping[str, list[float]], values: Mapping[str, Mapping[str, float]]
) -> float:
    """Returns the value that a sweep optimizes.

    Args:
        name: A metric as Keras names it, with the prefix `val_` or `test_` for those splits. None means the validation
            loss, or the training loss if there is no validation split.
        history: The values of each epoch. The last is used if the split was not evaluated after training.
        values: The loss and metrics by split.

    Raises:
        ConfigError: The metric does not exist.
    """
    known = {metric: epochs[-1] for metric, epochs in history.items() if epochs}
    prefixes = {"train": "", "validation": "val_", "test": "test_"}
    for split, metrics in values.items():
        known |= {f"{prefixes[split]}{metric}": value for metric, value in metrics.items()}
    wanted = name or ("val_loss" if "val_loss" in known else "loss")
    if wanted not in known:
        raise ConfigError(f"optimized_metric: no metric '{wanted}'{nearest(wanted, known)}")
    return known[wanted]
