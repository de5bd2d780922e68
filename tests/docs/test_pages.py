"""Every file, command and output of the pages for people is as they show it; the rules are in `tests/docs/pages.py`."""

from __future__ import annotations

import os
import runpy
import sys
import tomllib
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import BORROWED, FILE_LANGUAGES, OWN_TEST, PAGES, REPOSITORY, Block, blocks, missing_lines

MISTAKE = 2
"""The exit code of what the user can mend."""


class Reader:
    """Someone who does what a page says, in a folder of their own."""

    def __init__(self, folder: Path, command: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.printed = ""
        self._command, self._capsys = command, capsys
        self._names: dict[str, Any] = {}

    def read(self, page: Path, only_data: bool = False) -> None:
        """Does what each block says; with `only_data`, writes files and runs scripts only."""
        found = blocks(page)
        for block, following in zip_longest(found, found[1:]):
            if block.name is not None and block.language in FILE_LANGUAGES:
                path = self.folder / block.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text)
            elif block.language == "sh":
                self.run(block, following, only_data)
            elif only_data:
                continue
            elif block.language == "text" and block.name is not None:
                missing = missing_lines(block.shown, self._file(block.name).read_text())
                assert not missing, f"line {block.line}: not in {block.name}: {missing}"
            elif block.language == "text":
                missing = missing_lines(block.shown, self.printed)
                assert not missing, f"line {block.line}: not printed: {missing}, but\n{self.printed}"
            elif block.language == "python":
                exec(compile(block.text, f"{page.name}:{block.line}", "exec"), self._names)
            else:
                pytest.fail(f"line {block.line}: no rule for a block of {block.language or 'no language'}")

    def run(self, block: Block, following: Block | None, only_data: bool) -> None:
        """Runs the commands of a block, and keeps what they print."""
        fails = following is not None and any(line.startswith("error: ") for line in following.shown)
        printed = []
        for words in block.commands:
            match words:
                case ["python", "-m", "pipeline", *arguments]:
                    if not only_data:
                        done = self._command(*arguments)
                        printed.append(done.out + done.err)
                        assert done.code == (MISTAKE if fails else 0), f"line {block.line}: {words}\n{done.err}"
                case ["python", script, *arguments] if script.endswith(".py"):
                    printed.append(self._script(script, arguments))
                case ["export", setting]:
                    name, _, value = setting.partition("=")
                    os.environ[name] = value
                case ["eval", inner]:
                    assert inner == "$(python -m pipeline -sc install=bash)"
                case ["pip", "install", *what]:
                    _check_extras(what[-1])
                case ["pytest", *arguments]:
                    # The suite runs these itself.
                    assert all((REPOSITORY / one).exists() for one in arguments if not one.startswith("-"))
                case _:
                    pytest.fail(f"line {block.line}: no rule for the command {words}")
        self.printed = "\n".join(printed)

    def _script(self, script: str, arguments: list[str]) -> str:
        self._capsys.readouterr()
        before = sys.argv
        sys.argv = [script, *arguments]
        try:
            runpy.run_path(str(self.folder / script), run_name="__main__")
        finally:
            sys.argv = before
        out, err = self._capsys.readouterr()
        return out + err

    def _file(self, name: str) -> Path:
        runs = sorted(self.folder.glob("outputs/*/*"))
        return next(path for path in [*(run / name for run in runs[-1:]), self.folder / name] if path.is_file())


def _check_extras(what: str) -> None:
    """Refuses to have an extra installed that there is none of."""
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    package, _, extra = what.rstrip("]").partition("[")
    assert package in (".", "pipeline"), what
    assert not extra or extra in extras, what


@pytest.fixture
def reader(
    tmp_path: Path, command: Callable[..., Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Reader]:
    # As `python -m pipeline` and `python script.py` do for the folder that they are run in.
    monkeypatch.syspath_prepend(tmp_path)
    environment = dict(os.environ)
    yield Reader(tmp_path, command, capsys)
    os.environ.clear()
    os.environ.update(environment)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(f"{tmp_path}/"):
            del sys.modules[name]


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in OWN_TEST and blocks(page)],
    ids=lambda page: str(page.relative_to(REPOSITORY)),
)
def test_page_does_what_it_says(page: Path, reader: Reader) -> None:
    other = BORROWED.get(str(page.relative_to(REPOSITORY)))
    if other is not None:
        assert f"({other})" in page.read_text()
        reader.read(REPOSITORY / other, only_data=True)
    reader.read(page)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```sh\npython -m pipeline --help\n```\n\n```text\nNobody prints this.\n```\n", "line 6: not printed"),
        ("```sh\npython -m pipeline trainer.epochs=0\n```\n", "line 2: "),
        ("```sh\nrm -r conf\n```\n", "line 2: no rule for the command"),
        ("```yaml\ntrainer: {}\n```\n", "line 2: no rule for a block of yaml"),
    ],
    ids=["other output", "command that fails", "other command", "file without a name"],
)
def test_page_that_says_something_else_is_found(text: str, told: str, reader: Reader, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises((AssertionError, pytest.fail.Exception), match=told):
        reader.read(page)
