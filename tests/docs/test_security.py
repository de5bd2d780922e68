"""Every line that the page on security shows is the one that the command ends with."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.security.trust import WORDS

PAGE = (Path(__file__).resolve().parents[2] / ".docs" / "security.md").read_text()
FILES = re.findall(r"^In `(\S+)`:\n\n```yaml\n(.*?)```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"```sh\npython -m pipeline (.*?)\n```\n\n```text\n(.*?)\n```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("arguments", "expected"), COMMANDS, ids=[line.split()[-1] for line, _ in COMMANDS])
def test_file_of_a_stranger_is_refused_with_the_line_that_is_shown(
    arguments: str, expected: str, tmp_path: Path, command: Callable[..., Any]
) -> None:
    for name, text in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    done = command(*shlex.split(arguments.replace("\\\n", "")))
    assert (done.code, done.err.splitlines()) == (2, [expected])
    assert not any((tmp_path / "outputs").rglob("*.*"))


def test_every_word_of_trust_has_a_section() -> None:
    assert len(COMMANDS) == PAGE.count("```sh") > len(WORDS)
    for word in {*WORDS, "hydra", "my_parts"}:
        assert re.search(rf"^## .*trust=\[{word}\]$", PAGE, re.MULTILINE), word
