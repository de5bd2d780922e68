"""Unknown keys, reported with the key that was probably meant, anywhere in the config."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from typing import Any

from omegaconf import DictConfig, OmegaConf

from pipeline.config.components import takes
from pipeline.config.composition.choices import EXPERIMENT, choices_with
from pipeline.config.schema import PipelineConfig
from pipeline.errors import ConfigError, nearest
from pipeline.spelling import ALIKE, meant_name

ROOTS = frozenset(field.name for field in fields(PipelineConfig))
"""Keys at the top level of a config."""
OTHER_NAMES = {"lr": "learning_rate", "bs": "batch_size", "wd": "weight_decay", "n_epochs": "epochs"}
"""Short names that people use for keys."""
SURELY = 0.85
"""Similarity from which a name is taken for a mistyped sibling."""
SHORTEST = 3
"""Least length of a name that may be another one mistyped."""


@dataclass(frozen=True)
class Keys:
    """The existing keys.

    Attributes:
        config: The config before the command line is applied.
        repository: Hydra's config files.
    """

    config: DictConfig
    repository: Any

    def unknown_of_file(self, key: str) -> str:
        """Says so of a key in a config file, see `unknown`.

        Without the comment, Hydra reads all of a file as below the name of its folder.
        """
        if key.partition(".")[0] == EXPERIMENT:
            return "experiment: expected '# @package _global_' as the first line of an experiment's file"
        return self.unknown(key)

    def unknown(self, key: str, value: str | None = None) -> str:
        """Returns the line for an unknown key, with the key that was probably meant.

        Args:
            key: A key whose last name, or an earlier one, is unknown.
            value: Its value as written; None if the key is not being set.
        """
        parent, name = self._first_unknown(key)
        where = parent or "the config"
        if not parent and name == EXPERIMENT:
            return f"experiment: an experiment is added to the defaults; use +experiment={value or 'NAME'}"
        group = parent.partition(".")[0] or name
        node = self._plain(parent)
        if parent in ROOTS and (having := choices_with(self.repository, parent, name)):
            chosen = " or ".join(f"{parent}=[{c}]" if parent == "callbacks" else f"{parent}={c}" for c in having[:3])
            return f"{key}: {where} has no '{name}'; {chosen} has it"
        found = self.meant(name, node if isinstance(node, dict) else {}, parent)
        if found is not None:
            return f"{key}: {where} has no '{name}'; did you mean '{found}'?"
        valid = [n for n in node if n != "_target_"] if isinstance(node, dict) else []
        line = f"{key}: {where} has no '{name}'{nearest(name, valid)}"
        may_add = value is not None and group in ROOTS and parent and self._may_have(node, name)
        return f"{line}; use +{key}={value} to add it" if may_add else line

    def has(self, key: str) -> bool:
        """Whether the config has a key."""
        parent, name = self._first_unknown(key)
        node = self._plain(parent)
        return isinstance(node, dict) and name in node

    def meant(
        self, name: str, siblings: Collection[str] = (), parent: str = "", *, exactly: bool = False
    ) -> str | None:
        """Returns the key that a name was probably meant for.

        Args:
            name: The last name of the key.
            siblings: Names beside it, which are preferred.
            parent: The key above them.
            exactly: Whether to ignore mistyped names.

        Returns:
            The name alone for a sibling, the whole key otherwise.
        """
        name = name.replace("-", "_")
        by_name: dict[str, list[str]] = {}
        for key in self._leaves():
            by_name.setdefault(key.rpartition(".")[2], []).append(key)
        sibling = _near(name, siblings, SURELY)
        for found in (name, OTHER_NAMES.get(name, "")):
            if found in siblings:
                return found
            if sibling is not None and not exactly:
                return sibling
            if found in by_name and not (found == "name" and parent):
                return by_name[found][0]
        if exactly or (near := _near(name, siblings)) is not None:
            return None if exactly else near
        other = _near(name, [] if parent else [*ROOTS, *by_name])
        return other if other is None or other in ROOTS else by_name[other][0]

    def _first_unknown(self, key: str) -> tuple[str, str]:
        """Returns the longest part of a key that the config has, and the next name, which it does not have."""
        parts = key.split(".")
        for length in range(len(parts)):
            node = self._plain(".".join(parts[:length]))
            if not isinstance(node, dict) or parts[length] not in node:
                return ".".join(parts[:length]), parts[length]
        return ".".join(parts[:-1]), parts[-1]

    def _plain(self, key: str) -> Any:
        node = OmegaConf.select(self.config, key, throw_on_missing=False) if key else self.config
        plain: Any = OmegaConf.to_container(node, resolve=False) if OmegaConf.is_config(node) else node
        return {name: value for name, value in plain.items() if name != "hydra"} if isinstance(plain, dict) else plain

    def _leaves(self) -> Iterator[str]:
        yield from _leaves(self._plain(""))

    def _may_have(self, node: Any, name: str) -> bool:
        """Whether a component may have an argument that its file does not list; a built-in one is inspected."""
        if not isinstance(node, dict):
            return False
        target = str(node.get("_target_", ""))
        if not target.startswith("pipeline."):
            return True
        try:
            return takes(target, name)
        except ConfigError:
            return True


def _leaves(node: Any, place: str = "") -> Iterator[str]:
    for name, value in node.items():
        key = f"{place}.{name}" if place else str(name)
        if isinstance(value, dict) and value:
            yield from _leaves(value, key)
        elif name != "_target_":
            yield key


def _near(name: str, valid: Collection[str], alike: float = ALIKE) -> str | None:
    return meant_name(name, [v for v in valid if v != "_target_"], alike) if len(name) >= SHORTEST else None
