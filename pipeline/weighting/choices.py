"""The config's `weighting`: one weighting for all targets, or one choice per target.

A choice per target is named among those of the package. A user's own is given by its `_target_`: a file of another
config folder would be read only here, after the config is checked for what it may call, and a run would not keep it.
"""

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
"""The choice that a key implies in a mapping without a name. (A mask has to be named: `{mask: {column: NAME}}`.)"""


@dataclass(frozen=True)
class Choice:
    """A weighting of the config.

    Attributes:
        key: The config key, for messages.
        node: A mapping with a `_target_` and all its arguments.
        target: The target that it applies to; None for all targets.
    """

    key: str
    node: Mapping[str, Any]
    target: str | None = None


def choices_of(weighting: Mapping[str, Any] | None) -> list[Choice]:
    """Returns the weightings of the config's `weighting`, with each choice's name replaced by its node.

    Raises:
        ConfigMistakes: It is invalid; one line per mistake.
    """
    if weighting is None:
        return []
    if not isinstance(weighting, Mapping):
        raise ConfigMistakes(
            [f"weighting: expected a choice such as weighting=balanced, or a mapping, got {weighting!r}"]
        )
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
    """Returns how the config treats missing labels: refuse them, mask them, or the id that marks them.

    None if it does not say.
    """
    found = (weighting or {}).get("missing")
    return found if found is None or isinstance(found, int) else str(found)


def missing_label_mistakes(weighting: Any) -> list[str]:
    """Returns one line if `weighting.missing` is invalid."""
    found = weighting.get("missing") if isinstance(weighting, Mapping) else None
    if found in (None, REFUSE, MASK) or (isinstance(found, int) and not isinstance(found, bool)):
        return []
    tip = nearest(found, (REFUSE, MASK)) if isinstance(found, str) else ""
    return [f"weighting.missing: expected refuse, mask or an id such as -1, got {found!r}{tip}"]


def choice_names() -> list[str]:
    """Returns the names of all choices."""
    return sorted(file.stem for file in (conf_folder() / "weighting").glob("*.yaml"))


def _choice(target: str, given: Any) -> Choice | None:
    key, known = f"weighting.{target}", choice_names()
    if given is None or given == NONE:
        return None
    if isinstance(given, str):
        return Choice(key, _node(key, given, {}, target), target)
    expected = (
        f"the name of a choice ({', '.join(known)}), a mapping of its keys such as {{weights: …}}, {{column: NAME}} or "
        "{mask: …}, or a _target_ of your own"
    )
    if not isinstance(given, Mapping) or not given:
        raise ConfigError(f"{key}: expected {expected}, got {given!r}")
    if "_target_" in given:
        return Choice(key, given, target)
    if len(given) == 1 and (name := next(iter(given))) in known:
        arguments = given[name]
        if arguments is not None and not isinstance(arguments, Mapping):
            raise ConfigError(f"{key}.{name}: expected a mapping of the arguments of '{name}', got {arguments!r}")
        return Choice(f"{key}.{name}", _node(f"{key}.{name}", name, arguments or {}, target), target)
    names = {BY_KEY[argument] for argument in given if argument in BY_KEY}
    if len(names) != 1:
        found = ", ".join(map(str, given))
        reason = "belongs to several choices" if names else "belongs to no choice" + nearest(found, [*BY_KEY, *known])
        raise ConfigError(f"{key}: '{found}' {reason}; use {expected}")
    return Choice(key, _node(key, names.pop(), given, target), target)


def _node(key: str, name: str, arguments: Mapping[str, Any], target: str) -> dict[str, Any]:
    """Returns the node of a built-in choice, its arguments replaced by the given ones."""
    known = choice_names()
    if name not in known:
        tip = nearest(name, known) or f"; valid: {', '.join(known)}"
        of_all = " (weighting=sample_weight or weighting=mask has this key)" if target in BY_KEY else ""
        own = "" if "did you mean" in tip or of_all else "; one of your own is named by its _target_ here"
        raise ConfigError(f"{key}: no weighting '{name}'{tip}{of_all}{own}")
    defaults: Any = OmegaConf.to_container(OmegaConf.load(conf_folder() / "weighting" / f"{name}.yaml"), resolve=False)
    missing = [k for k, value in defaults.items() if value == "???" and k not in arguments]
    if missing:
        raise ConfigError(f"{key}.{missing[0]}: missing; {name} requires it")
    node = {**defaults, **arguments}
    if "targets" in node:
        if arguments.get("targets") is not None:
            raise ConfigError(f"{key}.targets: this entry already applies to target '{target}'; remove it")
        node["targets"] = [target]
    return node
