"""The base of trackers: callbacks that record a run somewhere, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.callbacks.callback import Callback


class Tracker(Callback):
    """A callback that records a run, from its training to its end.

    A tracker is a choice of `tracking`. It gets `run_folder`, a `Path`, if it has an argument of that name; the config
    of the run is there by then, and `pipeline.tracking.parameters.parameters_of` reads it. It contacts nobody before
    training begins, as a mistake elsewhere in the config may still end the command. This one writes lines. Epochs that
    were trained after the last snapshot are trained again on resume, so it writes the whole file each time instead of
    appending to it:

        class Lines(Tracker):
            state_types = {"lines": list[str]}

            def __init__(self, run_folder: Path) -> None:
                super().__init__()
                self.file = run_folder / "lines.txt"
                self.lines = []

            def on_epoch_end(self, epoch, logs=None):
                self.write(f"{epoch + 1} {logs}")

            def on_run_end(self, metrics, status):
                self.write(f"{status} {metrics}")

            def write(self, line):
                self.lines.append(line)
                with self.file.open("w") as file:
                    for each in self.lines:
                        print(each, file=file)

            def get_state(self):
                return {"lines": list(self.lines)}

            def set_state(self, state):
                self.lines = list(state["lines"])
    """

    def on_run_end(self, metrics: Mapping[str, Any], status: str) -> None:
        """Called when the run has ended, after all of its files but `run.json` are written.

        Args:
            metrics: What `metrics.json` holds, by split; empty if the run did not come so far.
            status: `finished`, `failed`, `interrupted` or `terminated`.
        """
