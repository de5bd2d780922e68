"""Records runs in MLflow."""

from __future__ import annotations

import logging
import os
import re
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, ClassVar, Literal

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf
from pydantic import Field

from pipeline.errors import one_line
from pipeline.run.folder import start_run
from pipeline.security.plain_types import Number, Whole
from pipeline.tracking.mlflow_store import MLflowStore, check_uri
from pipeline.tracking.optimizer import learning_rate, steps_made
from pipeline.tracking.parameters import flattened, parameters_of
from pipeline.tracking.tracker import Tracker

log = logging.getLogger(__name__)

LONGEST_KEY, LONGEST_PARAMETER, LONGEST_TAG = 250, 6000, 5000
"""MLflow's length limits, in characters."""
MOST_METRICS, MOST_PARAMETERS = 1000, 100
"""MLflow's limits per request."""
FILES_SECONDS = 60
"""How long to wait for the answer to a file upload, which a server may have to forward."""
STATUSES = {"finished": "FINISHED", "interrupted": "KILLED", "terminated": "KILLED"}


class MLflowTracker(Tracker):
    """Records config, metrics, files and end of a run in MLflow. The jobs of a sweep are nested in a run of its own.

    All metrics use the optimizer's steps as MLflow's step, so that validations within epochs appear between those at
    the ends of epochs. The metrics of an epoch are sent at its end in one request. Values that the store did not accept
    are kept and sent when it answers again. A run that continues in its folder, or is resumed in another one, also
    continues in MLflow.

    Args:
        run_folder: The run's folder.
        experiment: The name of the experiment. It is created if it does not exist.
        uri: MLflow's tracking URI. None takes the variable MLFLOW_TRACKING_URI or, without it, a SQLite file
            `mlflow.db` in the working directory, which is where MLflow's own commands look for it.
        files: Files of the run folder to record at the end, if they exist.
        timeout_seconds: How long to wait for a server's answer, unless MLFLOW_HTTP_REQUEST_TIMEOUT is set.

    Raises:
        ConfigError: MLflow is not installed, or does not know the URI.
    """

    state_types: ClassVar = {
        "run_id": Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None,
        "metrics": list[tuple[str, Number, Whole, Whole]],
        "tags": dict[Literal["error", "status"], str],
    }

    def __init__(
        self, run_folder: Path, experiment: str, uri: str | None, files: Sequence[str], timeout_seconds: int
    ) -> None:
        super().__init__()
        uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path('mlflow.db').absolute()}"
        check_uri(uri)
        self.folder = run_folder.absolute()
        self.run_id: str | None = None
        self._resumed: str | None = None
        self._begun = False
        self._parent: str | None = None
        self._store = MLflowStore(uri, timeout_seconds)
        self._experiment, self._files = experiment, list(files)
        self._metrics: list[tuple[str, float, int, int]] = []
        self._tags: dict[str, str] = {}

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Waits: a resumed training finds out later which run in MLflow it continues."""
        self._begun = False

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Starts the run in MLflow before the first epoch."""
        if not self._begun:
            self._begun = True
            self._store.attempt(self._send)

    def on_resume(self, epoch: int, step: int) -> None:  # noqa: ARG002
        """Continues the run in MLflow."""
        self.on_epoch_begin(epoch)

    def get_state(self) -> dict[str, Any]:
        """Returns the run in MLflow, and the values that the store has not accepted yet."""
        return {"run_id": self.run_id or self._resumed, "metrics": self._metrics, "tags": self._tags}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continues the run in MLflow that another process began."""
        self._resumed, self._metrics, self._tags = state["run_id"], state["metrics"], state["tags"]

    def on_validation_end(self, epoch: int, step: int, logs: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Keeps the results of a validation within an epoch until the epoch ends."""
        self._keep(logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Sends the values of the epoch."""
        self._keep({**(logs or {}), **learning_rate(self.model), "epoch": epoch + 1})
        self._store.attempt(self._send)

    def on_train_failure(self, error: BaseException) -> None:
        """Keeps the error."""
        self._tags["error"] = f"{type(error).__name__}: {one_line(error)}"

    def on_run_end(self, metrics: Mapping[str, Any], status: str) -> None:
        """Sends the metrics of each split, the files and the status."""
        self._keep({name.replace("/outputs/", "/"): value for name, value in flattened(metrics, "/").items()})
        self._tags["status"] = status
        if self._store.attempt(self._send, at_once=True):
            self._store.attempt(self._send_files, seconds=FILES_SECONDS)
            self._store.attempt(lambda client: self._end(client, STATUSES.get(status, "FAILED")), at_once=True)

    def _keep(self, values: Mapping[str, Any]) -> None:
        now, step = int(time.time() * 1000), steps_made(self.model)
        self._metrics += [(_key(n), float(value), now, step) for n, value in values.items() if _is_number(value)]

    def _send(self, client: Any) -> None:
        from mlflow.entities import Metric, RunTag

        if self.run_id is None:
            self.run_id = self._begin(client)
        while self._metrics:
            client.log_batch(self.run_id, metrics=[Metric(*kept) for kept in self._metrics[:MOST_METRICS]])
            del self._metrics[:MOST_METRICS]
        if self._tags:
            tags = [RunTag(name, _cut(value, LONGEST_TAG)) for name, value in self._tags.items()]
            client.log_batch(self.run_id, tags=tags)
            self._tags = {}

    def _begin(self, client: Any) -> str:
        """Creates the run, or finds the run of the folder, and returns its id."""
        from mlflow.entities import Param

        experiment = self._store.experiment(client, self._experiment)
        job = _job_in(self.folder)
        # As they are typed: an interpolation may stand for a secret of the environment.
        typed: Any = OmegaConf.to_container(job.overrides.task, resolve=False) if job else None
        facts = start_run(self.folder, sys.argv if typed is None else ["pipeline", *typed]).facts
        tags = {
            "command": shlex.join(facts["command"]),
            "git_commit": facts["git_commit"] or "",
            # MLflow itself uses these two names and shows them on its pages.
            "mlflow.source.name": shlex.join(facts["command"]),
            "mlflow.source.git.commit": facts["git_commit"] or "",
        }
        tags = {name: _cut(value, LONGEST_TAG) for name, value in tags.items() if value}
        self._tags = {"status": "running", **self._tags}
        name = f"{self.folder.parent.name}/{self.folder.name}"
        if job and job.mode == RunMode.MULTIRUN:
            # Not `sweep.dir`: outside the sweep's process, its resolver would return another folder.
            sweep = self.folder.parents[max(len(Path(job.sweep.subdir).parts), 1) - 1]
            name = str(self.folder.relative_to(sweep))
            parent = self._store.run(client, experiment, sweep, f"{sweep.parent.name}/{sweep.name}", {})
            self._parent = tags["mlflow.parentRunId"] = parent.info.run_id
        run = self._store.run(client, experiment, self.folder, name, tags, self._resumed)
        known = run.data.params
        parameters = [
            Param(_key(name), _cut(value, LONGEST_PARAMETER))
            for name, value in parameters_of(self.folder).items()
            if _key(name) not in known
        ]
        if "error" in run.data.tags:
            client.delete_tag(run.info.run_id, "error")
        for start in range(0, len(parameters), MOST_PARAMETERS):
            client.log_batch(run.info.run_id, params=parameters[start : start + MOST_PARAMETERS])
        log.info("MLflow: run %s of experiment '%s' in %s", run.info.run_id, self._experiment, self._store.place)
        return str(run.info.run_id)

    def _send_files(self, client: Any) -> None:
        for name in self._files:
            if (self.folder / name).is_file():
                below = str(Path(name).parent)
                client.log_artifact(self.run_id, str(self.folder / name), None if below == "." else below)

    def _end(self, client: Any, status: str) -> None:
        client.set_terminated(self.run_id, status)
        if self._parent is not None:
            # Every job does this, since none knows whether it is the last. The next one sets it back to running.
            client.set_terminated(self._parent, "FINISHED")


def _job_in(run_folder: Path) -> Any:
    """Returns Hydra's information about the command that runs in a folder; None if none runs there."""
    if not HydraConfig.initialized():
        return None
    job = HydraConfig.get()
    # A config that was only composed does not belong to a folder.
    if OmegaConf.is_missing(job.runtime, "output_dir"):
        return None
    return job if Path(job.runtime.output_dir).absolute() == run_folder else None


def _is_number(value: Any) -> bool:
    """Whether a value is a metric rather than a fact, such as whether losses are weighted."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _key(name: str) -> str:
    """Returns a name without the characters that MLflow refuses."""
    allowed = re.sub(r"[^\w\-. :/]", "_", name)[:LONGEST_KEY]
    # MLflow also refuses names that are not a normalized relative path.
    return allowed if str(PurePosixPath(allowed)) == allowed and ".." not in allowed else allowed.replace("/", "_")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
