"""What the config's `weighting` says: one weighting for all targets, or a choice for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from omegaconf import OmegaConf

from pipeline.config.conf_folder import conf_folder
from pipeline.config.schema import MASK, REFUSE
from pipeline.errors import ConfigError, ConfigMistakes, nearest

NONE = "none"
BY_KEY = {
    "weights": "class_weight",
    "column": "sample_weight",
    "array": "sample_weight",
    "function": "sample_weight",
}
"""The choice that a mapping without a name is of, told by a key of it. (A mask is named: `{mask: {column: NAME}}`.)"""


@dataclass(frozen=True)
class Choice:
    """A weighting of the config.

    Attributes:
        key: Where the config says it, for messages.
        node: A mapping with a `_target_` and all its arguments.
        target: The target that it is for; None for all.
    """

    key: str
    node: Mapping[str, Any]
    target: str | None = None


def choices_of(weighting: Mapping[str, Any] | None) -> list[Choice]:
    """Returns the weightings of the config's `weighting`, its names of choices replaced by what they stand for.

    Raises:
        ConfigMistakes: It says something else; a line for each mistake.
    """
    if weighting is None:
        return []
    if not isinstance(weighting, Mapping):
        raise ConfigMistakes([f"weighting: {weighting!r} is no component; a choice such as weighting=NAME is right"])
    node = {key: value for key, value in weighting.items() if key != "missing"}
    if "_target_" in node:
        return [Choice("weighting", node)]
    found, mistakes = [], []
    for target, given in node.items():
        try:
            choice = _choice(str(target), given)
        except ConfigError as error:
            mistakes.append(str(error))
            continue
        found += [choice] if choice else []
    if mistakes:
        raise ConfigMistakes(mistakes)
    return found


def missing_labels(weighting: Mapping[str, Any] | None) -> str | int | None:
    """Returns what the config says of labels that are missing: to refuse or to mask them, or the id that marks them.

    None where it says nothing.
    """
    found = (weighting or {}).get("missing")
    return found if found is None or isinstance(found, int) else str(found)


def missing_label_mistakes(weighting: Any) -> list[str]:
    """Returns a line if `weighting.missing` says nothing of the kind."""
    found = weighting.get("missing") if isinstance(weighting, Mapping) else None
    if found in (None, REFUSE, MASK) or (isinstance(found, int) and not isinstance(found, bool)):
        return []
    tip = nearest(found, (REFUSE, MASK)) if isinstance(found, str) else ""
    return [f"weighting.missing: {found!r} is none of them{tip}; refuse, mask, or an id such as -1, is right"]


def choice_names() -> list[str]:
    """Returns the names of the choices that there are."""
    return sorted(file.stem for file in (conf_folder() / "weighting").glob("*.yaml"))


def _choice(target: str, given: Any) -> Choice | None:
    key, known = f"weighting.{target}", choice_names()
    if given is None or given == NONE:
        return None
    if isinstance(given, str):
        return Choice(key, _node(key, given, {}, target), target)
    right = f"a choice by name ({', '.join(known)}), or a mapping with the keys of one, is right"
    if not isinstance(given, Mapping) or not given:
        raise ConfigError(f"{key}: {given!r} is no weighting of target '{target}'; {right}")
    if "_target_" in given:
        return Choice(key, given, target)
    if len(given) == 1 and (name := next(iter(given))) in known:
        arguments = given[name]
        if arguments is not None and not isinstance(arguments, Mapping):
            raise ConfigError(f"{key}.{name}: {arguments!r} is no mapping of the arguments of '{name}'")
        return Choice(f"{key}.{name}", _node(f"{key}.{name}", name, arguments or {}, target), target)
    names = {BY_KEY[argument] for argument in given if argument in BY_KEY}
    if len(names) != 1:
        found = ", ".join(map(str, given))
        told = "are keys of several" if names else "tells no choice" + nearest(found, [*BY_KEY, *known])
        raise ConfigError(f"{key}: '{found}' {told}; {right}, such as {{weights: …}}, {{column: NAME}}, {{mask: …}}")
    return Choice(key, _node(key, names.pop(), given, target), target)


def _node(key: str, name: str, arguments: Mapping[str, Any], target: str) -> dict[str, Any]:
    """Returns the node of a choice of ours with arguments in place of its own."""
    known = choice_names()
    if name not in known:
        tip = nearest(name, known) or f"; {', '.join(known)} are right"
        of_all = " (weighting=sample_weight or weighting=mask has this key)" if target in BY_KEY else ""
        raise ConfigError(f"{key}: no choice of weighting '{name}'{tip}{of_all}")
    defaults: Any = OmegaConf.to_container(OmegaConf.load(conf_folder() / "weighting" / f"{name}.yaml"), resolve=False)
    missing = [k for k, value in defaults.items() if value == "???" and k not in arguments]
    if missing:
        raise ConfigError(f"{key}.{missing[0]}: missing; {name} of target '{target}' needs it")
    node = {**defaults, **arguments}
    if "targets" in node:
        if arguments.get("targets") is not None:
            raise ConfigError(f"{key}.targets: the target is '{target}' already; leaving it out is right")
        node["targets"] = [target]
    if name == "class_weight":
        node["weights"] = {target: node["weights"]}
    return node
