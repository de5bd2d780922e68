"""What tests of faults share: what a command in a process of its own says, and a disk that fills up."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

Process: TypeAlias = "subprocess.Popen[str]"
QUICK = ("+experiment=quickstart", "report=false")


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
