"""What tests of faults share: commands in processes of their own, and a disk that fills up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Process: TypeAlias = "subprocess.Popen[str]"
QUICK = ("+experiment=quickstart", "report=false")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts `python -m pipeline …` in a folder of the test's own; what it says can be read line by line."""
    started: list[Process] = []

    def run(*arguments: str, **options: Any) -> Process:
        command = [sys.executable, "-m", "pipeline", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, cwd=tmp_path, **(pipes | options))
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def wait_for(process: Process, said: str) -> str:
    """Reads what a process says until a line with that text, which is returned."""
    assert process.stdout is not None
    for line in process.stdout:
        if said in line:
            return line
    assert process.stderr is not None
    raise AssertionError(f"ended with {process.wait()} before {said!r}: {process.stderr.read()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts small disks at a folder, which it returns; skips where the tests may not mount."""
    folder, mounted = tmp_path / "disk", []

    def mount(options: str) -> Path:
        folder.mkdir(exist_ok=True)
        if os.getuid() != 0 or _mount("-t", "tmpfs", "-o", options, "tmpfs", str(folder)):
            pytest.skip("these tests may not mount a disk")
        mounted.append(folder)
        return folder

    yield mount
    for path in reversed(mounted):
        # Lazily, as the log in it is still open in this process.
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def _mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode
