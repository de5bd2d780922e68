"""The wheel brings its config files along and works without a clone, with a user's own config folder."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_wheel_works_without_a_clone(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    assert (tmp_path / "installed" / "pipeline" / "report" / "templates" / "run.html.j2").is_file()
    (tmp_path / "my_conf" / "experiment").mkdir(parents=True)
    (tmp_path / "my_conf" / "experiment" / "mine.yaml").write_text("# @package _global_\nmodel: {units: 7}\n")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r});"
        "sys.argv = ['pipeline', '--config-dir', 'my_conf', '+experiment=mine', 'data=mnist', '--cfg', 'job'];"
        "import pipeline, pipeline.cli; assert 'installed' in pipeline.__file__; sys.exit(pipeline.cli.main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "units: 7" in done.stdout
    assert "pipeline.data.sources.mnist.Mnist" in done.stdout
