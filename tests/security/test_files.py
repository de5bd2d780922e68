"""Run folders, models and data of strangers: they run nothing, and are never unpacked to where they should not be."""

import io
import json
import pickle
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

DATA = ["data.inputs=[image]", "data.targets=[digit]"]


class Marking:
    """What leaves a mark when it is unpickled."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("pwned"),)


@pytest.fixture
def run_folder(trained: Path, tmp_path: Path) -> Path:
    """The folder of a run that a stranger gives away."""
    return Path(shutil.copytree(trained, tmp_path / "given"))


def assert_refused(done: Any, expected: str, folder: Path) -> None:
    assert not list(folder.rglob("pwned*"))
    assert done.code == 2, done.err
    assert any(expected in line for line in done.errors), done.err
    assert len(done.err.splitlines()) == len(done.errors) <= 2


@pytest.mark.parametrize("task", ["evaluate", "predict"])
@pytest.mark.parametrize(
    ("model", "expected"),
    [("lambda.keras", "cannot be loaded"), ("tfsm.keras", "cannot be loaded")],
)
@pytest.mark.parametrize("unsafe", [False, True])
def test_model_of_a_run_runs_no_code(
    task: str,
    model: str,
    expected: str,
    unsafe: bool,
    stranger: Path,
    run_folder: Path,
    tmp_path: Path,
    command: Callable[..., Any],
) -> None:
    shutil.copy(stranger / model, run_folder / "model.keras")
    shutil.copytree(stranger / "saved", tmp_path / "saved")
    if unsafe:
        keras.config.enable_unsafe_deserialization()
    try:
        assert_refused(command(f"task={task}", f"run={run_folder}"), expected, tmp_path)
    finally:
        keras.src.saving.serialization_lib.global_state.set_global_attribute("safe_mode_saving", None)


def changed_model(run_folder: Path, change: Callable[[Any], None]) -> None:
    """Changes the config in the model file of a run."""
    path = run_folder / "model.keras"
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"])
    change(config)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (files | {"config.json": json.dumps(config).encode()}).items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    "names",
    [
        {"module": "stranger", "class_name": "part", "registered_name": "part"},
        {"module": "os", "class_name": "system", "registered_name": "os>system"},
        {"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "function"},
        {"module": "keras.utils", "class_name": "get_file", "registered_name": None},
        {"module": "keras.src.backend.config", "class_name": "os", "registered_name": None},
    ],
)
def test_model_imports_no_module_and_calls_no_function(
    names: dict[str, Any], run_folder: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    (tmp_path / "stranger.py").write_text("open('pwned', 'w')\n")
    sys.modules.pop("stranger", None)
    changed_model(run_folder, lambda config: config["config"]["layers"][1].update(names))
    assert_refused(command("task=evaluate", f"run={run_folder}"), "cannot be loaded", tmp_path)
    assert "stranger" not in sys.modules


def test_vocabulary_of_a_model_is_no_file_of_the_user(
    run_folder: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    (tmp_path / "private.txt").write_text("b7a4d0c1\n")
    inputs = keras.Input((), dtype="string", name="image")
    lookup = keras.layers.StringLookup(vocabulary=["a"], output_mode="one_hot")(inputs)
    keras.Model(inputs, lookup).save(run_folder / "model.keras")
    private = {"vocabulary": str(tmp_path / "private.txt")}
    changed_model(run_folder, lambda config: config["config"]["layers"][1]["config"].update(private))
    done = command("task=evaluate", f"run={run_folder}")
    assert_refused(done, "cannot be loaded", tmp_path)
    assert "b7a4d0c1" not in done.out + done.err


@pytest.mark.parametrize("name", ["assets/../../../pwned", "/tmp/pwned-{}", "assets/link"])
def test_archive_of_a_model_is_unpacked_nowhere_else(
    name: str, run_folder: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    name = name.format(tmp_path.name)
    member = zipfile.ZipInfo(name)
    if name.endswith("link"):
        member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(run_folder / "model.keras", "a") as archive:
        archive.writestr(member, str(tmp_path / "pwned"))
        archive.writestr("assets/link/pwned", "x")
    done = command("task=predict", f"run={run_folder}")
    assert done.code in (0, 2), done.err
    assert not list(tmp_path.parent.rglob("pwned*"))
    assert not list(Path("/tmp").glob("pwned*"))


CONFIGS = {
    "a target": ("model:\n", "model:\n  _target_: os.mkdir\n  path: pwned\nunread:\n", "'os.mkdir' is not part"),
    "a source": ("data:\n", "data:\n  _target_: os.mkdir\n  path: pwned\nunread:\n", "'os.mkdir' is not part"),
    "a nested target": (
        "metrics: auto\n",
        "metrics: [accuracy, {_target_: os.mkdir, path: pwned}]\n",
        "metrics[1]._target_: 'os.mkdir' is not part",
    ),
    "trust of its own": (
        "trust: []\nmodel:\n",
        "trust: [os]\nmodel:\n  _target_: os.mkdir\n  path: pwned\nunread:\n",
        "'os.mkdir' is not part",
    ),
    "a tag of YAML": ("seed: 0\n", "seed: !!python/object/apply:os.mkdir [pwned]\n", "could not determine a constr"),
    "a new folder": ("seed: 0\n", "seed: 0\noptimized_metric: ${new_folder:../pwned}\n", "is not a folder for runs"),
}


@pytest.mark.parametrize("attack", CONFIGS)
def test_config_of_a_run_runs_no_code(
    attack: str, run_folder: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    before, after, expected = CONFIGS[attack]
    path = run_folder / ".hydra" / "config.yaml"
    text = path.read_text()
    for key in before.splitlines()[:-1]:
        text = text.replace(f"{key}\n", "")
    before = before.splitlines()[-1] + "\n"
    assert before in text
    text = text.replace(before, after, 1).replace("optimized_metric: null\n", "")
    path.write_text(text)
    assert_refused(command("task=evaluate", f"run={run_folder}"), expected, tmp_path)
    assert not (tmp_path.parent / "pwned").exists()


def test_callbacks_and_tracking_of_a_run_are_not_those_of_a_command_on_it(
    run_folder: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    path = run_folder / ".hydra" / "config.yaml"
    path.write_text(path.read_text().replace("callbacks: {}\n", "callbacks: {x: {_target_: os.mkdir, path: pwned}}\n"))
    assert command("task=evaluate", f"run={run_folder}").code == 0
    assert not (tmp_path / "pwned").exists()


def pickled_npy() -> bytes:
    """A .npy file of objects."""
    file = io.BytesIO()
    np.save(file, np.array([Marking(), None], dtype=object), allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize("file", ["data.npz", "folder/image.npy", "bare.npz"])
def test_pickled_data_is_never_loaded(file: str, tmp_path: Path, command: Callable[..., Any]) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    if file == "data.npz":
        np.savez(path, image=np.array([Marking()], dtype=object), digit=np.array([1]))
    elif file == "bare.npz":
        path.write_bytes(pickle.dumps(Marking()))
    else:
        path.write_bytes(pickled_npy())
        np.save(path.parent / "digit.npy", np.array([1, 2]))
    (tmp_path / "pwned").unlink(missing_ok=True)
    given = path.parent if file.startswith("folder") else path
    expected = "not an archive" if file == "bare.npz" else "holds pickled objects, which are never loaded"
    assert_refused(command("data=npz", f"data.path={given}", *DATA), expected, tmp_path)


def test_pickled_weights_are_never_loaded(tmp_path: Path, command: Callable[..., Any]) -> None:
    (tmp_path / "weights.npy").write_bytes(pickled_npy())
    done = command("+experiment=quickstart", "weighting=sample_weight", "weighting.array=weights.npy")
    assert_refused(done, "pickled objects", tmp_path)


@pytest.mark.parametrize(
    "option",
    [
        ["--experimental-rerun", "run.pickle"],
        ["--experimental-rerun=run.pickle"],
        ["--exp=run.pickle"],
        ["--e", "run.pickle"],
    ],
)
@pytest.mark.parametrize("more", [[], ["+experiment=quickstart"], ["--cfg", "job"]])
def test_job_of_hydra_is_never_unpickled(
    option: list[str], more: list[str], tmp_path: Path, command: Callable[..., Any]
) -> None:
    (tmp_path / "run.pickle").write_bytes(pickle.dumps(Marking()))
    done = command(*more, *option)
    assert_refused(done, "use resume=DIR to resume a run, or +experiment=NAME", tmp_path)


FEATURES = {
    "by class": {"pythonClassName": "stranger.Feature", "json": {"json": "{}"}},
    "in the old form": {"type": "stranger.Feature", "content": {}},
    "below others": {
        "pythonClassName": "tensorflow_datasets.core.features.features_dict.FeaturesDict",
        "featuresDict": {"features": {"x": {"pythonClassName": "stranger.Feature"}}},
    },
    "in text": {
        "pythonClassName": "tensorflow_datasets.core.features.features_dict.FeaturesDict",
        "json": {"json": json.dumps({"x": {"type": "stranger.Feature", "content": {}}})},
    },
}


@pytest.mark.parametrize("attack", FEATURES)
@pytest.mark.parametrize("named", ["by folder", "by name"])
def test_prepared_dataset_imports_no_module(
    attack: str, named: str, tmp_path: Path, command: Callable[..., Any]
) -> None:
    pytest.importorskip("tensorflow_datasets")
    (tmp_path / "stranger.py").write_text("open('pwned', 'w')\n")
    sys.modules.pop("stranger", None)
    folder = tmp_path / "given" / "shades" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text(json.dumps({"name": "shades", "version": "1.0.0", "splits": []}))
    (folder / "features.json").write_text(json.dumps(FEATURES[attack]))
    place = ["data.name=given/shades/1.0.0"] if named == "by folder" else ["data.name=shades", "data.data_dir=given"]
    done = command("data=tfds", *place)
    assert_refused(done, "the feature 'stranger.Feature' is not part of TFDS", tmp_path)
    assert "stranger" not in sys.modules


@pytest.mark.parametrize("name", ["huggingface:stranger/code", "kaggle:stranger", "mnist/data_dir=pwned", "gs://x/y"])
def test_dataset_of_tfds_is_one_of_its_own(name: str, tmp_path: Path, command: Callable[..., Any]) -> None:
    pytest.importorskip("tensorflow_datasets")
    done = command("data=tfds", f"data.name='{name}'", "data.download=true")
    assert_refused(
        done, f"data.name: expected the name of a TFDS dataset such as mnist or glue/sst2, got '{name}'", tmp_path
    )
