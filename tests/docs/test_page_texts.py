"""The text of the pages for people: each is linked, commands fit a terminal, experiments are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import ALL_PAGES, PAGES, REPOSITORY, blocks, missing_lines, prose

WIDTH = 80
_LINK = re.compile(r"\]\(([^)#\s]+)")


def name(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


def linked(page: Path) -> set[Path]:
    """Returns the files that a page links to."""
    return {(page.parent / link).resolve() for link in _LINK.findall(prose(page)) if "://" not in link}


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, new = set(), {REPOSITORY / "README.md"}
    while new:
        reached |= new
        new = {to for page in new for to in linked(page) if to.suffix == ".md"} - reached
    assert set(ALL_PAGES) <= reached, [name(page) for page in set(ALL_PAGES) - reached]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_fit_a_terminal(page: Path) -> None:
    for block in blocks(page):
        if block.language == "sh":
            assert [line for line in block.text.splitlines() if len(line) > WIDTH] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_are_in_blocks_that_run(page: Path) -> None:
    assert re.findall(r"`python -m pipeline (?!--help)[^`]*`", prose(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_named_experiments_are_there(page: Path) -> None:
    for experiment in re.findall(r"\+experiment=([a-z]\w*(?:/\w+)*)", prose(page)):
        assert (REPOSITORY / "conf" / "experiment" / f"{experiment}.yaml").is_file(), experiment


def test_ci_installs_and_tests_as_the_readme_says() -> None:
    (line,) = (b.text for b in blocks(REPOSITORY / "README.md") if "pytest" in b.text)
    assert line == 'pip install -e ".[test]" && pytest\n'
    ci = (REPOSITORY / ".ci" / "run").read_text()
    assert re.search(r'pip install .*-e "\.\[test\]"$', ci, re.MULTILINE)
    assert re.search(r"^pytest ", ci, re.MULTILINE)


def test_shown_lines_are_compared_whatever_the_numbers() -> None:
    printed = "epoch 3/5  0.1 s  loss 0.25\nrun folder: outputs/2026-01-02/03-04-05\nerror: model.unts: no such key\n"
    assert (
        missing_lines(["epoch 1/9 0.7 s loss 1.5e-3", "run folder: outputs/…", "error: model.unts: …"], printed) == []
    )
    assert missing_lines(["epoch 1/9 0.7 s accuracy 0.5", "run folder", "other …"], printed) == [
        "epoch 1/9 0.7 s accuracy 0.5",
        "run folder",
        "other …",
    ]


def test_commands_are_split_as_by_a_shell(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("In `a/b.yaml`:\n\n```yaml\nx: 1\n```\n\n```sh\n# first\none 'a b' \\\n    c && two\n```\n")
    file, shell = blocks(page)
    assert (file.language, file.name, file.text) == ("yaml", "a/b.yaml", "x: 1\n")
    assert (shell.name, shell.commands) == (None, [["one", "a b", "c"], ["two"]])
