"""An MLflow store, possibly a server that does not answer."""

from __future__ import annotations

import fcntl
import importlib
import importlib.util
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, nearest, one_line
from pipeline.run.lock import WITHOUT_LOCKS
from pipeline.security.terminal import PrintableFormatter

log = logging.getLogger(__name__)

DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
OTHER_KINDS = ("http", "https", "file", "databricks", "databricks-uc", "uc")
SQLITE = "sqlite:///"
PAUSE_SECONDS = 60.0


class MLflowStore:
    """A store that never breaks or delays a run: a failure only causes a warning and a pause before the next attempt.

    Args:
        uri: MLflow's tracking URI.
        timeout_seconds: How long to wait for an answer.
        pause_seconds: How long to pause after a failure. Each further failure doubles it.
    """

    def __init__(self, uri: str, timeout_seconds: int, pause_seconds: float = PAUSE_SECONDS) -> None:
        self.uri = uri
        self._timeout = timeout_seconds
        self._client: Any = None
        self._warned = False
        self._pause, self._not_before = pause_seconds, 0.0

    @property
    def place(self) -> str:
        """The URI without user name and password."""
        return _without_credentials(self.uri)

    def attempt(self, action: Callable[[Any], object], *, seconds: int | None = None, at_once: bool = False) -> bool:
        """Calls `action` with an `MlflowClient`, unless the store is in its pause after a failure.

        Args:
            action: What to do.
            seconds: How long to wait for each answer; None for the store's own timeout.
            at_once: Whether to ignore the pause.

        Returns:
            Whether it was done.
        """
        if time.monotonic() < self._not_before and not at_once:
            return False
        try:
            with _environment(_limits(seconds or self._timeout)):
                action(self._connected())
        # A store, a driver or a proxy may raise anything. Training must not end because of it.
        except Exception as error:  # noqa: BLE001
            self._not_before = time.monotonic() + self._pause
            self._pause *= 2
            if not self._warned:
                self._warned = True
                log.warning("tracking.mlflow: %s failed, the run continues: %.300s", self.place, _reason(error))
            return False
        return True

    def experiment(self, client: Any, name: str) -> str:
        """Returns the id of an experiment, which is created if it does not exist."""
        found = client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(client.create_experiment(name))
            # Another run may have created it meanwhile.
            except importlib.import_module("mlflow").MlflowException:
                found = client.get_experiment_by_name(name)
                if found is None:
                    raise
        return str(found.experiment_id)

    def run(
        self,
        client: Any,
        experiment: str,
        folder: Path,
        name: str,
        tags: Mapping[str, str],
        run_id: str | None = None,
    ) -> Any:
        """Returns the run of a folder, which is created if it does not exist, and sets its status to running.

        Processes that ask for the run of the same folder, such as jobs asking for their sweep's, get the same run.

        Args:
            client: An `MlflowClient`.
            experiment: The id of the run's experiment.
            folder: The folder.
            name: The name of a new run.
            tags: The tags of a new run.
            run_id: The run that this folder's run continues, if it is known and still exists.
        """
        quote = '"' if "'" in str(folder) else "'"
        with _alone_in(folder):
            of_folder = f"tags.run_folder = {quote}{folder}{quote}"
            found = self._run_of_id(client, run_id, folder)
            found = found or client.search_runs([experiment], of_folder, max_results=1)
            if not found:
                return client.create_run(experiment, tags={**tags, "run_folder": str(folder)}, run_name=name)
        if found[0].info.status != "RUNNING":
            client.update_run(found[0].info.run_id, status="RUNNING")
        return found[0]

    def _run_of_id(self, client: Any, run_id: str | None, folder: Path) -> list[Any]:
        """Returns the run with that id, which belongs to this folder from now on; empty if it does not exist."""
        if run_id is None:
            return []
        try:
            run = client.get_run(run_id)
        except importlib.import_module("mlflow").MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return []
        # A snapshot from elsewhere may name any id, so runs that others created are left alone.
        if run.info.lifecycle_stage != "active" or "run_folder" not in run.data.tags:
            return []
        if run.data.tags.get("run_folder") != str(folder):
            client.set_tag(run_id, "run_folder", str(folder))
        return [run]

    def _connected(self) -> Any:
        if self._client is None:
            connect = importlib.import_module("mlflow").MlflowClient
            # MLflow's log has its own handler.
            for handler in logging.getLogger("mlflow").handlers:
                handler.setFormatter(PrintableFormatter("%(levelname)s %(name)s: %(message)s"))
            if self.uri.startswith(SQLITE):
                folder = Path(self.uri.removeprefix(SQLITE)).parent
                folder.mkdir(parents=True, exist_ok=True)
                # MLflow creates the tables of a new file; two processes that do so at once would damage it.
                with _alone_in(folder):
                    _try_database(self.uri)
                    self._client = connect(tracking_uri=self.uri)
            else:
                if re.split(r"[+:]", self.uri)[0] in DATABASES:
                    _try_database(self.uri)
                self._client = connect(tracking_uri=self.uri)
        return self._client


def check_uri(uri: str) -> None:
    """Checks that a tracking URI is valid, and that the packages it needs are installed.

    Raises:
        ConfigError: It is not, or they are not.
    """
    scheme = re.match(r"([\w-]+)(\+\w+)?:", uri)
    kind = scheme[1] if scheme else "file"
    known = {*DATABASES, *OTHER_KINDS, *(found.name for found in metadata.entry_points(group="mlflow.tracking_store"))}
    if kind not in known:
        raise ConfigError(f"tracking.mlflow: '{kind}:' does not begin a tracking URI{nearest(kind, known)}")
    for package in ("mlflow", *(("sqlalchemy", "alembic") if kind in DATABASES else ())):
        if importlib.util.find_spec(package) is None:
            raise ConfigError(
                f"tracking.mlflow: needs the package '{package}', which is not installed; "
                'install it with pip install "pipeline[mlflow]"'
            )


def _try_database(uri: str) -> None:
    """Opens a database once. MLflow would retry for minutes if it cannot be opened."""
    sqlalchemy = importlib.import_module("sqlalchemy")
    engine = sqlalchemy.create_engine(uri)
    try:
        engine.connect().close()
    finally:
        engine.dispose()


def _limits(seconds: int) -> dict[str, str]:
    """Returns settings that make MLflow give up soon and stay silent. Settings of the user stay as they are."""
    ours = {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(seconds),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_LOGGING_LEVEL": "WARNING",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    return {name: value for name, value in ours.items() if name not in os.environ}


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Sets environment variables inside the context."""
    os.environ.update(settings)
    try:
        yield
    finally:
        for name in settings:
            os.environ.pop(name, None)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Lets only one process at a time work on a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                raise
        yield
    finally:
        os.close(descriptor)


def _reason(error: BaseException) -> str:
    """Returns the first cause, such as `Connection refused`, without how often it was tried."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return _without_credentials(f"{type(error).__name__}: {one_line(error)}")


def _without_credentials(text: str) -> str:
    # A password may contain the characters that end it in an address, and may be among the parameters.
    return re.sub(r"(://\S*?)\?[^\s'\"]+", r"\1?…", re.sub(r"//\S*@", "//…@", text))
