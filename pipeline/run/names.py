"""Names of the files of a run folder, of the folders that runs are in, and of tasks that others must know."""

from __future__ import annotations

MODEL, WEIGHTS = "model.keras", "model.weights.h5"
METRICS, HISTORY, RESOURCES = "metrics.json", "history.csv", "resources.csv"
SNAPSHOTS, TENSORBOARD = "snapshots", "tensorboard"
FACTS_FILE, LOG, CONFIG_FOLDER, LOCK = "run.json", "pipeline.log", ".hydra", ".lock"
OF_START = frozenset({CONFIG_FOLDER, LOCK, LOG, FACTS_FILE})
"""Those that are there before a task begins."""
PARENTS = ("outputs", "multirun")
"""Folders in which runs and sweeps get folders of their own."""
TRAIN = "pipeline.tasks.train.train"
"""The task that trains."""

RUNNING = "running"
"""The status of a run that has not ended, or was killed."""
