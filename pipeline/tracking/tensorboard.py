"""Records runs for TensorBoard."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any, ClassVar

import keras
import tensorflow as tf

from pipeline.errors import one_line
from pipeline.run.atomic_files import check_is_text
from pipeline.run.names import TENSORBOARD
from pipeline.security.plain_types import Whole
from pipeline.tracking.optimizer import learning_rate, steps_made
from pipeline.tracking.parameters import flattened, parameters_of
from pipeline.tracking.tracker import Tracker

log = logging.getLogger(__name__)
SUFFIX = ".tracking.v2"
"""Distinguishes the files of this tracker from those of `keras.callbacks.TensorBoard` in the same folder."""
OURS = f"*/events.out.tfevents.*{SUFFIX}"


class TensorBoardTracker(Tracker):
    """Writes event files to `tensorboard/train`, `tensorboard/validation` and those of other splits, in the run folder.

    Names are those of `keras.callbacks.TensorBoard`, such as `epoch_loss` by epoch, so that runs of both can be
    compared. In addition there are `step_loss` by step for validations within epochs, `evaluation_loss` for results
    after training, and the config as a table among the texts.

    Args:
        run_folder: The run's folder.
        histograms: Write histograms of all weights every this many epochs; 0 for never.
        graph: Whether to write the graph of layers of a functional or sequential model.
    """

    every_batch = False
    state_types: ClassVar = {"within": bool, "lengths": dict[str, Whole]}

    def __init__(self, run_folder: Path, histograms: int, graph: bool) -> None:
        super().__init__()
        self.folder = run_folder / TENSORBOARD
        check_is_text(self.folder, "tracking.tensorboard")
        self._parameters = parameters_of(run_folder)
        self._histograms, self._graph = histograms, graph
        self._within = False
        self._writers: dict[str, Any] = {}
        self._begun = False
        self._lengths: dict[str, int] = {}

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Waits: a resumed training has already written the config and the graph."""
        self._begun = False

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Writes the config and the graph before the first epoch."""
        if self._begun:
            return
        self._begun = True
        with self._writer("train").as_default(step=0):
            if self._parameters:
                tf.summary.text("parameters", _table(self._parameters))
            if self._graph:
                self._write_graph()
        self._flush()

    def get_state(self) -> dict[str, Any]:
        """Returns the lengths of the event files."""
        return {"within": self._within, "lengths": self._lengths}

    def set_state(self, state: dict[str, Any]) -> None:
        """Removes what was written at later moments from the event files, and continues in new ones."""
        self._begun = True
        self._within, self._lengths = state["within"], state["lengths"]
        self._close()
        for path in self.folder.glob(OURS):
            length = self._lengths.get(str(path.relative_to(self.folder)))
            if length is None:
                path.unlink()
            elif path.stat().st_size > length >= 0:
                os.truncate(path, length)

    def on_validation_end(self, epoch: int, step: int, logs: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Writes the results of a validation within an epoch."""
        self._within = True
        self._write_by_step(logs)
        self._flush()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Writes the values of the epoch."""
        values = {**(logs or {}), **learning_rate(self.model)}
        for name, value in values.items():
            self._write(_split(name), f"epoch_{name.removeprefix('val_')}", value, epoch)
        if self._within:
            self._write_by_step(values)
        if self._histograms and epoch % self._histograms == 0:
            with self._writer("train").as_default(step=epoch):
                for weight in self.model.weights:
                    tf.summary.histogram(weight.path, keras.ops.convert_to_numpy(weight))
        self._flush()

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Closes the files."""
        self._close()

    def on_run_end(self, metrics: Mapping[str, Any], status: str) -> None:  # noqa: ARG002
        """Writes the results after training."""
        for split, measured in metrics.items():
            for name, value in flattened(measured, "/").items():
                if isinstance(value, bool):
                    continue
                self._write(split, f"evaluation_{name.removeprefix('outputs/')}", value, steps_made(self.model))
        self._close()

    def _write_graph(self) -> None:
        if not getattr(self.model, "inputs", None):
            log.warning("tracking.tensorboard: no graph, because the model is neither functional nor sequential")
            return
        try:
            tf.summary.write("keras", self.model.to_json(), metadata=_graph_metadata())
        # A user's own layer may not be able to return its config.
        except (NotImplementedError, TypeError, ValueError) as error:
            log.warning("tracking.tensorboard: no graph: %s", one_line(error))

    def _write_by_step(self, logs: Mapping[str, Any]) -> None:
        for name, value in logs.items():
            if _split(name) == "validation":
                self._write("validation", f"step_{name.removeprefix('val_')}", value, steps_made(self.model))

    def _write(self, split: str, name: str, value: Any, step: int) -> None:
        if isinstance(value, Real):
            with self._writer(split).as_default(step=step):
                tf.summary.scalar(name, float(value))

    def _writer(self, split: str) -> Any:
        if split not in self._writers:
            self._writers[split] = tf.summary.create_file_writer(str(self.folder / split), filename_suffix=SUFFIX)
        return self._writers[split]

    def _flush(self) -> None:
        for writer in self._writers.values():
            writer.flush()
        self._lengths = {str(path.relative_to(self.folder)): path.stat().st_size for path in self.folder.glob(OURS)}

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def _split(name: str) -> str:
    return "validation" if name.startswith("val_") else "train"


def _table(parameters: Mapping[str, str]) -> str:
    """Returns parameters as a table in Markdown."""
    rows = [f"| {name} | {_cell(value)} |" for name, value in parameters.items()]
    return "\n".join(["| parameter | value |", "| --- | --- |", *rows])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "&#124;")


def _graph_metadata() -> Any:
    """Returns the metadata that marks a summary as a Keras model for TensorBoard's graphs."""
    metadata = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "graph_keras_model"
    metadata.plugin_data.content = b"1"
    return metadata
