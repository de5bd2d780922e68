"""How long `--help` and `--cfg job` take against an empty Hydra app: measured and shown with `-s`, never a failure."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

EMPTY = "import hydra\n\n@hydra.main(version_base='1.3', config_path=None)\ndef main(cfg): pass\n\nmain()\n"


def seconds(*command: str, cwd: Path) -> float:
    best = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=cwd)
        best.append(time.perf_counter() - start)
    return min(best)


@pytest.mark.slow
def test_time_of_help_and_config_against_an_empty_hydra_app(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text(EMPTY)
    empty = seconds(sys.executable, "empty.py", "--cfg", "job", cwd=tmp_path)
    for arguments in (["--help"], ["+experiment=mnist/mask", "--cfg", "job"]):
        ratio = seconds(sys.executable, "-m", "pipeline", *arguments, cwd=tmp_path) / empty
        print(f"{' '.join(arguments)}: {ratio:.2f} times an empty Hydra app")
