"""Names of the files of a run folder, of the folders that runs are in, and of tasks that others must know."""

from __future__ import annotations

MODEL, WEIGHTS = "model.keras", "model.weights.h5"
CONTENTS = {
    MODEL: "the trained model",
    WEIGHTS: "its weights alone, as it cannot be saved and loaded",
    "metrics.json": "each split, each output",
    "history.csv": "one row per epoch",
    "resources.csv": "memory and processor use",
    "predictions.parquet": "one row per example",
    "predictions.csv": "one row per example",
    "predictions.npz": "one row per example",
    "report.html": "the report, for a browser",
    "checkpoints": "the best models and the last one",
    "snapshots": "the state of the training, for resume",
    "tensorboard": "logs for TensorBoard",
    "lr_find.html": "the loss over the learning rate",
    "lr_find.csv": "one row per step",
    "benchmark.json": "seconds of each epoch",
    "inspect.html": "the look at the data, for a browser",
    "inspect.json": "the same as values",
    "run.json": "versions, seed, command, data, durations, status",
    "pipeline.log": "the log",
    ".hydra": "the config",
    "fold_1": "the run of the first fold, as the others are",
}
PARTS = frozenset(CONTENTS) | {".lock", "report_data.json", "report_data.npz"}
"""All files and folders of ours in a run folder."""

OF_START = frozenset({".hydra", ".lock", "pipeline.log", "run.json"})
"""Those that are there before a task begins."""
PARENTS = ("outputs", "multirun")
"""Folders in which runs and sweeps get folders of their own."""
TRAIN = "pipeline.tasks.train.train"
"""The task that trains."""
INSPECT = "pipeline.tasks.inspect.inspect"
"""The task that looks at data, which needs nothing of Keras."""

FACTS_FILE = "run.json"
RUNNING = "running"
"""The status of a run that has not ended, or was killed."""
