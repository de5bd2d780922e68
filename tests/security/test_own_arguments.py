"""Arguments of our own parts that are files or addresses: a config file names local data, and nothing of a network."""

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.callbacks import HistoryFile
from pipeline.config import components
from pipeline.config.checks import PROVIDED
from pipeline.errors import ConfigError
from pipeline.security import own_arguments, trust
from pipeline.security.destinations import destination_mistakes
from pipeline.security.downloads import check_download
from pipeline.security.judgements import Argument, Kind
from pipeline.security.own_arguments import ARGUMENTS, argument_mistakes
from pipeline.security.trust import Trust, trust_of, trusting
from pipeline.tracking import Tracker, tensorboard
from tests.security.test_keras_arguments import descriptions

CSV = (
    "targets: [y], inputs: null, columns: [], categories: [], missing: [], classes: null, validation: null, test: null"
)
TAKEN = "taken from the network"
REMOTE = {
    "a table": ("defaults: [override /data: csv]\ndata: {path: 'http://HOST/x.csv', targets: [y]}", "data.path"),
    "a table of a bucket": (
        "defaults: [override /data: parquet]\ndata: {path: 's3://bucket/x.parquet', targets: [y]}",
        "data.path",
    ),
    "a table to validate on": (
        "defaults: [override /data: csv]\ndata: {path: words.csv, targets: [y], validation: 'http://HOST/x.csv'}",
        "data.validation",
    ),
    "arrays": (
        "defaults: [override /data: npz]\ndata: {path: 'http://HOST/x.npz', inputs: [x], targets: [y]}",
        "data.path",
    ),
    "images": ("defaults: [override /data: image_folder]\ndata: {path: 'gs://bucket/x'}", "data.path"),
    "digits": ("defaults: [override /data: mnist]\ndata: {path: 'hdfs://host/mnist.npz'}", "data.path"),
    "a share": ("defaults: [override /data: csv]\ndata: {path: '\\\\host\\share\\x.csv', targets: [y]}", "data.path"),
    "a prepared dataset": ("defaults: [override /data: tfds]\ndata: {name: 'gs://bucket/mnist/3.0.1'}", "data.name"),
    "a folder of prepared datasets": (
        "defaults: [override /data: tfds]\ndata: {name: mnist, data_dir: 'gs://bucket', download: false}",
        "data.data_dir",
    ),
    "weights": (
        "defaults: [override /weighting: sample_weight]\nweighting: {array: 'http://HOST/w.npy'}",
        "weighting.array",
    ),
    "a mask": ("defaults: [override /weighting: mask]\nweighting: {array: 'http://HOST/w.npy'}", "weighting.array"),
    "a validation set": (
        "defaults: [override /data: csv]\ndata: {path: words.csv, targets: [y]}\n"
        "validation_sets: {winter: {path: 'http://HOST/x.csv'}}",
        "validation_sets.winter.path",
    ),
    "a validation set of its own kind": (
        "validation_sets: {winter: {_target_: pipeline.data.sources.table.Csv, path: 'http://HOST/x.csv', "
        + CSV
        + "}}",
        "validation_sets.winter.path",
    ),
}
"""What a file says, and the key that is told."""


def experiment(folder: Path, text: str, address: str = "") -> list[str]:
    """Writes an experiment file of a stranger; returns how it is run."""
    file = folder / "evil" / "experiment" / "evil.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"# @package _global_\n{text.replace('HOST', address)}\n")
    (folder / "words.csv").write_text("word,y\n" + "".join(f"w{n % 3},{n % 2}\n" for n in range(40)))
    return ["--config-dir", "evil", "+experiment=evil", "trainer.epochs=1", "report=false"]


@pytest.mark.parametrize("attack", REMOTE)
def test_config_file_names_no_data_of_a_network(
    attack: str, tmp_path: Path, network: Any, command: Callable[..., Any]
) -> None:
    text, key = REMOTE[attack]
    done = command(*experiment(tmp_path, text, network.address))
    assert network.seen == []
    assert done.code == 2, done.err
    assert len(done.errors) == 1
    assert done.errors[0].startswith(f"{key}: ")
    assert TAKEN in done.errors[0]


@pytest.mark.parametrize("attack", ["a table", "images", "weights"])
@pytest.mark.parametrize("way", ["word", "value"])
def test_source_itself_opens_only_what_is_on_this_machine(
    attack: str, way: str, tmp_path: Path, network: Any, command: Callable[..., Any]
) -> None:
    text, key = REMOTE[attack]
    typed = "trust=[network]" if way == "word" else f"{key}=http://{network.address}/x"
    done = command(*experiment(tmp_path, text, network.address), typed)
    assert network.seen == []
    assert done.code == 2, done.err
    assert "no such file" in done.errors[0] or "no file" in done.errors[0] or "no folder" in done.errors[0]


def test_config_file_may_name_local_data(tmp_path: Path, command: Callable[..., Any]) -> None:
    text = (
        "defaults: [override /data: csv, override /model: tabular]\n"
        "data: {path: words.csv, targets: [y]}\nloader: {batch_size: 8}\n"
        "validation_sets: {winter: {path: ./words.csv}}"
    )
    done = command(*experiment(tmp_path, text))
    assert done.code == 0, done.err


DOWNLOADS = {
    "MNIST": ("defaults: [override /data: mnist]", "data: 'mnist' is not on this machine, and a config file has it"),
    "a dataset of TFDS": (
        "defaults: [override /data: tfds]\ndata: {name: fashion_mnist}",
        "data: 'fashion_mnist' is not on this machine, and a config file has it downloaded",
    ),
}


@pytest.mark.parametrize("attack", DOWNLOADS)
def test_config_file_alone_has_nothing_downloaded(
    attack: str, tmp_path: Path, network: Any, command: Callable[..., Any]
) -> None:
    text, expected = DOWNLOADS[attack]
    typed = ["data.data_dir=prepared"] if "tfds" in text else []
    done = command(*experiment(tmp_path, text), *typed)
    assert network.seen == []
    assert done.code == 2, done.err
    assert expected in done.errors[0]


@pytest.mark.parametrize(
    "typed", [["+experiment=mnist/numpy"], ["data=mnist"], ["+experiment=mine", "trust=[network]"]]
)
def test_user_may_have_mnist_downloaded(
    typed: list[str], tmp_path: Path, network: Any, command: Callable[..., Any]
) -> None:
    file = tmp_path / "conf" / "experiment" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("# @package _global_\ndefaults: [override /data: mnist]\n")
    done = command("--config-dir", "conf", *typed)
    assert [request.split()[:2] for request in network.seen] == [["CONNECT", "storage.googleapis.com:443"]]
    assert "MNIST could not be downloaded" in done.errors[0]


@pytest.mark.parametrize(
    ("typed", "allowed"),
    [
        (["data.name=glue/sst2"], True), (["validation_sets={winter: {name: glue/sst2}}"], True),
        (["-m", "data.name=mnist,glue/sst2"], True), (["data.download=true"], True), (["trust=[network]"], True),
        (["data.name=mnist"], False), (["trust=[files]"], False), (["data=tfds"], False),
    ],
)  # fmt: skip
def test_dataset_is_downloaded_if_the_user_names_it(typed: list[str], allowed: bool) -> None:
    with trusting(trust_of(typed)):
        if allowed:
            check_download("glue/sst2")
        else:
            with pytest.raises(ConfigError, match="'glue/sst2' is not on this machine"):
                check_download("glue/sst2")


def test_python_code_may_download() -> None:
    check_download("mnist")


def test_validation_set_downloads_nothing_to_a_folder_of_a_config_file(
    tmp_path: Path, command: Callable[..., Any]
) -> None:
    text = "defaults: [override /data: tfds]\nvalidation_sets: {winter: {data_dir: pwned}}"
    done = command(*experiment(tmp_path, text), "data.name=mnist")
    assert not (tmp_path / "pwned").exists()
    assert len(done.errors) == 1
    assert done.errors[0].startswith("validation_sets.winter.data_dir: a config file says where to download to")


NOTIFY = "callbacks: {mine: {_target_: pipeline.callbacks.notify.Notify, urls: ['json://HOST'], title: x, message: x}}"


def test_user_may_let_a_config_file_say_whom_to_notify(
    tmp_path: Path, network: Any, command: Callable[..., Any]
) -> None:
    pytest.importorskip("apprise")
    refused = command(*experiment(tmp_path, NOTIFY, network.address))
    assert (refused.code, network.seen) == (2, [])
    done = command(*experiment(tmp_path, NOTIFY, network.address), "trust=[network]")
    assert done.code == 0, done.err
    assert len(network.seen) == 2


def test_network_is_no_file_of_a_database(tmp_path: Path, command: Callable[..., Any]) -> None:
    text = (
        "tracking: {mine: {_target_: pipeline.tracking.mlflow.MLflowTracker, experiment: x, uri: 'sqlite:///pwned', "
        "files: [], timeout_seconds: 1}}"
    )
    done = command(*experiment(tmp_path, text), "trust=[network]")
    assert not (tmp_path / "pwned").exists()
    assert "tracking.mine.uri: a config file says whom to send to" in done.errors[0]


@pytest.mark.parametrize("made", ["keras.activations.linear, x", "pipeline.tracking.parameters.as_text, value"])
def test_place_that_a_part_makes_is_none_in_the_run_folder(
    made: str, tmp_path: Path, command: Callable[..., Any]
) -> None:
    # As a text, the mapping is a relative path that ends in the run folder; what it makes begins at the root.
    text = (
        f"callbacks: {{mine: {{_target_: keras.callbacks.CSVLogger, filename: {{_target_: {made}: "
        "'/../${hydra:run.dir}/pwned'}}}"
    )
    done = command(*experiment(tmp_path, text))
    assert not list(tmp_path.rglob("pwned*"))
    assert done.code == 2, done.err
    assert "is outside of the run folder" in done.errors[0]


@pytest.mark.parametrize(
    "target",
    [
        "pipeline.models.build.build_model", "pipeline.tasks.train.build_model", "pipeline.tasks.saved.open_run",
        "pipeline.callbacks.build.build_callbacks", "pipeline.tracking.build.tracked",
        "pipeline.weighting.build.build_weightings", "pipeline.tracking.parameters.flattened",
        "pipeline.tracking.mlflow.flattened",
    ],
)  # fmt: skip
def test_what_stages_do_is_no_part(target: str) -> None:
    with pytest.raises(ConfigError, match="which is not a part"):
        components.find(target)


NAMED = re.compile(r"path|dir|file|folder|ur[il]|host|root|header|server|address|weights|array|download|query")
DESCRIBED = re.compile(
    r"\b(paths?|files?|filenames?|director(y|ies)|folders?|urls?|uris?|hosts?|servers?|address(es)?|download\w*)\b",
    re.IGNORECASE,
)


def parts() -> Iterator[tuple[str, Any]]:
    """Every class and function of ours that a config may call, by where it is defined."""
    for package in trust.OURS:
        path = importlib.import_module(package).__path__
        for name in [package, *(info.name for info in pkgutil.walk_packages(path, f"{package}."))]:
            module = importlib.import_module(name)
            for key, found in vars(module).items():
                is_defined = callable(found) and getattr(found, "__module__", "") == name
                if is_defined and not key.startswith("_") and trust.object_mistake(f"{name}.{key}", found) is None:
                    yield f"{name}.{key}", found


def unjudged() -> list[str]:
    """Arguments that may be files or addresses by their name, annotation or description, and that nobody has judged."""
    return [
        f"{target}.{name}"
        for target, found in parts()
        for said in [descriptions(found)]
        for name, parameter in components._parameters(found)[0].items()
        if NAMED.search(name) or "Path" in str(parameter.annotation) or DESCRIBED.search(said.get(name, ""))
        if name not in ARGUMENTS.get(target, {})
        if not (target.startswith("pipeline.tasks.") and name in PROVIDED["task"])
    ]


def test_every_argument_of_ours_that_may_be_a_file_or_an_address_is_judged() -> None:
    assert unjudged() == []


def test_every_judged_argument_is_one_that_we_have() -> None:
    there = {(target, name) for target, found in parts() for name in components._parameters(found)[0]}
    assert {(target, name) for target, names in ARGUMENTS.items() for name in names} - there == set()


def test_part_is_judged_the_same_in_every_module_that_imports_it() -> None:
    for module in list(sys.modules.values()):
        name = module.__name__
        for key, found in vars(module).items() if own_arguments.ours(name) else ():
            if callable(found) and trust.target_mistake(f"{name}.{key}") is None:
                home = f"{getattr(found, '__module__', '')}.{getattr(found, '__qualname__', '')}"
                if home in ARGUMENTS and trust.object_mistake(f"{name}.{key}", found) is None:
                    assert own_arguments.judgements(f"{name}.{key}") == ARGUMENTS[home], f"{name}.{key}"


def test_part_is_called_by_no_other_name_than_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorboard, "Other", HistoryFile, raising=False)
    with trusting(Trust()), pytest.raises(ConfigError, match=r"is pipeline\.callbacks\.history\.HistoryFile"):
        components.find("pipeline.tracking.tensorboard.Other")


KEPT = [
    (target, name)
    for target, names in ARGUMENTS.items()
    for name, judged in names.items()
    if judged.kind in (Kind.WRITES, Kind.RUN_FILES)
]
UNDER_OTHER_NAMES = [("pipeline.callbacks.HistoryFile", "path"), ("pipeline.tasks.train.HistoryFile", "path")]


@pytest.mark.parametrize(("target", "name"), [*KEPT, *UNDER_OTHER_NAMES])
def test_every_argument_that_writes_is_kept_in_the_run_folder(target: str, name: str, tmp_path: Path) -> None:
    def refused(path: Path) -> list[str]:
        value = [str(path)] if name == "files" else str(path)
        config = {"callbacks": {"mine": {"_target_": target, name: value}}}
        return destination_mistakes(config, config, tmp_path / "run")

    with trusting(Trust()):
        assert [line.partition(": ")[0] for line in refused(tmp_path / "elsewhere")] == [f"callbacks.mine.{name}"]
        assert refused(tmp_path / "run" / "inside") == []
    with trusting(Trust(keys=frozenset({f"callbacks.mine.{name}"}))):
        assert refused(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("target", ["keras.callbacks.CSVLogger", "pipeline.tracking.tensorboard.TensorBoardTracker"])
def test_key_that_is_no_text_is_left_to_the_check_of_arguments(target: str, tmp_path: Path) -> None:
    config = {"callbacks": {"mine": {"_target_": target, 3: "x", True: "y"}}}
    with trusting(Trust()):
        assert destination_mistakes(config, config, tmp_path) == []


class Text(Tracker):
    """Writes a line when training begins."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = Path(file)

    def on_train_begin(self, logs: Any = None) -> None:
        self.file.write_text("begun")


@pytest.fixture(params=["tracking", "callbacks"])
def added(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The package to which someone has added a part that writes to `file`, in a module `text` of its own."""
    module = ModuleType(f"pipeline.{request.param}.text")
    part = type("Text", (Text,), {"__module__": module.__name__})
    module.Text = part  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(importlib.import_module(f"pipeline.{request.param}"), "text", module, raising=False)
    return str(request.param)


@pytest.mark.parametrize("judged", [True, False])
def test_added_part_writes_nowhere_else_for_a_config_file(
    judged: bool, added: str, tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if judged:
        judgements = {f"pipeline.{added}.text.Text": {"file": Argument(Kind.WRITES)}}
        monkeypatch.setattr(own_arguments, "ARGUMENTS", {**ARGUMENTS, **judgements})
    text = f"{added}: {{mine: {{_target_: pipeline.{added}.text.Text, file: '{tmp_path}/written'}}}}"
    done = command(*experiment(tmp_path, text))
    assert done.code == 2, done.err
    assert len(done.errors) == 1
    assert done.errors[0].startswith(f"{added}.mine.file: '{tmp_path}/written' is outside of the run folder; ")
    assert not (tmp_path / "written").exists()


def test_added_part_writes_into_the_run_folder_and_where_the_user_says(
    added: str, tmp_path: Path, command: Callable[..., Any]
) -> None:
    target = f"_target_: pipeline.{added}.text.Text"
    text = (
        f"{added}: {{mine: {{{target}, file: elsewhere}}, "
        f"other: {{{target}, file: '${{hydra:runtime.output_dir}}/written'}}}}"
    )
    done = command(*experiment(tmp_path, text), f"{added}.mine.file=typed")
    assert done.code == 0, done.err
    assert (tmp_path / "typed").read_text() == (done.folder / "written").read_text() == "begun"


def test_argument_of_an_added_part_that_nobody_has_judged_fails_the_walk(
    added: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[f"pipeline.{added}.text"]
    walk = pkgutil.walk_packages

    def walked(path: Any, prefix: str, *others: Any) -> Iterator[pkgutil.ModuleInfo]:
        yield from walk(path, prefix, *others)
        if prefix == f"pipeline.{added}.":
            yield pkgutil.ModuleInfo(None, module.__name__, ispkg=False)  # type: ignore[arg-type]

    monkeypatch.setattr(pkgutil, "walk_packages", walked)
    assert unjudged() == [f"{module.__name__}.Text.file"]


def test_part_that_the_user_names_is_judged_no_more() -> None:
    node = {"_target_": "pipeline.data.sources.table.Csv", "path": "http://host/x.csv"}
    with trusting(Trust()):
        assert len(argument_mistakes("data", node)) == 1
    with trusting(trust_of(["trust=[pipeline.data.sources]"])):
        assert argument_mistakes("data", node) == []
