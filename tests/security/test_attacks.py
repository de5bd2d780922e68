"""Configs of strangers: what they want to run, to write or to send does not happen, and one line says why.

Each is an experiment file in a folder that the user adds by `--config-dir`. All of them do what they say where the rule
that stops them is left out.
"""

import base64
import marshal
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RUN = "{_target_: os.mkdir, path: pwned}"
MARK = "import pathlib; pathlib.Path('pwned').touch()"


def lambda_code() -> str:
    """The code of a function as a saved Lambda layer has it; it leaves the mark when the layer is called."""
    code = (lambda x: (__import__("pathlib").Path("pwned").touch(), x)[1]).__code__
    return base64.b64encode(marshal.dumps(code)).decode()


LAMBDA = f"""
  _target_: keras.Sequential
  layers:
    - {{_target_: keras.Input, shape: [8, 8, 1]}}
    - _target_: keras.layers.Lambda.from_config
      safe_mode: false
      config:
        function: {{class_name: __lambda__, config: {{code: "{lambda_code()}", defaults: null, closure: null}}}}
    - {{_target_: keras.layers.Flatten}}
    - {{_target_: keras.layers.Dense, units: 10, activation: softmax}}
"""

CODE = {
    "a command": ("data: {_target_: os.system, command: touch pwned}", "data._target_: 'os.system' is not part"),
    "a process": ("data: {_target_: subprocess.Popen, args: [touch, pwned]}", "'subprocess.Popen' is not part"),
    "exec": (f'data: {{_target_: builtins.exec, _args_: ["{MARK}"]}}', "'builtins.exec' is not part"),
    "a module in the working folder": ("data: {_target_: stranger.part}", "'stranger.part' is not part"),
    "a target by interpolation": (
        "optimized_metric: os.mkdir\ndata: {_target_: '${optimized_metric}', path: pwned}",
        "'os.mkdir' is not part",
    ),
    "os by a module of ours that holds no parts": (
        "data: {_target_: pipeline.cli.os.mkdir, path: pwned}",
        "'pipeline.cli.os.mkdir' is not part",
    ),
    "os by a module of our parts": (
        "data: {_target_: pipeline.data.sources.mnist.os.mkdir, path: pwned}",
        "leads through 'pipeline.data.sources.mnist' to 'os'",
    ),
    "functions that modules of our parts import": (
        "data: {_target_: pipeline.callbacks.checkpoints.write_json, value: 1, "
        "path: {_target_: pipeline.data.sources.mnist.Path, _args_: [pwned]}}",
        "data.path._args_: arguments by position are only for parts of your own",
    ),
    "a helper of ours": ("data: {_target_: pipeline.run.atomic_files.os.mkdir, path: pwned}", "is not part"),
    "os by Keras' own source": (
        "data: {_target_: keras.src.backend.config.os.mkdir, path: pwned}",
        "is not part",
    ),
    "a download by Keras": (
        "data: {_target_: keras.utils.get_file, fname: pwned, origin: 'file://${oc.env:PWD_OF_TEST}/stranger.py', "
        "cache_dir: ., cache_subdir: ''}",
        "'keras.utils.get_file' is not part",
    ),
    "the same by TensorFlow's name": (
        "data: {_target_: tensorflow.keras.utils.get_file, fname: pwned, "
        "origin: 'file://${oc.env:PWD_OF_TEST}/stranger.py', cache_dir: ., cache_subdir: ''}",
        "'tensorflow.keras.utils.get_file' is not part",
    ),
    "a file by TensorFlow": (
        "data: {_target_: tensorflow.io.write_file, filename: pwned, contents: x}",
        "'tensorflow.io.write_file' is not part",
    ),
    "a Lambda layer": (f"data: {LAMBDA}", "'keras.layers.Lambda.from_config' is not part"),
    "a layer that is a SavedModel": (
        "data: {_target_: keras.Sequential, layers: [{_target_: keras.Input, shape: [8, 8, 1]}, "
        "{_target_: keras.layers.TFSMLayer, filepath: saved, call_endpoint: serve}]}",
        "data.layers[1]._target_: 'keras.layers.TFSMLayer' is not part",
    ),
    "a model file without safe mode": (
        "data: {_target_: keras.saving.load_model, filepath: lambda.keras, safe_mode: false}",
        "'keras.saving.load_model' is not part",
    ),
    "nested in a partial": (
        "defaults: [override /data: batches, override /loader: stream]\n"
        "data: {train: {_target_: os.mkdir, _partial_: true, path: pwned}}",
        "data.train._target_: 'os.mkdir' is not part",
    ),
    "nested in a list of a callback": (
        f"callbacks: {{stop: {{_target_: keras.callbacks.EarlyStopping, monitor: [{{deep: [{RUN}]}}]}}}}",
        "callbacks.stop.monitor[0].deep[0]._target_: 'os.mkdir' is not part",
    ),
    "in a schedule": (f"schedule: {RUN}", "schedule._target_: 'os.mkdir'"),
    "in a loss": (f"loss: {RUN}", "loss._target_: 'os.mkdir'"),
    "in a metric": (f"metrics: [accuracy, {RUN}]", "metrics[1]._target_: 'os.mkdir'"),
    "in a validation set": (f"validation_sets: {{winter: {RUN}}}", "validation_sets.winter._target_: 'os.mkdir'"),
    "in tracking": (f"tracking: {{mine: {RUN}}}", "tracking.mine._target_: 'os.mkdir'"),
    "in weighting": (
        f"defaults: [override /weighting: sample_weight]\nweighting: {{function: {RUN}}}",
        "weighting.function._target_: 'os.mkdir'",
    ),
    "as the task": ("task: {_target_: stranger.part}", "task._target_: 'stranger.part'"),
    "made while parts are built": (
        "metrics: [{_target_: keras.metrics.Mean, name: '\\${oc.create:\"{_target_: os.mkdir, path: pwned}\"}'}]",
        "metrics[0].name: '${oc.create:",
    ),
    "an object as Keras saves it": (
        "data: {_target_: keras.layers.Dense, units: 1, activation: {class_name: Lambda, module: keras.layers, "
        "config: {}}}",
        "data.activation: expected a mapping with a _target_, got one that Keras makes objects from",
    ),
    "trusted by the file itself": (f"trust: [os]\ndata: {RUN}", "trust: a config file sets it"),
    "trusted by a group that the file chooses": (
        f"defaults: [/friends: all]\ndata: {RUN}",
        "trust: a config file sets it",
    ),
    "trusted by the environment that the file sets": (
        f"hydra: {{job: {{env_set: {{PIPELINE_TRUST: os}}}}}}\ndata: {RUN}",
        "hydra.job.env_set.PIPELINE_TRUST: a config file sets it",
    ),
    "a callback of Hydra": (f"hydra: {{callbacks: {{mine: {RUN}}}}}", "hydra.callbacks.mine: a config file sets it"),
    "a handler of the log": (
        "hydra: {job_logging: {handlers: {mine: {(): os.mkdir, path: pwned}}}}",
        "hydra.job_logging.handlers.mine: a config file sets it",
    ),
    "a handler of Hydra's log": (
        "hydra: {hydra_logging: {version: 1, handlers: {mine: {(): os.mkdir, path: pwned}}}}",
        "hydra.hydra_logging.",
    ),
    "another git": (
        "hydra: {job: {env_set: {PATH: '${oc.env:PWD_OF_TEST}/bin'}}}",
        "hydra.job.env_set.PATH: a config file sets it",
    ),
    "by a package relocated into Hydra's": (
        "defaults: [/friends@hydra.callbacks.mine: command]",
        "hydra.callbacks.mine: a config file sets it",
    ),
    "a tag of YAML": (
        "seed: !!python/object/apply:os.system ['touch pwned']",
        "evil.yaml': line 2: could not determine a constructor",
    ),
    "a resolver that reads files": ("data: {name: '${file:/etc/passwd}'}", "Unsupported interpolation type file"),
}
"""What a file says, and what it is told: things that would run."""


@pytest.fixture
def attacked(stranger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of a user, with a stranger's files in it."""
    (tmp_path / "stranger.py").write_text(f"{MARK}\n\n\ndef part(): pass\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text("#!/bin/sh\n: > pwned\n")
    (tmp_path / "bin" / "git").chmod(0o755)
    friends = tmp_path / "evil" / "friends"
    friends.mkdir(parents=True)
    (friends / "all.yaml").write_text("# @package _global_\ntrust: [os]\n")
    (friends / "command.yaml").write_text("_target_: os.mkdir\npath: pwned\n")
    shutil.copy(stranger / "lambda.keras", tmp_path)
    shutil.copytree(stranger / "saved", tmp_path / "saved")
    monkeypatch.setenv("PWD_OF_TEST", str(tmp_path))
    monkeypatch.delitem(sys.modules, "stranger", raising=False)
    return tmp_path


def experiment(folder: Path, text: str) -> list[str]:
    """Writes an experiment file of a stranger; returns how it is run."""
    file = folder / "evil" / "experiment" / "evil.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"# @package _global_\n{text}\n")
    return ["--config-dir", "evil", "+experiment=evil", "trainer.epochs=1"]


def assert_refused(done: Any, expected: str) -> None:
    assert done.code == 2, done.err
    assert any(expected in line for line in done.errors), done.err
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) == len(done.errors) <= 2


@pytest.mark.parametrize("attack", CODE)
def test_code_of_a_config_file_never_runs(attack: str, attacked: Path, command: Callable[..., Any]) -> None:
    text, expected = CODE[attack]
    done = command(*experiment(attacked, text))
    assert not (attacked / "pwned").exists()
    assert_refused(done, expected)


PATHS = {
    "keras.callbacks.CSVLogger": "filename: pwned",
    "keras.callbacks.ModelCheckpoint": "filepath: pwned.keras",
    "keras.callbacks.TensorBoard": "log_dir: pwned",
    "keras.callbacks.BackupAndRestore": "backup_dir: pwned",
    "pipeline.callbacks.checkpoints.Checkpoints": "folder: pwned, monitor: null, keep: 1, every_epochs: 1",
}
"""Parts that write where they are told to."""
WRITING = {
    "by position": (
        "callbacks: {mine: {_target_: keras.callbacks.CSVLogger, _args_: [pwned]}}",
        "callbacks.mine._args_: arguments by position",
    ),
    "upwards": (
        "callbacks: {mine: {_target_: keras.callbacks.CSVLogger, "
        "filename: '${hydra:runtime.output_dir}/../../../pwned'}}",
        "is outside of the run folder",
    ),
    "by TensorFlow's name": (
        "callbacks: {mine: {_target_: tensorflow.keras.callbacks.CSVLogger, filename: pwned}}",
        "callbacks.mine.filename: 'pwned' is outside of the run folder",
    ),
    "the run folder": ("hydra: {run: {dir: pwned}}", "hydra.run.dir: a config file sets it"),
    "the log": ("hydra: {job: {name: ../../../pwned}}", "hydra.job.name: a config file sets it"),
    "a handler of the log": (
        "hydra: {job_logging: {handlers: {file: {filename: pwned}}}}",
        "hydra.job_logging.handlers.file.filename: a config file sets it",
    ),
    "new folders": ("model: {name: '${new_folder:../pwned}'}", "'../pwned' is not a folder for runs"),
    "a database": (
        "tracking: {mine: {_target_: pipeline.tracking.mlflow.MLflowTracker, experiment: x, uri: 'sqlite:///pwned', "
        "files: [], timeout_seconds: 1}}",
        "tracking.mine.uri: a config file says whom to send to",
    ),
    "what is downloaded": (
        "defaults: [override /data: tfds]\ndata: {name: mnist, download: true, data_dir: pwned}",
        "data.data_dir: a config file says where to download to",
    ),
}
"""What a file says, and what it is told: places to write to."""


def left(folder: Path) -> list[Path]:
    return [*folder.glob("pwned*"), *folder.parent.glob("pwned*")]


@pytest.mark.parametrize("part", PATHS)
def test_part_of_a_config_file_writes_nowhere_but_in_the_run_folder(
    part: str, attacked: Path, command: Callable[..., Any]
) -> None:
    done = command(*experiment(attacked, f"callbacks: {{mine: {{_target_: {part}, {PATHS[part]}}}}}"))
    assert not left(attacked)
    assert_refused(done, "pwned")
    assert done.errors[0].endswith("is outside of the run folder; use a path in ${hydra:runtime.output_dir}, "
                                   "or give this one on the command line")  # fmt: skip


@pytest.mark.parametrize("attack", WRITING)
def test_config_file_chooses_no_place_to_write_to(attack: str, attacked: Path, command: Callable[..., Any]) -> None:
    text, expected = WRITING[attack]
    done = command(*experiment(attacked, text))
    assert not left(attacked)
    assert_refused(done, expected)


def test_user_may_write_anywhere(attacked: Path, command: Callable[..., Any]) -> None:
    text = "callbacks: {mine: {_target_: keras.callbacks.CSVLogger, filename: pwned.csv}}"
    done = command(*experiment(attacked, text), "callbacks.mine.filename=mine.csv", "report=false")
    assert done.code == 0, done.err
    assert (attacked / "mine.csv").is_file()


SENDING = {
    "metrics": "{_target_: keras.callbacks.RemoteMonitor, root: 'http://127.0.0.1:9'}",
    "secrets": "{_target_: pipeline.callbacks.notify.Notify, urls: ['json://127.0.0.1:9/${oc.env:SECRET}'], "
    "title: x, message: x}",
    "secrets to a default": "{_target_: pipeline.callbacks.notify.Notify, title: x, message: x, "
    "urls: ['${oc.env:UNSET,json://127.0.0.1:9}']}",
}


@pytest.mark.parametrize("attack", SENDING)
def test_config_file_says_not_whom_to_send_to(
    attack: str, attacked: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "b7a4d0c1")
    done = command(*experiment(attacked, f"callbacks: {{mine: {SENDING[attack]}}}"))
    assert_refused(done, "a config file says whom to send to")
    assert "b7a4d0c1" not in done.out + done.err


def test_files_of_others_are_not_recorded(attacked: Path, command: Callable[..., Any]) -> None:
    pytest.importorskip("mlflow")
    text = "defaults: [override /tracking: mlflow]\ntracking: {mlflow: {files: [../../../stranger.py]}}"
    done = command(*experiment(attacked, text))
    assert not (attacked / "mlflow.db").exists()
    assert_refused(done, "tracking.mlflow.files: ['../../../stranger.py'] are not all in the run folder")


def test_values_of_a_sweep_in_a_file_are_not_of_hydra(attacked: Path, command: Callable[..., Any]) -> None:
    text = "hydra: {sweeper: {params: {+hydra.job.env_set.PATH: '${oc.env:PWD_OF_TEST}/bin'}}}"
    done = command("-m", *experiment(attacked, text))
    assert not (attacked / "pwned").exists()
    assert_refused(done, "hydra.sweeper.params.+hydra.job.env_set.PATH: a config file sets it")


def test_another_primary_config_adds_no_search_path(attacked: Path, command: Callable[..., Any]) -> None:
    (attacked / "evil" / "other.yaml").write_text("hydra: {searchpath: [pkg://stranger]}\n")
    done = command("--config-dir", "evil", "--config-name", "other")
    assert not (attacked / "pwned").exists()
    assert_refused(done, "--config-name: 'other' is not a config of pipeline")


def test_user_may_let_a_file_set_hydra(attacked: Path, command: Callable[..., Any]) -> None:
    done = command(*experiment(attacked, "hydra: {run: {dir: mine}}"), "trust=[hydra]", "report=false")
    assert done.code == 0, done.err
    assert (attacked / "mine" / "model.keras").is_file()
