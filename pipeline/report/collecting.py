"""Writes what the report needs of a trained model and its data into the run folder, while both are available."""

from __future__ import annotations

import math
import os
import resource
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.schema import PipelineConfig
from pipeline.data.batches import Batches
from pipeline.data.examples import Examples, class_ids, count_classes, weights_like
from pipeline.data.splits import Splits
from pipeline.report.differences import from_defaults
from pipeline.report.importance import columns_of, importance
from pipeline.report.layers import layer_edges, layer_table
from pipeline.report.output_values import Output, chunks, evaluated_outputs
from pipeline.report.run_files import ARRAYS_FILE, DATA_FILE, chosen_groups, written_config, written_overrides
from pipeline.report.shown_examples import shown_inputs, shown_targets
from pipeline.run.atomic_files import write_atomically, write_json
from pipeline.run.folder import Run
from pipeline.security.numpy_archives import MOST_BYTES, MOST_NUMBERS

if TYPE_CHECKING:
    from pipeline.training.signature import NamedModel

MOST_COUNTED = 20_000
"""The number of examples of a stream that are read to count classes."""
SHOWN = 12


def collect(
    model: NamedModel,
    splits: Splits,
    batches: Mapping[str, Batches],
    config: PipelineConfig,
    run: Run,
) -> None:
    """Writes `report_data.json` and `report_data.npz`, of which, with the run's other files, `write_report` is made.

    Args:
        model: The trained model.
        splits: The data of the run, weighed.
        batches: The same by split as the loader gives it for evaluation: in order, and whole.
        config: The config.
        run: The run, whose facts and durations so far are written too.

    Raises:
        DataError: The data went wrong while it was drawn.
    """
    from pipeline.training.objectives.losses import built_losses

    name = next((n for n in ("test", "validation") if n in batches and n in config.evaluate_splits), None)
    outputs: list[Output] = []
    notes = []
    used: dict[str, Any] = {}
    if name is None:
        notes.append("neither a test nor a validation split was evaluated; set split.test, such as split.test=0.1")
    elif batches[name].endless:
        notes.append(f"the {name} split is endless, so its predictions are left out")
    else:
        losses = built_losses(config.loss, model.signature, splits.train.spec)
        outputs, notes = evaluated_outputs(model, batches[name], losses)
        if outputs:
            used, left_out = _importance(model, splits, losses, config.seed, name)
            notes += left_out
    arrays, kept = _arrays(outputs)
    examples = outputs[0].examples if outputs else 0
    if kept < examples:
        notes.append(f"computed from {kept:,} randomly drawn examples of {examples:,}")
    counts = {n: split_counts(batches[n]) for n, _ in splits.present() if n in batches}
    write_json(
        run.folder / DATA_FILE,
        {
            "split": name if outputs else None,
            "examples": examples,
            "notes": notes,
            "outputs": [
                {"name": o.name, "kind": o.kind, "classes": o.classes, "worst": o.shown_worst()} for o in outputs
            ],
            "importance": used,
            "splits": counts,
            "shown": {n: _some_examples(batches[n]) for n in counts},
            "samples_per_epoch": _samples_per_epoch(config, batches["train"], counts["train"]),
            "steps_per_epoch": config.trainer.steps_per_epoch or batches["train"].steps,
            "layers": layer_table(model.keras_model),
            "edges": layer_edges(model.keras_model),
            "trainable": sum(math.prod(weight.shape) for weight in model.keras_model.trainable_weights),
            "config_differences": _changed(run),
            "peak_memory_bytes": peak_memory(),
            "processors": os.cpu_count(),
            "devices": _devices(),
            "facts": {**run.facts, "durations_seconds": run.durations},
        },
    )
    write_atomically(run.folder / ARRAYS_FILE, lambda beside: np.savez_compressed(beside, allow_pickle=False, **arrays))


def split_counts(batches: Batches) -> dict[str, Any]:
    """Returns the number of examples of a split, the number per class, and their weights.

    For a stream, only the first examples are counted; `whole` says whether they were all.
    """
    counted, whole = 0, True
    classes: dict[str, np.ndarray] = {}
    weights: dict[str, list[np.ndarray]] = {}
    weight_sums: dict[str, np.ndarray] = {}
    for chunk in chunks(batches, with_inputs=False):
        counted += len(chunk)
        for name, array in chunk.weights.items():
            weights.setdefault(name, []).append(array)
        for name, spec in batches.spec.targets.items():
            if spec.exclusive:
                classes[name] = classes.get(name, 0) + count_classes(chunk, name)
                if name in chunk.weights:
                    weight_sums[name] = weight_sums.get(name, 0) + _weight_sums(chunk, name)
        if batches.examples is None and counted >= MOST_COUNTED:
            whole = False
            break
    means = {name: weight_sums[name] / np.maximum(1, classes[name]) for name in weight_sums}
    return {
        "examples": counted,
        "whole": whole,
        "classes": {name: counts.tolist() for name, counts in classes.items()},
        "weights": {
            name: _summary(np.concatenate([array.ravel() for array in arrays])) for name, arrays in weights.items()
        },
        "class_weights": {name: values.tolist() for name, values in means.items()},
    }


def peak_memory() -> int:
    """Returns the peak memory of the process in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Only macOS counts it in bytes.
    return most if sys.platform == "darwin" else most * 1024


def _changed(run: Run) -> list[list[str]]:
    written = written_config(run.folder)
    return from_defaults(written, chosen_groups(run.folder), written_overrides(run.folder)) if written else []


def _importance(
    model: NamedModel, splits: Splits, losses: Mapping[str, Any], seed: int, name: str
) -> tuple[dict[str, Any], list[str]]:
    """Returns the importance of inputs, and why there is none if the data has columns that could have one."""
    data = splits.named(name)
    if isinstance(data, Examples):
        return importance(model, data, losses, seed), []
    told = f"the importance of the inputs was not measured: the {name} split is streamed, not in memory"
    return {}, [told] if columns_of(data.spec) else []


def _arrays(outputs: list[Output]) -> tuple[dict[str, np.ndarray], int]:
    """Returns predictions and targets by output number, and the number of examples.

    If there are more examples than the report reads, some are drawn at random.
    """
    arrays: dict[str, np.ndarray] = {}
    kept = examples = outputs[0].examples if outputs else 0
    for output in outputs:
        kept = min(kept, max(1, MOST_NUMBERS // (output.predicted.shape[1] * output.rows_per_example)))
    one = sum(
        output.rows_per_example * array[:1].nbytes
        for output in outputs
        for array in (output.predicted, output.truth[0])
    )
    kept = min(kept, max(1, MOST_BYTES // max(1, one)))
    rows = np.arange(examples)
    if kept < examples:
        rows = np.sort(np.random.default_rng(0).choice(examples, kept, replace=False))
    for index, output in enumerate(outputs):
        arrays |= {f"{part}_{index}": array for part, array in output.arrays(rows).items()}
    return arrays, kept


def _some_examples(batches: Batches) -> list[dict[str, Any]]:
    """Returns a few examples: spread over data in memory, or the first ones of a stream."""
    if batches.examples is None:
        first = next(iter(batches.epoch(0)), None)
        examples = None if first is None else first.rows(slice(0, SHOWN))
    else:
        rows = np.linspace(0, len(batches.examples) - 1, min(SHOWN, len(batches.examples))).astype(int)
        examples = batches.examples.rows(rows)
    return [] if examples is None else _shown(examples)


def _shown(examples: Examples) -> list[dict[str, Any]]:
    pairs = zip(shown_inputs([examples]), shown_targets(examples), strict=True)
    return [{"inputs": inputs, "targets": targets} for inputs, targets in pairs]


def _weight_sums(examples: Examples, target: str) -> np.ndarray:
    """Returns the sum of the weights of each class."""
    ids = class_ids(examples, target)
    weights = weights_like(examples.weights[target], ids)
    return np.bincount(ids.ravel(), weights.ravel(), minlength=len(examples.spec.targets[target].classes or ()))


def _summary(weights: np.ndarray) -> dict[str, float]:
    return {
        "least": float(weights.min(initial=np.inf)),
        "mean": float(weights.mean()),
        "most": float(weights.max(initial=-np.inf)),
        "zero": float((weights == 0).mean()),
    }


def _samples_per_epoch(config: PipelineConfig, train: Batches, counts: Mapping[str, Any]) -> int | None:
    if config.trainer.steps_per_epoch is not None:
        return config.trainer.steps_per_epoch * train.batch_size if train.batch_size else None
    return int(counts["examples"]) if counts["whole"] else None


def _devices() -> list[str]:
    import tensorflow as tf

    return [
        str(tf.config.experimental.get_device_details(device).get("device_name", device.device_type))
        for device in tf.config.list_physical_devices()
    ]
