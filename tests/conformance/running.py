"""Test files run by pytest in processes of their own, whose crashes and endless tests cost one test and no more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import replacing

HERE = Path(__file__).parent
SECONDS_TO_START = 240
_running: set[int] = set()


def end_all() -> None:
    """Ends all processes that run tests."""
    for pid in list(_running):
        os.killpg(pid, signal.SIGKILL)


@dataclass(frozen=True)
class Case:
    """A test that ran.

    Attributes:
        outcome: `passed`, `failed`, `skipped`, `crashed`, `took too long`, `not imported` or `not run`.
        why: The first line of what it said.
        reaches: Whether it called `fit`, `evaluate` or `predict`.
    """

    outcome: str
    why: str = ""
    reaches: bool = False

    def __str__(self) -> str:
        return f"{self.outcome} ({self.why:.200})" if self.why else self.outcome


class Tests:
    """Some test files.

    Args:
        files: The files.
        folder: Where they may write.
        seconds: Most seconds of a test.
        until: When all is to end, by `time.monotonic`.
        words: Only tests of these names, as for pytest's `-k`.
    """

    def __init__(self, files: list[Path], folder: Path, seconds: float, until: float, words: str = "") -> None:
        self._files, self._folder, self._seconds, self._until, self._words = files, folder, seconds, until, words
        self._root = _root(files[0])

    def compared(self, known: dict[str, Case]) -> tuple[dict[str, Case], dict[str, Case]]:
        """Returns what tests end with by Keras' own methods and, of those that call them, by ours.

        Args:
            known: What tests end with by Keras' own methods, as far as that is known.
        """
        own = {str(file.relative_to(self._root)) for file in self._files}
        theirs = {name: case for name, case in known.items() if name.partition("::")[0] in own}
        theirs = theirs or self.run(ours=False)
        reaching = [name for name, case in theirs.items() if case.reaches]
        ours = self.run(ours=True, only=reaching) if reaching else {}
        return theirs, {name: ours[name] for name in reaching if name in ours}

    def run(self, *, ours: bool, only: list[str] | None = None) -> dict[str, Case]:
        """Returns what tests end with."""
        cases: dict[str, Case] = {}
        left, collected = only, None
        while True:
            lines, ended = self._process(ours, left)
            begun = [line["name"] for line in lines if line.get("begins")]
            cases |= _cases(lines)
            collected = collected or [line["name"] for line in lines if len(line) == 1]
            if begun and not any("reaches" in line and line["name"] == begun[-1] for line in lines):
                # It may have called one of the three before it took the process down.
                cases[begun[-1]] = Case(ended, reaches=True)
            left = [name for name in collected if name not in cases]
            if not left or not begun or time.monotonic() > self._until:
                return cases | {name: Case("not run", reaches=ours) for name in left}

    def _process(self, ours: bool, only: list[str] | None) -> tuple[list[dict[str, Any]], str]:
        self._folder.mkdir(parents=True, exist_ok=True)
        report, names = self._folder / "report", self._folder / "names"
        report.write_text("")
        names.write_text("\n".join(only or []))
        known = {replacing.OURS: str(int(ours)), replacing.REPORT: str(report), "KERAS_BACKEND": "tensorflow"}
        path = [str(HERE), str(self._root), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | known | {"PYTHONPATH": os.pathsep.join(path)}
        if only is not None:
            environment[replacing.ONLY] = str(names)
        plugins = ["-p", "replacing", "-p", "no:cacheprovider"]
        plugins += ["--continue-on-collection-errors"]
        command = [sys.executable, "-m", "pytest", "-q", *plugins, f"--rootdir={self._root}", f"-k={self._words}"]
        with (self._folder / f"log{int(ours)}").open("a") as log:
            process = subprocess.Popen(
                [*command, "-c", os.devnull, *map(str, self._files)], cwd=self._folder, env=environment,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            _running.add(process.pid)
            ended = self._watched(process, report)
            _running.discard(process.pid)
        return [json.loads(line) for line in report.read_text().splitlines()], ended

    def _watched(self, process: subprocess.Popen[bytes], report: Path) -> str:
        """Waits for the end of a process, and ends it if a test takes too long."""
        size, since = -1, time.monotonic()
        while process.poll() is None:
            now = time.monotonic()
            told = report.stat().st_size
            if told != size:
                size, since = told, now
            if now > min(since + max(self._seconds, 0 if size else SECONDS_TO_START), self._until + self._seconds):
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return "took too long"
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
        return "crashed"


def _cases(lines: list[dict[str, Any]]) -> dict[str, Case]:
    outcomes: dict[str, tuple[str, str]] = {}
    reaches: dict[str, bool] = {}
    cases = {line["file"]: Case("not imported", line["why"]) for line in lines if "file" in line}
    for line in lines:
        if "outcome" in line and outcomes.get(line["name"], ("",))[0] != "failed":
            outcomes[line["name"]] = line["outcome"], line["why"]
        if "reaches" in line:
            reaches[line["name"]] = line["reaches"]
    return cases | {name: Case(*outcomes.get(name, ("passed", "")), reached) for name, reached in reaches.items()}


def _root(file: Path) -> Path:
    """Returns the folder that the package of a test file is in."""
    folder = file.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder
