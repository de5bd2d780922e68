"""Secrets come from the environment, and are in no file, on no console and with no tracker after that."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PASSWORD, TOKEN = "pw-5e1f0c7a", "tok-93bd41e2"
VARIABLES = {
    "NOTIFY_URL": f"json://me:{PASSWORD}@127.0.0.1:9/{TOKEN}",
    "MLFLOW_TRACKING_URI": f"http://me:{PASSWORD}@127.0.0.1:9",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "SECRET": PASSWORD,
}
RUN = ["+experiment=quickstart", "trainer.epochs=1", "callbacks=[notify]", "callbacks.notify.timeout=2"]


def places_of_secrets(folder: Path, *texts: bytes) -> list[str]:
    """Returns the files, and the numbers of the texts, that hold a secret."""
    secrets = [PASSWORD.encode(), TOKEN.encode()]
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = [str(path.relative_to(folder)) for path in files if any(secret in path.read_bytes() for secret in secrets)]
    return found + [str(number) for number, text in enumerate(texts) if any(secret in text for secret in secrets)]


@pytest.mark.parametrize(
    ("arguments", "code"), [([], (0,)), (["+callbacks.broken._target_=broken_part.Broken"], (1, 2))]
)
def test_secrets_of_the_environment_stay_there(
    arguments: list[str], code: tuple[int, ...], tmp_path: Path, broken_part: None
) -> None:
    pytest.importorskip("apprise")
    tracking = "all" if importlib.util.find_spec("mlflow") else "tensorboard"
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *RUN, f"tracking={tracking}", *arguments],
        cwd=tmp_path,
        env={**os.environ, **VARIABLES},
        capture_output=True,
        check=False,
    )
    assert done.returncode in code, done.stderr
    if 0 in code:
        assert list(tmp_path.rglob("events.out.*"))
        assert b"${oc.env:NOTIFY_URL}" in next(tmp_path.rglob("config.yaml")).read_bytes()
    assert places_of_secrets(tmp_path, done.stdout, done.stderr) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["callbacks.notify.timeout=${oc.env:SECRET}"],
        ["callbacks.notify.urls=['${oc.env:SECRET}']"],
        ["data=csv", "data.path=${oc.env:SECRET}", "data.targets=[y]"],
        ["trainer.epochs=${oc.env:SECRET}"],
        ["trainer.epochs=${oc.env:SECRET}", "debug=true"],
        ["data=csv", "data.path=${oc.env:SECRET}", "data.targets=[y]", "debug=true"],
        ["+model.${oc.env:SECRET}=1"],
    ],
)
def test_mistake_with_a_secret_of_the_environment_does_not_tell_it(
    arguments: list[str], tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("apprise")
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    done = command(*RUN, "tracking=tensorboard", *arguments)
    assert done.code == 2, done.err
    assert places_of_secrets(tmp_path, done.out.encode(), done.err.encode()) == []


@pytest.mark.parametrize(
    "argument",
    [
        f"callbacks.notify.urls=['mailto://me:{PASSWORD}@example.org']",
        f"callbacks.notify.urls=['slack://{TOKEN}/b/c']",
        f"callbacks.notify.urls=['https://hooks.slack.com/services/{TOKEN}']",
        f"tracking.mlflow.uri=http://me:{PASSWORD}@example.org",
        f"data.path='https://example.org/x.csv?token={TOKEN}'",
        f"+callbacks.mine={{_target_: my_parts.Mine, password: {PASSWORD}}}",
        f"+model.name='postgresql://me:{PASSWORD}@example.org/x'",
    ],
)
@pytest.mark.parametrize("run", [[], ["task=evaluate", "run=given"]])
def test_secret_that_is_typed_is_refused_before_anything_is_written(
    argument: str, run: list[str], tmp_path: Path, command: Callable[..., Any]
) -> None:
    done = command(*run, argument)
    assert done.code == 2
    (line,) = done.errors
    assert "holds a password or token" in line
    assert "${oc.env:" in line
    assert not list(tmp_path.iterdir())
    assert PASSWORD not in done.err
    assert TOKEN not in done.err


def test_secret_in_a_config_file_is_refused_before_it_is_copied(tmp_path: Path, command: Callable[..., Any]) -> None:
    file = tmp_path / "mine" / "experiment" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(
        "# @package _global_\ndefaults: [override /callbacks: [notify]]\n"
        f"callbacks: {{notify: {{urls: ['mailto://me:{PASSWORD}@example.org']}}}}\n"
    )
    done = command("--config-dir", "mine", "+experiment=mine")
    assert done.code == 2
    assert done.errors == [
        "callbacks.notify.urls[0]: holds a password or token, which the run folder would keep; "
        "use an environment variable such as '${oc.env:NOTIFY_URL}'"
    ]
    assert not (tmp_path / "outputs").exists()


def test_password_may_come_from_the_environment_by_itself(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("apprise")
    monkeypatch.setenv("SECRET", PASSWORD)
    address = "callbacks.notify.urls=['json://me:${oc.env:SECRET}@127.0.0.1:9']"
    done = command(*RUN, address, "report=false")
    assert done.code == 0, done.err
    assert PASSWORD not in done.out + done.err
