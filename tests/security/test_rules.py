"""The rules themselves: which targets are parts, that Hydra's own policy holds, and what our source never calls."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import pipeline
from pipeline.config import components
from pipeline.errors import ConfigError
from pipeline.security import trust
from pipeline.security.keras_arguments import judgements
from pipeline.security.trust import Trust, trust_of, trusting

REFUSED = [
    "os.system", "builtins.eval", "importlib.import_module", "hydra.utils.instantiate", "hydra.utils.get_method",
    "pipeline.cli.main", "pipeline.run.atomic_files.write_text", "pipeline.run.folder.start_run",
    "pipeline.config.components.build",
    "pipeline.callbacks.checkpoints._link", "pipeline.data.sources.archive.np.load", "pipelines.models.mlp.mlp",
    "keras.src.saving.saving_api.load_model", "keras.saving.load_model", "keras.models.load_model",
    "keras.models.model_from_json", "keras.models.clone_model", "keras.utils.get_file", "keras.utils.PyDataset",
    "keras.datasets.mnist.load_data", "keras.config.enable_unsafe_deserialization", "keras.layers.deserialize",
    "keras.losses.get", "keras.metrics.deserialize", "keras.layers.Lambda", "keras.layers.TFSMLayer",
    "keras.layers.Dense.from_config", "keras.export.ExportArchive", "tensorflow.keras.layers.Lambda",
    "tensorflow.keras.utils.get_file", "tensorflow.saved_model.load", "tensorflow.io.write_file",
    "keras", "keras.layers", "pipeline", "", "os system", "keras.layers.Dense ", None, 3, ["os.system"],
]  # fmt: skip
PARTS = [
    "pipeline.models.mlp.mlp", "pipeline.data.sources.digits.Digits", "pipeline.callbacks.HistoryFile",
    "pipeline.tasks.train.train", "keras.callbacks.EarlyStopping", "keras.losses.sparse_categorical_crossentropy",
    "keras.optimizers.schedules.CosineDecay", "keras.layers.Dense", "keras.applications.MobileNetV2",
    "keras.Sequential", "tensorflow.keras.callbacks.EarlyStopping",
]  # fmt: skip


@pytest.mark.parametrize("target", REFUSED)
def test_target_that_is_no_part_is_refused(target: object) -> None:
    with pytest.raises(ConfigError):
        components.find(target)  # type: ignore[arg-type]


@pytest.mark.parametrize("target", PARTS)
def test_part_is_found(target: str) -> None:
    assert callable(components.find(target))


def test_every_name_of_keras_that_is_a_part_is_defined_by_keras() -> None:
    for module in trust.OF_KERAS:
        for name, found in vars(importlib.import_module(module)).items():
            if callable(found) and not name.startswith("_") and name not in trust.NO_PARTS:
                assert trust.object_mistake(f"{module}.{name}", found) is None, name


def test_every_argument_of_a_callback_that_names_a_place_is_known_to_name_one() -> None:
    for name, found in vars(keras.callbacks).items():
        if isinstance(found, type):
            named = components._parameters(found)[0]
            places = {argument for argument in named if re.search("path|dir|file|folder", argument)}
            assert places <= judgements(f"keras.callbacks.{name}").keys(), name


@pytest.mark.parametrize("refused", ["Lambda", "TFSMLayer"])
def test_user_may_trust_a_single_part_by_its_name(refused: str) -> None:
    with trusting(trust_of([f"trust=[keras.layers.{refused}]"])):
        assert components.find(f"keras.layers.{refused}") is getattr(keras.layers, refused)
        with pytest.raises(ConfigError):
            components.find("keras.layers.deserialize")


def test_typed_target_names_its_package_but_of_others_only_itself() -> None:
    typed = ["data.train={_target_: my_parts.points, inner: [{_target_: others.part}]}", "model._target_=os.getcwd"]
    assert trust_of(typed).names == {"my_parts", "others", "os.getcwd"}
    assert trust_of(["model._target_=a.x,b.y"]).names == {"a", "b"}


def test_environment_names_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_TRUST", "my_parts, other.module")
    assert trust_of([]).names == {"my_parts", "other.module"}
    assert trust_of(["trust=[third]"]).names == {"my_parts", "other.module", "third"}


@pytest.mark.parametrize("argument", ["trust=['${data.path}']", "trust=['*']", "trust=['']", "trust=[a/b]"])
def test_trust_names_packages_only(argument: str) -> None:
    with pytest.raises(ConfigError, match="expected the name of a package"):
        trust_of([argument])


def test_trusted_package_is_not_a_way_to_what_it_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_parts.py").write_text("import os\nfrom os import mkdir\ndef part(): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    with trusting(Trust(frozenset({"my_own_parts"}))):
        assert callable(components.find("my_own_parts.part"))
        for target in ("my_own_parts.os.mkdir", "my_own_parts.mkdir", "my_own_parts.part.__globals__.clear"):
            with pytest.raises(ConfigError):
                components.find(target)
    monkeypatch.delitem(sys.modules, "my_own_parts")


def test_hydras_own_policy_holds_also_for_what_the_user_trusts(tmp_path: Path) -> None:
    file = tmp_path / "kept.txt"
    file.touch()
    with (
        trusting(Trust(frozenset({"os.remove"}))),
        pytest.raises(ConfigError, match=r"Target 'os\.remove' is blocklisted"),
    ):
        components.build("model", {"_target_": "os.remove", "path": str(file)})
    assert file.exists()


def test_part_is_refused_before_tensorflow_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv[1:] = ['model._target_=os.getcwd', 'data._target_=nowhere', '+loader.x={_target_: a.b}'];"
        "from pipeline.cli import main; code = main(); sys.exit(9 if 'tensorflow' in sys.modules else code)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr


NEVER = (
    r"(?<!\.)\bpickle\b(?!d)", r"\beval\(", r"\bexec\(", r"\bcompile\(\s*[\"']", r"yaml\.(unsafe_|full_)?load\(",
    r"allow_pickle=True", r"shell=True", r"safe_mode=False", r"os\.system", r"marshal", r"\bdill\b", r"joblib\.load",
    r"torch\.load", r"extractall", r"__import__\(", r"HYDRA_INSTANTIATE", r"enable_unsafe_deserialization\(",
    r"read_pickle",
)  # fmt: skip


def test_source_never_calls_what_runs_data() -> None:
    for path in Path(pipeline.__file__).parent.rglob("*.py"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = [pattern for pattern in NEVER if re.search(pattern, line)]
            assert not found or '"allow_pickle" in str(error)' in line, f"{path.name}:{number}: {line}"
