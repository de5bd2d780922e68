"""Names of the files in a run folder, of the folders that contain runs, and of tasks that other modules must know."""

from __future__ import annotations

MODEL, WEIGHTS = "model.keras", "model.weights.h5"
METRICS, HISTORY, RESOURCES = "metrics.json", "history.csv", "resources.csv"
SNAPSHOTS, TENSORBOARD = "snapshots", "tensorboard"
FACTS_FILE, LOG, CONFIG_FOLDER, LOCK = "run.json", "pipeline.log", ".hydra", ".lock"
CONFIG = f"{CONFIG_FOLDER}/config.yaml"
"""The config as it was composed."""
OF_START = frozenset({CONFIG_FOLDER, LOCK, LOG, FACTS_FILE})
"""Those that exist before a task begins."""
PARENTS = ("outputs", "multirun")
"""Folders that contain the folders of runs and sweeps."""
TRAIN = "pipeline.tasks.train.train"
"""The package's task that trains."""
TRAINS = "_trains_"
"""The key of a task's node by which a user's own task says that it trains, so that it can be resumed."""

RUNNING = "running"
"""The status of a run that has not ended, or was killed."""
