"""Links between the pages, and to files and headings, lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ALL_PAGES, REPOSITORY, prose


def anchors(page: Path) -> set[str]:
    """What headings of a page are called in a link."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def broken(page: Path) -> Iterator[str]:
    """The links of a page to a file or a heading that is not there."""
    for path, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", prose(page)):
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (heading and heading not in anchors(target)):
            yield f"{path}#{heading}"


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n## `two`, three\n[a](#one) [b](#two-three) [c](page.md#one) [d](#four) [e](other.md)\n")
    assert list(broken(page)) == ["#four", "other.md#"]
