"""The glossary is in order, links every term to a page that explains it, and has no term that the docs do not use."""

import re

import pytest

from tests.docs.pages import ALL_PAGES, REPOSITORY

GLOSSARY = REPOSITORY / ".docs" / "glossary.md"
ENTRIES = re.findall(r"^- \*\*(.+?)\*\*: (.*?)(?=\n- |\Z)", GLOSSARY.read_text(), re.DOTALL | re.MULTILINE)
TERMS = [term for term, _ in ENTRIES]


def docs() -> str:
    """The pages, and the docstrings of the code."""
    texts = [page.read_text() for page in ALL_PAGES if page != GLOSSARY]
    for module in (REPOSITORY / "pipeline").rglob("*.py"):
        texts += re.findall(r'"""(.*?)"""', module.read_text(), re.DOTALL)
    return "\n".join(texts).lower()


def test_terms_are_in_alphabetical_order_and_there_once() -> None:
    assert len(TERMS) == GLOSSARY.read_text().count("\n- ")
    assert sorted(set(TERMS)) == TERMS


@pytest.mark.parametrize(("term", "text"), ENTRIES, ids=TERMS)
def test_term_is_one_sentence_and_a_link(term: str, text: str) -> None:
    sentence, _, link = " ".join(text.split()).rpartition(". ")
    assert re.fullmatch(r"\[.+\]\(\S+\)", link)
    assert ". " not in sentence


def test_every_term_is_used() -> None:
    text = docs()
    assert [term for term in TERMS if not re.search(rf"\b{term}(s|es)?\b", text)] == []
