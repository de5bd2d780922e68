"""The folder that a command is run in may be a stranger's: no Python file in it runs that its user did not name."""

import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ["keras", "yaml", "optree", "google", "torch", "jax", "hydra_plugins/evil", "sitecustomize"]
COMMANDS = {
    "as a module": [sys.executable, "-m", "pipeline"],
    "as a program": [sys.executable, "-P", "-c", "from pipeline.cli import run_process; run_process()"],
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("form", COMMANDS)
def test_files_of_the_working_folder_do_not_run(form: str, tmp_path: Path) -> None:
    (tmp_path / "hydra_plugins").mkdir()
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"open('pwned', 'a').write({name!r})\n")
    command = [*COMMANDS[form], "+experiment=quickstart", "trainer.epochs=1", "report=false"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "pwned").exists()


@pytest.mark.exhaustive
@pytest.mark.parametrize("form", COMMANDS)
def test_module_of_the_working_folder_that_the_user_trusts_runs(form: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import other\nimport keras\n\n\nclass Part(keras.callbacks.Callback):\n    pass\n"
    )
    (tmp_path / "other.py").write_text("open('seen', 'w')\n")
    arguments = ["+experiment=quickstart", "trainer.epochs=1", "report=false", "+callbacks.mine._target_=mine.Part"]
    done = subprocess.run([*COMMANDS[form], *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "seen").exists()
