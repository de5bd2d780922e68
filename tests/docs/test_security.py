"""Every line that the page on security shows is the one that the command ends with."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.security.trust import WORDS

PAGE = (Path(__file__).resolve().parents[2] / ".docs" / "security.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


COMMANDS = [block.strip().splitlines() for block in blocks("text")]


@pytest.mark.parametrize(("line", "expected"), COMMANDS, ids=[line.split()[-1] for line, _ in COMMANDS])
def test_file_of_a_stranger_is_refused_with_the_line_that_is_shown(
    line: str, expected: str, tmp_path: Path, command: Callable[..., Any]
) -> None:
    for text in blocks("yaml"):
        file = tmp_path / text.splitlines()[1].removeprefix("# ")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    done = command(*shlex.split(line.removeprefix("$ python -m pipeline ")))
    assert (done.code, done.err.splitlines()) == (2, [expected])
    assert not any((tmp_path / "outputs").rglob("*.*"))


def test_every_word_of_trust_has_a_section() -> None:
    for word in {*WORDS, "hydra", "my_parts"}:
        assert re.search(rf"^## .*trust=\[{word}\]$", PAGE, re.MULTILINE), word
