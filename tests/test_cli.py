"""The command line: fast and without TensorFlow where nothing is trained; failures of ours have exit code 1."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WITHOUT_TENSORFLOW = (
    "import sys; sys.argv = ['pipeline', *{arguments}]; from pipeline.cli import main; code = main();"
    "assert not {{'tensorflow', 'keras'}} & set(sys.modules); sys.exit(code)"
)


@pytest.mark.parametrize("arguments", [["+experiment=mnist/mask", "--cfg", "job"], ["--help"], ["model.unts=3"]])
def test_config_help_and_typos_need_no_tensorflow(arguments: list[str], tmp_path: Path) -> None:
    code = WITHOUT_TENSORFLOW.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == (2 if "model.unts=3" in arguments else 0), done.stderr


def test_reader_of_the_help_may_go_away(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 0


def test_tab_completion_lists_choices_without_tensorflow(tmp_path: Path) -> None:
    code = WITHOUT_TENSORFLOW.format(arguments=["-sc", "query=bash"])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**__import__("os").environ, "COMP_LINE": "pipeline model=", "COMP_POINT": "15"},
    )  # fmt: skip
    assert {"model=mlp", "model=cnn"} <= set(done.stdout.split()), done.stderr


def test_failure_of_ours_is_one_line_and_exit_code_1(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.data.sources.digits import Digits

    def fail(self: Digits, **more: object) -> None:
        raise RuntimeError("not yet\nthought of")

    monkeypatch.setattr(Digits, "load", fail)
    done = command("+experiment=quickstart")
    assert done.code == 1
    assert done.errors == ["RuntimeError: not yet (debug=true shows the traceback)"]
    assert done.json("run.json")["exit_code"] == 1


def test_full_disk_is_told_and_leaves_no_half_of_a_file(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    def full(self: keras.Model, path: Path) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", full)
    done = command("+experiment=quickstart", "trainer.epochs=1", "report=false")
    assert done.code == 2
    assert done.errors == [
        f"'{done.folder / 'model.keras'}': no space is left on its disk; "
        "free some, or use another folder with hydra.run.dir=DIR"
    ]
    assert not (done.folder / "model.keras").exists()
    assert not list(done.folder.glob(".*.keras"))


def test_own_config_error_of_hydra_is_told_in_a_line(command: Callable[..., Any]) -> None:
    done = command("trainer.epochs=[")
    assert done.code == 2
    assert len(done.errors) == 1
    assert command("loss={a: 1}", "+experiment=multi_io/list_losses").code == 2
    assert "'nothing'" in command("--config-name", "nothing").errors[0]
    assert command("experiment=quickstart").errors == [
        "experiment: an experiment is added to the defaults; use +experiment=quickstart"
    ]
