"""The page of all config keys, from the schema and from the files of `conf/`.

python -m tests.docs.configuration > .docs/configuration.md
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.config.composition.choices import is_shared
from pipeline.config.composition.ignored_keys import READS
from pipeline.config.conf_folder import conf_folder
from pipeline.config.schema import PipelineConfig
from pipeline.help import first_comment
from tests.docs.config_comments import Key, keys_of

INTRODUCTION = """\
# Configuration

Every config key, its default and what it means. The page is generated from the sources:
`python -m tests.docs.configuration > .docs/configuration.md`.

The command line sets a key by `key=value`, such as `trainer.epochs=10` or `loader.batch_size=128`, and chooses a part
by `group=choice`, such as `model=cnn`. A default of `???` has to be given. `null` is no value, and
`${optimizer.learning_rate}` is the value of another key. Terms are explained in the [glossary](glossary.md), words of
`trust` under [security](security.md), and what has changed is in the [changelog](CHANGELOG.md).

To list experiments and choices, and to show the config that a command composes:

```sh
python -m pipeline --help
python -m pipeline +experiment=quickstart model=cnn --cfg job
```"""
EXPERIMENTS = """\
An experiment is a file that overrides what differs from the defaults; it is added by `+experiment=NAME`. The last
column has what it sets in place of the defaults; what is typed beside it has precedence."""
OF_A_PART = "_target_"
CODE = re.compile(
    r"'[^']*\$\{[^']*'"  # a quoted interpolation
    r"|\{(?:[^{}]|\{[^{}]*\})*\}"  # a mapping
    r"|\(\w+(?:, \w+)*\[, [^\]]+\]\)"  # a tuple with an optional end
    r"|\+?\w[\w.]*=(?:\[[^\]]+\]|[^\s,;:()]*[^\s,;:().])"  # a setting
    r"|[A-Za-z_]*\[[^\]]+\]"  # a list, or a name with an index
    r"|[a-z]+://\S*\w"
    r"|\./[\w./]*\w"  # a path from the working folder
    r"|~?[\w/]*\w(?:[_.]\w+)+\b"  # a dotted or underscored name
)
"""What is code in a comment."""
NAMES_OF_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "null"}
PACKAGES = {"callbacks": "[{}]", "experiment": "+experiment={}"}


def page() -> str:
    """Returns the page for users."""
    groups = _groups()
    experiments = groups.pop("experiment")
    sections = dict(_sections_of_schema()) | {f"`{name}`": _group(name, files) for name, files in groups.items()}
    sections["Experiments"] = [
        EXPERIMENTS,
        _table(("experiment", "what it is", "what it sets"), _experiments(experiments)),
    ]
    contents = "\n".join(f"- [{title.replace('`', '')}](#{slug(title)})" for title in sections)
    parts = [INTRODUCTION, contents]
    for title, paragraphs in sections.items():
        parts += [f"## {title}", *paragraphs]
    return "\n\n".join(parts) + "\n"


def meanings(schema: type) -> dict[str, str]:
    """Returns what the docstring of a dataclass says of each of its fields."""
    attributes = (inspect.getdoc(schema) or "").partition("Attributes:\n")[2]
    parts = re.split(r"^ {4}(\w+): ", attributes, flags=re.MULTILINE)[1:]
    return {name: " ".join(text.split()) for name, text in zip(parts[::2], parts[1::2], strict=True)}


def slug(title: str) -> str:
    """Returns the anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def keys_of_choice(group: str, path: Path) -> list[Key]:
    """Returns the keys of a choice as a user writes them, such as `loader.batch_size`, those of shared files too."""
    is_global = "@package _global_" in path.read_text().partition("\n")[0]
    prefix = "" if is_global else f"{group}."
    own = [Key(prefix + key.name, key.default, key.meaning) for key in keys_of(path) if key.name != READS]
    shared = [path.with_name(f"{name}.yaml") for name in _defaults(path) if is_shared(name)]
    return own + [key for file in shared for key in keys_of_choice(group, file)]


def _defaults(path: Path) -> list[str]:
    """Returns the other files of its group that a choice takes over."""
    found = (yaml.safe_load(path.read_text()) or {}).get("defaults", [])
    return [name for name in found if isinstance(name, str) and name != "_self_"]


def _groups() -> dict[str, list[Path]]:
    """Returns the choices of each group; files that tell Hydra itself something are nobody's choice."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(conf_folder().rglob("*.yaml")):
        group, *names = path.relative_to(conf_folder()).parts
        if names and group != "hydra" and not is_shared(path.stem):
            groups.setdefault(group, []).append(path)
    return groups


def _sections_of_schema() -> Iterator[tuple[str, list[str]]]:
    types_of = typing.get_type_hints(PipelineConfig)
    yield "Top level", [_schema_table(PipelineConfig, "")]
    for field in fields(PipelineConfig):
        nested = types_of[field.name]
        if is_dataclass(nested):
            introduction = (inspect.getdoc(nested) or "").partition("\n\nAttributes:")[0]
            yield f"`{field.name}`", [" ".join(introduction.split()), _schema_table(nested, f"{field.name}.")]


def _schema_table(schema: type, prefix: str) -> str:
    told, types_of, chosen = meanings(schema), typing.get_type_hints(schema), _chosen()
    rows = []
    for field in fields(schema):
        kind = types_of[field.name]
        if not prefix and (is_dataclass(kind) or field.name in chosen):
            of_its_own, default = f"[section](#{slug(field.name)})", chosen.get(field.name, "")
        else:
            of_its_own, default = _kind(kind), _default(field)
        rows.append((f"`{prefix}{field.name}`", of_its_own, _code(default), told.get(field.name, "")))
    return _table(("key", "type", "default", "meaning"), rows)


def _chosen() -> dict[str, str]:
    """Returns the default choice of each group."""
    defaults = yaml.safe_load((conf_folder() / "config.yaml").read_text())["defaults"]
    chosen = {name: choice for entry in defaults if isinstance(entry, dict) for name, choice in entry.items()}
    return {name: _plain(choice) for name, choice in chosen.items() if not name.startswith("override ")}


def _default(field: Field[Any]) -> str:
    return _plain(field.default if field.default_factory is MISSING else field.default_factory())


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(yaml.safe_dump(value, default_flow_style=True, width=2**16)).removesuffix("...\n").strip()


def _kind(annotation: Any) -> str:
    if typing.get_origin(annotation) is list:
        (item,) = typing.get_args(annotation)
        return {"text": "list of texts", "number": "list of numbers"}[_kind(item)]
    if isinstance(annotation, types.UnionType):
        return " or ".join(map(_kind, typing.get_args(annotation)))
    return "any" if annotation is Any else NAMES_OF_TYPES[annotation]


def _group(group: str, files: list[Path]) -> list[str]:
    choices = [(path, _choice(group, path)) for path in files]
    listed = [(f"[`{title}`](#{slug(title)})", first_comment(path)) for path, title in choices]
    parts = [_table(("choice", "what it is"), listed)]
    seen: dict[tuple[tuple[str, str, str], ...], str] = {}
    for path, title in choices:
        parts += [f"### `{title}`", as_markdown(first_comment(path)), *_keys_of(group, path, title, seen)]
    return parts


def _keys_of(group: str, path: Path, title: str, seen: dict[tuple[tuple[str, str, str], ...], str]) -> Iterator[str]:
    keys = keys_of_choice(group, path)
    others = [
        f"[`{_title(group, name)}`](#{slug(_title(group, name))})" for name in _defaults(path) if not is_shared(name)
    ]
    if others:
        yield f"It brings {' and '.join(others)}."
    parts = [f"`{key.default}`" for key in keys if key.name.endswith(OF_A_PART)]
    if parts:
        yield f"Part: {', '.join(parts)}"
    rows = tuple(
        (f"`{key.name}`", _code(key.default), as_markdown(key.meaning))
        for key in keys
        if not key.name.endswith(OF_A_PART)
    )
    if not rows:
        return
    if rows in seen:
        yield f"Its keys are those of [`{seen[rows]}`](#{slug(seen[rows])})."
    else:
        seen[rows] = title
        yield _table(("key", "default", "meaning"), rows)


def _choice(group: str, path: Path) -> str:
    return _title(group, path.relative_to(conf_folder() / group).with_suffix("").as_posix())


def _title(group: str, name: str) -> str:
    return f"{group}=[{name}]" if group == "callbacks" else f"{group}={name}"


def _experiments(files: list[Path]) -> Iterator[tuple[str, str, str]]:
    for path in files:
        name = path.relative_to(conf_folder() / "experiment").with_suffix("").as_posix()
        yield f"`{name}`", as_markdown(first_comment(path)), set_by(path)


def set_by(experiment: Path) -> str:
    """Returns the experiment that another one begins with, its choices and its values, as they would be typed."""
    bases, choices = [], []
    for entry in (yaml.safe_load(experiment.read_text()) or {}).get("defaults", []):
        if isinstance(entry, str):
            bases.append(f"all of `{entry.removeprefix('/experiment/')}`")
        else:
            named = {group.removeprefix("override /"): _plain(choice) for group, choice in entry.items()}
            choices += [f"{group}={choice.replace(', ', ',')}" for group, choice in named.items()]
    values = [f"{key.name}={key.default}" for key in keys_of(experiment)]
    return ", ".join([*bases, *(f"`{text}`" for text in choices + values)])


def as_markdown(text: str) -> str:
    """Returns a comment with what looks like code as code."""
    parts = text.split("`")
    parts[::2] = [CODE.sub(r"`\g<0>`", part) for part in parts[::2]]
    return "`".join(parts)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(head: tuple[str, ...], rows: typing.Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    print(page(), end="")
