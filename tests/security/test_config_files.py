"""Config files of strangers: what they say of paths, variables, runs and Hydra does only what the user asked for.

Each does what it says where the rule that stops it is left out, and each kind has a control: the same, said or allowed
by the user, works.
"""

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

Command = Callable[..., Any]
RUN = "${hydra:runtime.output_dir}"
SECRET = "s3cr3t-b7a4d0c1"


@pytest.fixture
def attacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of a user, who has secrets in the environment and in a file."""
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.setenv("NOTIFY_URL", f"json://127.0.0.1:9/{SECRET}")
    (tmp_path / "private.yaml").write_text(f"units: 8\nname: {SECRET}\n")
    return tmp_path


def experiment(folder: Path, text: str) -> list[str]:
    """Writes an experiment file of a stranger; returns how it is run."""
    file = folder / "evil" / "experiment" / "evil.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"# @package _global_\n{text}\n")
    return ["--config-dir", "evil", "+experiment=evil", "trainer.epochs=1", "split.validation=0.1", "report=false"]


def assert_refused(done: Any, expected: str) -> None:
    assert done.code == 2, done.out + done.err
    assert any(expected in line for line in done.errors), done.err
    assert len(done.err.splitlines()) == len(done.errors) <= 2


def holding_the_secret(folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    files.remove(folder / "private.yaml")
    return [path for path in files if SECRET.encode() in path.read_bytes()]


def checkpoint(path: str) -> str:
    return f"callbacks: {{mine: {{_target_: keras.callbacks.ModelCheckpoint, filepath: '{path}'}}}}"


PLACEHOLDERS = {
    "cut to nothing": "{epoch!s:.0}../{epoch!s:.0}../{epoch!s:.0}../pwned.keras",
    "a text of its own": "{epoch.__doc__}/pwned.keras",
    "filled up with dots": "{epoch:.>3}/pwned.keras",
    "filled up with folders": "{epoch:/>9}pwned.keras",
    "a character by its number": "{epoch:c}pwned.keras",
    "a format of another value": "{epoch:{loss}}pwned.keras",
    "an item": "{epoch[0]}pwned.keras",
    "a width without end": "{epoch:0999999999d}.keras",
    "no format at all": "{epoch.keras",
}


@pytest.mark.parametrize("attack", PLACEHOLDERS)
def test_path_is_of_numbers_where_it_is_filled_in(attack: str, attacked: Path, command: Command) -> None:
    done = command(*experiment(attacked, checkpoint(f"{RUN}/{PLACEHOLDERS[attack]}")))
    assert not list(attacked.rglob("*pwned*"))
    assert_refused(done, "callbacks.mine.filepath: ")
    assert "expected a number such as {epoch:02d}" in done.errors[0]


def test_path_with_numbers_in_it_is_filled_in(attacked: Path, command: Command) -> None:
    done = command(*experiment(attacked, checkpoint(f"{RUN}/{{epoch:02d}}-{{loss:.1f}}-{{accuracy}}.keras")))
    assert done.code == 0, done.err
    assert len(list(done.folder.glob("01-*.keras"))) == 1


def test_path_that_the_user_typed_is_filled_in_as_it_is(attacked: Path, command: Command) -> None:
    typed = "callbacks.mine.filepath='{epoch!s:.0}mine-{epoch}.keras'"
    done = command(*experiment(attacked, checkpoint(f"{RUN}/x.keras")), typed)
    assert done.code == 0, done.err
    assert (attacked / "mine-1.keras").is_file()


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["{epoch}", "{x}", "{", "a{{b}}", "100%d %s", "it's [a] *"])
def test_folder_with_braces_in_its_name_keeps_its_files(
    name: str, attacked: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (attacked / name).mkdir()
    monkeypatch.chdir(attacked / name)
    done = command(*experiment(attacked / name, checkpoint(f"{RUN}/{{epoch}}.keras")), "callbacks=[default,checkpoint]")
    assert done.code == 0, done.err
    (folder,) = (attacked / name).glob("outputs/*/*")
    assert {"1.keras", "checkpoint.keras", "checkpoints"} <= {path.name for path in folder.iterdir()}
    assert {path.parent for path in attacked.rglob("*.keras")} == {folder, folder / "checkpoints"}


def test_path_is_in_the_run_folder_when_it_is_opened(tmp_path: Path) -> None:
    import keras

    from pipeline.errors import ConfigError
    from pipeline.security.path_templates import stay_within

    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "2").symlink_to(tmp_path)
    callback = keras.callbacks.ModelCheckpoint(tmp_path / "run" / "{epoch}" / "x.keras")
    stay_within(callback, tmp_path / "run")
    assert callback._get_file_path(0, None, {}) == str(tmp_path / "run" / "1" / "x.keras")
    with pytest.raises(ConfigError, match="is outside of the run folder"):
        callback._get_file_path(1, None, {})


METRIC = "metrics: [{{_target_: keras.metrics.SparseCategoricalAccuracy, name: '{}'}}]"
NOTIFY = "defaults: [override /callbacks: [notify]]\n"
VARIABLES = {
    "a metric's name": METRIC.format("m_${oc.env:SECRET}"),
    "by a name that is put together": "optimized_metric: env\n" + METRIC.format("m_${oc.${optimized_metric}:SECRET}"),
    "by another value": NOTIFY + METRIC.format("m_${callbacks.notify.urls.0}"),
    "by a resolver that selects": NOTIFY + METRIC.format('m_${oc.select:callbacks.notify.urls.0}'),
    "as a whole node": NOTIFY + "evaluate_splits: ${callbacks.notify.urls}",
    "decoded": METRIC.format("m_${oc.decode:${oc.env:SECRET}}"),
    "a default": METRIC.format("m_${oc.env:UNSET,${oc.env:SECRET}}"),
    "a file's name": checkpoint(RUN + "/${oc.env:SECRET}.keras"),
    "a layer's name": "model: {name: '${oc.env:SECRET}'}",
    "data": "data: {path: '${oc.env:SECRET}'}",
    "a title of a message": NOTIFY + "callbacks: {notify: {title: '${oc.env:SECRET}'}}",
    "an experiment of MLflow": "defaults: [override /tracking: mlflow]\n"
    "tracking: {mlflow: {experiment: '${oc.env:SECRET}'}}",
}  # fmt: skip


@pytest.mark.parametrize("attack", VARIABLES)
def test_variable_reaches_addresses_only(attack: str, attacked: Path, command: Command) -> None:
    done = command(*experiment(attacked, VARIABLES[attack]))
    assert holding_the_secret(attacked) == []
    assert SECRET not in done.out + done.err
    assert_refused(done, "a config file reads an environment variable into it")


def test_user_may_let_a_file_read_variables(attacked: Path, command: Command) -> None:
    arguments = experiment(attacked, METRIC.format("m_${oc.env:SECRET}"))
    done = command(*arguments, "trust=[environment]")
    assert done.code == 0, done.err
    assert f"m_{SECRET}" in done.json("metrics.json")["train"]["outputs"]["digit"]
    done = command(*experiment(attacked, ""), "optimized_metric='${oc.env:SECRET}'")
    assert "reads an environment variable" not in done.err


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_value_is_checked_as_it_is_used(first: int, attacked: Path, command: Command) -> None:
    places = [f"{attacked}/outputs/x.keras", f"{attacked}/pwned/x.keras"]
    answers = itertools.islice(itertools.cycle([*places, *reversed(places)]), first, None)
    OmegaConf.register_new_resolver("turncoat", lambda: next(answers), replace=True)
    done = command(*experiment(attacked, checkpoint("${turncoat:}")), "hydra.run.dir=outputs")
    assert not (attacked / "pwned").exists()
    assert done.code == (0 if (attacked / "outputs" / "x.keras").is_file() else 2)


RUNS = {
    "run": "defaults: [override /task: evaluate]\nrun: mine",
    "runs": "defaults: [override /task: report]\nruns: [mine, mine]",
    "resume": "resume: mine",
    "resume by an interpolation": "optimized_metric: mine\nresume: ${optimized_metric}",
}


@pytest.mark.parametrize("attack", RUNS)
def test_file_chooses_no_run(attack: str, attacked: Path, command: Command) -> None:
    (attacked / "mine" / ".hydra").mkdir(parents=True)
    (attacked / "mine" / ".hydra" / "config.yaml").write_text("seed: 3\n")
    done = command(*experiment(attacked, RUNS[attack]))
    assert_refused(done, f"{attack.split(maxsplit=1)[0]}: a config file chooses the run to work on")
    assert [path.name for path in (attacked / "mine").iterdir()] == [".hydra"]
    assert not (attacked / "outputs").exists()


OF_HYDRA = {
    "a sweep": ("hydra: {mode: MULTIRUN, sweeper: {params: {seed: '1,2'}}}", [], "hydra.mode: a config file sets it"),
    "values that are resolved": (
        "hydra: {sweeper: {params: {model.units: '${oc.env:SECRET}'}}}", ["-m"], "hydra.sweeper.params.model.units"
    ),
    "a run to resume": ("hydra: {sweeper: {params: {resume: 'mine,other'}}}", ["-m"], "resume: a config file chooses"),
    "all logs": ("hydra: {verbose: true}", [], "hydra.verbose: a config file sets it"),
    "a text of help": ("hydra: {help: {template: pwned}}", [], "hydra.help.template: a config file sets it"),
    "a file of the user's": (
        "defaults: ['../../private@model']", [], "is outside of the folder of config files"
    ),
    "a file of the user's by its whole path": (
        "defaults: ['/../private@model']", [], "is outside of the folder of config files"
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", OF_HYDRA)
def test_file_says_nothing_of_hydra(attack: str, attacked: Path, command: Command) -> None:
    text, typed, expected = OF_HYDRA[attack]
    done = command(*experiment(attacked, text)[:2], *typed, *experiment(attacked, text)[2:])
    assert_refused(done, expected)
    assert not list(attacked.glob("multirun/*/*/*/model.keras"))
    assert holding_the_secret(attacked) == []


def test_link_to_a_file_of_the_users_is_no_config_file(attacked: Path, command: Command) -> None:
    arguments = experiment(attacked, "defaults: [/stolen@model]")
    (attacked / "evil" / "stolen.yaml").symlink_to(attacked / "private.yaml")
    assert_refused(command(*arguments), "is outside of the folder of config files")
    assert holding_the_secret(attacked) == []


def test_user_may_sweep_over_values_of_a_file(attacked: Path, command: Command) -> None:
    done = command(*experiment(attacked, "hydra: {sweeper: {params: {model.units: '4,8'}}}"), "-m")
    assert done.code == 0, done.err
    assert len(list(attacked.glob("multirun/*/*/*/model.keras"))) == 2


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


BOMBS = {
    "aliases": (bomb(9), [], "evil.yaml'"),
    "aliases of mappings": (
        "model: {a: &a {x: 1, y: 1}, b: &b {x: *a, y: *a}, "
        + ", ".join(f"c{n}: &c{n} {{x: *{'b' if n == 0 else f'c{n - 1}'}, y: *{'b' if n == 0 else f'c{n - 1}'}}}"
                    for n in range(30)) + "}", [], "evil.yaml'",
    ),
    "an alias of itself": ("model: &a {x: *a}", [], "evil.yaml'"),
    "brackets": (f"model: {'[' * 50_000}{']' * 50_000}", [], "evil.yaml'"),
    "jobs": ("hydra: {mode: MULTIRUN, sweeper: {params: {seed: 'range(1,3000000)'}}}", [], "hydra.mode"),
    "jobs of a sweep": ("hydra: {sweeper: {params: {seed: 'range(1,3000000)'}}}", ["-m"], "a sweep of 2,999,999 jobs"),
    "jobs by many values": (
        "hydra: {sweeper: {params: {" + ", ".join(f"model.x{n}: '1,2,3'" for n in range(40)) + "}}}", ["-m"],
        "a sweep of 12,157,665,459,056,928,801 jobs",
    ),
    "jobs that were typed": ("", ["-m", "seed=range(0,10000000)"], "seed: a sweep of 10,000,000 jobs"),
}  # fmt: skip


@pytest.mark.parametrize("attack", BOMBS)
def test_what_would_never_end_is_refused_at_once(attack: str, attacked: Path, command: Command) -> None:
    text, typed, expected = BOMBS[attack]
    begun = time.process_time()
    done = command(*experiment(attacked, text)[:2], *typed, *experiment(attacked, text)[2:])
    assert time.process_time() - begun < 5
    assert_refused(done, expected)
    assert not (attacked / "outputs").exists()
    assert not (attacked / "multirun").exists()


def test_aliases_of_a_sensible_size_are_read(attacked: Path, command: Command) -> None:
    done = command(*experiment(attacked, "model: &m {units: 8}\noptimizer: {learning_rate: &r 0.01, epsilon: *r}"))
    assert done.code == 0, done.err
    assert done.folder is not None


NOTIFY_AT = (
    "_target_: pipeline.callbacks.notify.Notify, title: x, message: x, urls: ['json://127.0.0.1:9/${oc.env:SECRET}']"
)
ALIASES = {
    "an address elsewhere": (
        f"callbacks: {{a.on_train_end: {{{NOTIFY_AT}}}, "
        "a: {_target_: keras.callbacks.LambdaCallback, on_train_end: {urls: ['${oc.env:HOME}']}}}",
        [],
    ),
    "an address by a bracket": (
        "tracking: {m: {_target_: pipeline.tracking.tensorboard.TensorBoardTracker, histograms: 0, graph: false}, "
        f"'m.uri[x': {{_target_: keras.callbacks.CSVLogger, filename: '{RUN}/${{oc.env:SECRET}}'}}}}",
        [],
    ),
    "what the user typed": (
        "defaults: [override /callbacks: [checkpoints]]\n"
        "callbacks: {checkpoints.keep: {_target_: keras.callbacks.CSVLogger, filename: pwned.csv}}",
        ["callbacks.checkpoints.keep=3", "callbacks.checkpoints.monitor=loss"],
    ),
}


@pytest.mark.parametrize("attack", ALIASES)
def test_key_stands_for_no_other_place(attack: str, attacked: Path, command: Command) -> None:
    text, typed = ALIASES[attack]
    done = command(*experiment(attacked, text), *typed)
    assert not (attacked / "pwned.csv").exists()
    assert not list(attacked.rglob(f"*{SECRET}*"))
    assert holding_the_secret(attacked) == []
    assert done.code == 2, done.out
    assert "leads to a part" in done.err or "reads an environment variable" in done.err


@pytest.mark.parametrize(
    "text",
    [
        "seed: '${oc.env:LINES}'", "trust: '${oc.env:LINES}'",
        "trainer: {validation_freq: '${oc.decode:${oc.env:LINES}}'}",
        "model: {name: '${new_folder:${oc.env:SECRET}}'}", "model: {name: '${new_folder:src}'}",
    ],
)  # fmt: skip
def test_variable_is_in_no_message_and_no_name(
    text: str, attacked: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINES", f"-----BEGIN-----{SECRET}\n{SECRET}-second\n{{END")
    done = command(*experiment(attacked, text))
    assert done.code == 2, done.out
    assert SECRET not in done.out + done.err
    assert "s,3,c,r" not in done.err
    assert holding_the_secret(attacked) == []
    assert {path.name for path in attacked.iterdir()} <= {"evil", "outputs", "private.yaml"}


NO_CONFIGS = [
    "defaults: 3", "defaults: [3]", "defaults: [[a]]", "defaults: [{/data: 3}]", "defaults: [{'': x}]",
    "defaults: [evil]", "defaults: [/experiment: evil]", "hydra: {sweeper: null}", "hydra: null",
    'defaults: [{/data: "../../x\\0y"}]', "resume: ${metrics.a9}\nmetrics: {a0: xxxxxxxxxx, "
    + ", ".join(f"a{n}: '{f'${{metrics.a{n - 1}}}' * 10}'" for n in range(1, 10)) + "}",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_CONFIGS)
def test_file_that_makes_no_config_is_told_in_a_line(text: str, attacked: Path, command: Command) -> None:
    done = command(*experiment(attacked, text))
    assert done.code == 2, done.err
    assert len(done.errors) == len(done.err.splitlines()) == 1


def test_file_that_is_no_text_is_told_in_a_line(attacked: Path, command: Command) -> None:
    arguments = experiment(attacked, "")
    (attacked / "evil" / "experiment" / "evil.yaml").write_bytes(b"seed: \xff\n")
    done = command(*arguments)
    assert done.code == 2
    assert "is no UTF-8 text" in done.errors[0]
