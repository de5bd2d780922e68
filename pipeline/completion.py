"""Tab completion of a command line: groups, their choices, experiments, keys and runs, all read from files.

It runs at every press of the key, so it imports neither Hydra nor TensorFlow.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from pipeline.config.conf_folder import conf_folder
from pipeline.help import config_dirs

INSTALL, QUERY = "install=bash", "query=bash"
OPTIONS = ("--cfg", "--config-dir", "--help", "--hydra-help", "--info", "--multirun", "--shell-completion", "-m")
SECTIONS = {"SplitConfig": "split", "TrainerConfig": "trainer", "SnapshotsConfig": "snapshots"}
"""The schema's classes and the keys that they describe."""
PLAIN = re.compile(r"[\w./+-]+", re.ASCII)
"""Names that a shell needs no quotes for."""
MOST = 2000
"""Most files of a folder to look at."""

BASH = r"""_pipeline_complete() {
    local line="${COMP_LINE:0:COMP_POINT}" command=("${COMP_WORDS[0]}") current breaks
    if [[ "${COMP_WORDS[0]##*/}" == python* ]]; then
        if ! [[ "$line" =~ ^[^\ ]+\ +-m\ +pipeline\  ]]; then
            if [[ -n "$_pipeline_python" ]]; then "$_pipeline_python" "$@"; fi
            return
        fi
        command+=(-m pipeline)
    fi
    mapfile -t COMPREPLY < <(COMP_LINE="$line" "${command[@]}" -sc query=bash 2>/dev/null)
    current="${line##* }"
    # To Bash, the word starts after the last of its word breaks.
    breaks="${COMP_WORDBREAKS//[^=:]/}"
    if [[ -n "$breaks" && "$current" == *["$breaks"]* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*["$breaks"]}"}"}")
    fi
    if [[ "${COMPREPLY[0]}" == *[=./] || "$current" == *\[* ]]; then compopt -o nospace; fi
}
_pipeline_python="$(complete -p python 2>/dev/null | sed -n 's/.* -F \([^ ]*\) .*/\1/p')"
if [[ "$_pipeline_python" == _pipeline_complete ]]; then _pipeline_python=; fi
complete -o default -F _pipeline_complete pipeline python python3
"""
"""For Bash: completes `pipeline` and `python -m pipeline`, and keeps any previous completion of `python`."""


def asked_for(arguments: Sequence[str]) -> str | None:
    """Returns what `-sc install=bash` or `-sc query=bash` prints; None for any other command line.

    Args:
        arguments: The command line without its first word.
    """
    if len(arguments) != 2 or arguments[0] not in ("-sc", "--shell-completion"):
        return None
    if arguments[1] == INSTALL:
        return BASH
    if arguments[1] == QUERY:
        return "".join(f"{line}\n" for line in completions(os.environ.get("COMP_LINE", "")))
    return None


def completions(line: str) -> list[str]:
    """Returns the completions of the last word of a line, in alphabetical order.

    Args:
        line: The command up to the cursor.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    word = "" if not words or line[-1:].isspace() else words[-1]
    before = words if not word else words[:-1]
    if before[-1:] and before[-1] in ("--config-dir", "-cd"):
        return []
    folders = [conf_folder(), *(folder.expanduser() for folder in config_dirs(before))]
    return sorted({text for text in _candidates(word, before, folders) if text.startswith(word)})


def _candidates(word: str, before: Sequence[str], folders: Sequence[Path]) -> Iterable[str]:
    if word.startswith("-"):
        return OPTIONS
    key, separator, value = word.partition("=")
    if separator:
        return (f"{key}={text}" for text in _values(key.lstrip("+"), value, folders))
    if "." in word:
        return _keys(word.rpartition(".")[0], before, folders)
    groups = {path.name for folder in folders if folder.is_dir() for path in folder.iterdir() if path.is_dir()}
    names = [*(groups - {"hydra", "experiment"}), *_fields("PipelineConfig")]
    return [*(f"{name}=" for name in names), *(f"{name}." for name in SECTIONS.values()), "+experiment="]


def _values(key: str, value: str, folders: Sequence[Path]) -> Iterator[str]:
    if key in ("run", "resume", "runs"):
        known = [*(["auto"] if key == "resume" else []), "latest", *_runs()]
    else:
        known = [name for folder in folders for name in _choices(folder / key)]
    # In a list, the last item is completed.
    begun = value[: max(value.rfind("["), value.rfind(",")) + 1]
    return (f"{begun}{name}" for name in known)


def _choices(group: Path) -> Iterator[str]:
    for path in islice(group.rglob("*.yaml"), MOST):
        name = path.relative_to(group).with_suffix("").as_posix()
        if PLAIN.fullmatch(name) and not path.name.startswith("_"):
            yield name


def _runs() -> Iterator[str]:
    for pattern in ("outputs/*/*/run.json", "multirun/*/*/*/run.json"):
        for path in islice(Path().glob(pattern), MOST):
            if PLAIN.fullmatch(str(path.parent)):
                yield str(path.parent)


def _keys(parent: str, before: Sequence[str], folders: Sequence[Path]) -> Iterator[str]:
    """Yields the keys of a section of the schema, or of the group's choice on the line or in the defaults."""
    kind = next((kind for kind, section in SECTIONS.items() if section == parent), None)
    if kind is not None:
        yield from (f"{parent}.{name}=" for name in _fields(kind))
    defaults = re.findall(
        rf"^  - {re.escape(parent)}: (\w+)$", (conf_folder() / "config.yaml").read_text(), re.MULTILINE
    )
    chosen = [word.partition("=")[2] for word in before if word.lstrip("+").startswith(f"{parent}=")]
    for choice in (chosen or defaults)[-1:]:
        yield from (f"{parent}.{name}=" for name in _keys_of_choice(parent, choice, folders))


def _keys_of_choice(group: str, choice: str, folders: Sequence[Path]) -> Iterator[str]:
    """Gives the keys of a file of a group, and of files that choices share which it has in its defaults."""
    for file in (folder / group / f"{choice}.yaml" for folder in folders):
        if file.is_file():
            text = file.read_text(encoding="utf-8", errors="replace")
            yield from (name for name in re.findall(r"^([A-Za-z]\w*):", text, re.MULTILINE) if name != "defaults")
            for shared in re.findall(r"^  - (_\w*[a-z])$", text, re.MULTILINE):
                yield from _keys_of_choice(group, shared, folders)


def _fields(kind: str) -> Iterator[str]:
    """Yields the field names of a class of the schema, which is parsed and not imported."""
    source = (Path(__file__).parent / "config" / "schema.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == kind:
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    yield field.target.id
