"""Metrics of a compiled model on splits."""

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
    """Returns loss and metrics by split, named as Keras names them; splits that never end are left out.

    Raises:
        DataError: The data went wrong while it was drawn.
    """
    values = {}
    for name, split in batches.items():
        if split.endless:
            log.info("%s: never ends, not evaluated", name)
            continue
        values[name] = evaluate(model, split)
        for line in _lines(name, values[name], list(model.signature.outputs), weighted=is_weighted(split)):
            log.info("%s", line)
    return values


def _lines(name: str, values: Mapping[str, float], outputs: list[str], *, weighted: bool) -> list[str]:
    """Returns what is said of a split: a line, and one for each of several outputs, as all in one is too long."""
    found = values_by_output(values, outputs, weighted=weighted)["outputs"]
    several = len(outputs) > 1
    rows = {name: {"loss": values["loss"]} if several and "loss" in values else values}
    rows |= {f"  {output}": metrics for output, metrics in found.items() if several and metrics}
    width = max(10, *map(len, rows))
    told = [
        f"{title:{width}} {'  '.join(f'{n} {v:.4f}' for n, v in metrics.items())}" for title, metrics in rows.items()
    ]
    return [told[0] + ("  (weighted)" if weighted else ""), *told[1:]]


def is_weighted(batches: Batches) -> bool:
    """Whether the losses of a split are weighted: some of its examples weigh other than 1, as far as that is known."""
    if batches.weighted and batches.examples is not None:
        return any(bool((weights != 1).any()) for weights in batches.examples.weights.values())
    return batches.weighted


def values_by_output(values: Mapping[str, float], outputs: list[str], *, weighted: bool) -> dict[str, Any]:
    """Returns the metrics of a split as `metrics.json` has them.

    Args:
        values: Named as Keras names them: `loss`, then `<metric>` or, for several outputs, `<output>_<metric>`.
        outputs: The model's outputs.
        weighted: Whether its losses are weighted, see `is_weighted`, and so those of other splits are of another kind.

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
    """Returns the value that a sweep optimises.

    Args:
        name: A metric as Keras names it, `val_` or `test_` in front for those splits; None for the validation loss, or
            the training loss where there is no validation split.
        history: Values of each epoch, of which the last is taken where the split was not evaluated after training.
        values: Loss and metrics by split.

    Raises:
        ConfigError: There is no such metric.
    """
    known = {metric: epochs[-1] for metric, epochs in history.items() if epochs}
    prefixes = {"train": "", "validation": "val_", "test": "test_"}
    for split, metrics in values.items():
        known |= {f"{prefixes[split]}{metric}": value for metric, value in metrics.items()}
    wanted = name or ("val_loss" if "val_loss" in known else "loss")
    if wanted not in known:
        raise ConfigError(f"optimized_metric: no metric '{wanted}'{nearest(wanted, known)}")
    return known[wanted]
