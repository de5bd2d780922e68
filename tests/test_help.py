"""Help: every experiment and group with its one line, without Hydra or TensorFlow."""

import subprocess
import sys
from pathlib import Path

from pipeline.config.conf_folder import conf_folder
from pipeline.help import first_comment, help_text


def test_every_config_file_opens_with_a_line_that_help_shows() -> None:
    text = help_text([])
    files = [path for path in conf_folder().rglob("*.yaml") if path.parent != conf_folder()]
    assert len(files) > 30
    for path in files:
        assert first_comment(path), path
        # What Hydra itself is told is not for users to choose from, nor is what choices share.
        is_choice = path.relative_to(conf_folder()).parts[0] != "hydra" and not path.name.startswith("_")
        assert (first_comment(path) in text) == is_choice


def test_experiments_of_a_config_dir_are_listed_too(tmp_path: Path) -> None:
    (tmp_path / "experiment" / "mine").mkdir(parents=True)
    (tmp_path / "experiment" / "mine" / "first.yaml").write_text("# @package _global_\n# My own experiment.\n")
    for arguments in (["--config-dir", str(tmp_path)], [f"--config-dir={tmp_path}"]):
        assert "mine/first" in help_text(arguments)
        assert "My own experiment." in help_text(arguments)


def test_help_imports_neither_tensorflow_nor_hydra() -> None:
    code = (
        "import sys; sys.argv = ['pipeline', '--help']; from pipeline.cli import main; assert main() == 0;"
        "assert not {'tensorflow', 'keras', 'hydra', 'numpy'} & set(sys.modules), sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "quickstart" in done.stdout
