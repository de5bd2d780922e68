"""The callback that saves models for later use: the best ones and the last one."""

from __future__ import annotations

import logging
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import TypedDict

from pipeline.callbacks.callback import Callback
from pipeline.callbacks.direction import Monitored, monitored
from pipeline.errors import ConfigError
from pipeline.run.atomic_files import remove_unfinished, write_atomically, write_json
from pipeline.run.contents import holds
from pipeline.security.plain_types import Number, Whole, mistake
from pipeline.security.reading import read_json
from pipeline.training.expected_logs import metrics_of

log = logging.getLogger(__name__)
FOLDER = holds("checkpoints", "the best models and the last one")
BEST, LAST, LISTED = "best.keras", "last.keras", "checkpoints.json"


@dataclass(frozen=True)
class Checkpoint:
    """A saved model.

    Attributes:
        file: Its file name in the checkpoint folder.
        epoch: The epoch, counted from 1.
        step: The number of steps done in that epoch; None at its end.
        value: The value of the monitored metric; None if there is none.
    """

    file: str
    epoch: int
    step: int | None
    value: float | None


FileName = Annotated[str, Field(pattern=r"^epoch-[^/\\\x00]*\.keras$", max_length=255)]
"""What the file name of a checkpoint looks like."""


class CheckpointTypes(TypedDict):
    """The form of a `Checkpoint` in `checkpoints.json`."""

    file: FileName
    epoch: Whole
    step: Whole | None
    value: Number | None


class Checkpoints(Callback):
    """Saves the model as `.keras` files and keeps the best ones. The best and the last have fixed names.

    The folder holds `best.keras`, `last.keras`, a file such as `epoch-03-val_accuracy-0.9712.keras` for each kept
    checkpoint, and `checkpoints.json`, which lists the kept checkpoints with the full precision of their values. Every
    file is complete at any time: an old file is deleted only after a better one is safely written. A training that
    resumes from a snapshot continues with the checkpoints kept at that moment and removes later ones, which it will
    save again. Without a snapshot, it continues with the checkpoints that it finds. Each `Checkpoints` callback of a
    training needs its own folder.

    Args:
        folder: Where to save. It is created if it does not exist.
        monitor: The metric that decides which checkpoints are best. None keeps the newest ones and writes no
            `best.keras`. When the metric is not available, such as a validation metric after a step, only
            `last.keras` is saved.
        keep: How many of the best checkpoints to keep.
        mode: `min`, `max`, or `auto`, which takes the direction from the metric or its name.
        threshold: Keep only checkpoints that are better than this value.
        every_epochs: Save every this many epochs; None never saves after an epoch.
        every_steps: Save every this many steps, counted across all epochs; None never saves after a step.
        at_validations: Save after each validation within an epoch.

    Attributes:
        kept: The kept checkpoints, in the order in which they were saved.
        every_batch: Whether the callback must be called after every step.

    Raises:
        ConfigError: A number is invalid, or nothing says when to save; during training, the metric is not measured,
            or its direction is unknown.
    """

    saves_model = True
    state_types: ClassVar = {"kept": list[CheckpointTypes], "epoch": Whole, "begin": Whole, "steps": Whole}

    def __init__(
        self,
        folder: str,
        *,
        monitor: str | None,
        keep: int,
        mode: str = "auto",
        threshold: float | None = None,
        every_epochs: int | None = None,
        every_steps: int | None = None,
        at_validations: bool = False,
    ) -> None:
        super().__init__()
        for name, number in (("keep", keep), ("every_epochs", every_epochs), ("every_steps", every_steps)):
            if number is not None and number < 1:
                raise ConfigError(f"{name}: expected 1 or more, got {number}")
        if not (every_epochs or every_steps or at_validations):
            raise ConfigError("nothing says when to save; set every_epochs, every_steps or at_validations")
        if threshold is not None and monitor is None:
            raise ConfigError(
                f"threshold: {threshold} has no metric to apply to; set monitor, such as monitor=val_accuracy"
            )
        self.folder = Path(folder)
        self.monitored = None if monitor is None else monitored(monitor, mode)
        self.kept: list[Checkpoint] = []
        self.every_batch = every_steps is not None
        self._keep, self._threshold = keep, threshold
        self._every_epochs, self._every_steps, self._at_validations = every_epochs, every_steps, at_validations
        self._epoch, self._begin, self._steps = 0, 0, 0
        self._started = False

    @property
    def monitors(self) -> dict[str, Monitored]:
        """The metric that decides, by the argument that names it."""
        return {} if self.monitored is None else {"monitor": self.monitored}

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Creates the folder, finds the metric's direction, and checks that a validation metric has validation data."""
        if self.monitored is not None:
            self.monitored = self.monitored.settled(metrics_of(self.model))
            self.monitored.check_validated(self.params or {})
        self.folder.mkdir(parents=True, exist_ok=True)
        self.kept, self._started = [], False

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Without a snapshot, continues with the checkpoints that an earlier training left in the folder."""
        self._epoch = epoch
        if not self._started:
            self._started = True
            self._steps = int(self.model.optimizer.iterations)
            if self._steps:
                self._resume()

    def get_state(self) -> dict[str, Any]:
        """Returns the kept checkpoints and the position."""
        return {
            "kept": [asdict(one) for one in self.kept],
            "epoch": self._epoch,
            "begin": self._begin,
            "steps": self._steps,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restores the kept checkpoints and removes files from later moments."""
        self.kept = [Checkpoint(**one) for one in state["kept"]]
        self._epoch, self._begin, self._steps = state["epoch"], state["begin"], state["steps"]
        self._started = True
        self._tidy()

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Remembers where a call begins, since one call may run several steps."""
        self._begin = batch

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Saves if the steps of this call reach a multiple of `every_steps`."""
        before, self._steps = self._steps, self._steps + batch - self._begin + 1
        if self._every_steps and self._steps // self._every_steps > before // self._every_steps:
            self._save(batch + 1, logs or {})

    def on_validation_end(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:  # noqa: ARG002
        """Saves after a validation within an epoch."""
        if self._at_validations:
            self._save(step, logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Saves after the epoch."""
        if self.monitored is not None:
            self.monitored.check_logged(logs or {})
        if self._every_epochs and (epoch + 1) % self._every_epochs == 0:
            self._save(None, logs or {})

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Logs the best checkpoint, or that none was kept."""
        if self.monitored is None:
            return
        ranked = self._ranked(self.kept)
        if ranked:
            log.info("best checkpoint: %s", ranked[0].file)
        else:
            passed = "" if self._threshold is None else f" better than {self._threshold:g}"
            log.warning("no checkpoint was kept: %s had no value%s when one was due", self.monitored.name, passed)

    def _save(self, step: int | None, logs: Mapping[str, Any]) -> None:
        value = None if self.monitored is None else self.monitored.value(logs)
        new = Checkpoint(self._file(step, value), self._epoch + 1, step, value)
        kept = [*(old for old in self.kept if old.file != new.file), new]
        ranked = self._ranked(kept)
        stay, go = ranked[: self._keep], ranked[self._keep :]
        if new not in stay or not self._worth_keeping(value):
            write_atomically(self.folder / LAST, self.model.save)
            return
        write_atomically(self.folder / new.file, self.model.save)
        self.kept = [one for one in kept if one in stay]
        self._list()
        if self.monitored is not None and ranked[0] == new:
            self._point(BEST, new)
        self._point(LAST, new)
        for old in go:
            (self.folder / old.file).unlink(missing_ok=True)

    def _worth_keeping(self, value: float | None) -> bool:
        if self.monitored is None:
            return True
        if value is None or not math.isfinite(value):
            return False
        return self._threshold is None or self.monitored.better(value, self._threshold)

    def _ranked(self, checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
        """Returns the checkpoints with the best first. Among equal ones, the earlier comes first."""
        if self.monitored is None:
            return list(reversed(checkpoints))
        sign = 1 if self.monitored.mode == "min" else -1
        return sorted(checkpoints, key=lambda one: math.inf if one.value is None else sign * one.value)

    def _file(self, step: int | None, value: float | None) -> str:
        parts = [f"epoch-{self._epoch + 1:02d}"]
        if step is not None:
            parts.append(f"step-{step:05d}")
        if self.monitored is not None and value is not None:
            parts += [self._metric, f"{value:.4f}" if value == 0 or abs(value) >= 1e-3 else f"{value:.3e}"]
        return "-".join(parts) + ".keras"

    @property
    def _metric(self) -> str:
        """The metric's name, made safe for a file name."""
        return "" if self.monitored is None else self.monitored.name.replace("/", "_")

    def _point(self, name: str, checkpoint: Checkpoint) -> None:
        write_atomically(self.folder / name, partial(_link, self.folder / checkpoint.file))

    def _list(self) -> None:
        write_json(self.folder / LISTED, [asdict(one) for one in self.kept if self._is_there(one)])

    def _is_there(self, checkpoint: Checkpoint) -> bool:
        return (self.folder / checkpoint.file).is_file()

    def _resume(self) -> None:
        """Continues with the listed files and completes what a crash between two steps of saving left undone."""
        listed = self.folder / LISTED
        if not listed.is_file():
            return
        found = read_json(listed, "callbacks")
        wrong = mistake({"kept": found}, {"kept": list[CheckpointTypes]})
        if wrong is not None:
            raise ConfigError(f"callbacks: '{listed}' is not a list of checkpoints: {wrong}")
        self.kept = [one for one in (Checkpoint(**entry) for entry in found) if self._is_there(one)]
        self._tidy()

    def _tidy(self) -> None:
        """Brings the folder to the state that it had after the last kept checkpoint was saved."""
        ranked = self._ranked(self.kept)
        # A better checkpoint of a later moment may have replaced the best one. It stays until it is saved again.
        if self.monitored is not None and ranked and self._is_there(ranked[0]):
            self._point(BEST, ranked[0])
        ours = {one.file for one in self.kept}
        if self.kept or (self.folder / LISTED).is_file():
            self._list()
        named = "epoch-*.keras" if self.monitored is None else f"epoch-*-{self._metric}-*.keras"
        for path in self.folder.glob(named):
            if path.name not in ours:
                path.unlink()
        remove_unfinished(self.folder)


def _link(source: Path, path: Path) -> None:
    """Makes `path` a hard link to `source`, or a copy where the file system has no hard links."""
    path.unlink()
    try:
        os.link(source, path)
    except OSError:
        shutil.copyfile(source, path)
