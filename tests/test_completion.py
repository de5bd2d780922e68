"""What Tab completes, in a real Bash and by the words of a line; no completion imports Hydra or TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.completion import completions

COMPLETE = r"""
eval "$(python -m pipeline -sc install=bash)"
tab() {
    COMP_LINE="$1"; COMP_POINT=${#1}; COMP_WORDS=($1); COMPREPLY=()
    $(complete -p "${COMP_WORDS[0]}" | sed -E 's/.* -F ([^ ]*) .*/\1/') 2>/dev/null
    echo "${COMPREPLY[*]}"
}
tab "python -m pipeline +experiment=quick"
tab "python -m pipeline model=c"
tab "python -m pipeline --config-dir mine +experiment=o"
tab "python -m pipeline trainer.ep"
tab "python -m http.server mo"
COMP_WORDBREAKS=" " tab "python -m pipeline model=c"
"""


def test_bash_completes_values_and_files_of_the_user_and_leaves_other_commands_alone(tmp_path: Path) -> None:
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    (tmp_path / "mine" / "experiment" / "own.yaml").touch()
    (tmp_path / "mine" / "experiment" / "odd;$(touch made).yaml").touch()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    packages = os.pathsep.join(sys.path)
    done = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE],
        cwd=tmp_path, env={**os.environ, "PATH": path, "PYTHONPATH": packages}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["quickstart", "cnn", "own", "trainer.epochs=", "", "model=cnn"]
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pipeline +exp", ["+experiment="]),
        ("pipeline +experiment=table/", ["+experiment=table/csv", "+experiment=table/parquet"]),
        ("pipeline callbacks=[default,early", ["callbacks=[default,early_stopping"]),
        ("pipeline model=cnn model.fi", ["model.filters="]),
        ("pipeline data=csv data.day", ["data.day_first="]),
        ("pipeline data=_", []),
        ("pipeline snapshots.every_s", ["snapshots.every_seconds=", "snapshots.every_steps="]),
        ("pipeline resume=", ["resume=auto", "resume=latest", "resume=outputs/2026-01-01/10-00-00"]),
        ("pipeline --multi", ["--multirun"]),
        ("pipeline 'unfinished", []),
        ("pipeline --config-dir ", []),
    ],
)
def test_the_last_word_is_completed(
    line: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "outputs" / "2026-01-01" / "10-00-00"
    run.mkdir(parents=True)
    (run / "run.json").touch()
    assert completions(line) == expected


def test_it_imports_neither_hydra_nor_tensorflow() -> None:
    program = (
        "import sys; sys.argv = ['pipeline', '-sc', 'query=bash']\n"
        "from pipeline.cli import main\nmain()\n"
        "assert not {'hydra', 'omegaconf', 'tensorflow', 'numpy'} & set(sys.modules), sorted(sys.modules)\n"
    )
    environment = {**os.environ, "COMP_LINE": "pipeline trainer.epo", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("trainer.epochs=\n", "")
