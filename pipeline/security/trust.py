"""Whose code a config may call: parts of pipeline and of Keras, and what the user names on the command line.

A config file, even that of a run, may be untrusted. What it names by `_target_` is called only if it is a part (a
layer, a callback, a source, …) or lies in a package that the user trusts: one named by `trust=[my_parts]` on the
command line or by the environment variable `PIPELINE_TRUST=my_parts,other`, or the package of a `_target_` that the
user typed. No file can grant trust. Some words in `trust` name no package but what config files may make parts do.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from pipeline.errors import ConfigError, nearest, with_article

VARIABLE = "PIPELINE_TRUST"
OURS = (
    "pipeline.callbacks",
    "pipeline.data.loaders",
    "pipeline.data.sources",
    "pipeline.models",
    "pipeline.schedules",
    "pipeline.tasks",
    "pipeline.tracking",
    "pipeline.weighting",
)
"""Our packages whose classes and functions are parts."""
STAGES = {"build", "parameters", "saved"}
"""Modules of ours that hold no parts but what stages do: they build nodes, or make some that nobody has looked at."""
OF_KERAS = (
    "keras.activations",
    "keras.applications",
    "keras.callbacks",
    "keras.constraints",
    "keras.dtype_policies",
    "keras.initializers",
    "keras.layers",
    "keras.losses",
    "keras.metrics",
    "keras.optimizers",
    "keras.optimizers.schedules",
    "keras.regularizers",
)
"""Modules of Keras whose classes and functions are parts."""
MODELS_OF_KERAS = ("keras.Input", "keras.Sequential", "keras.models.Sequential")
NO_PARTS = {"deserialize", "get", "serialize", "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
"""Names in Keras' modules of parts that build anything by its name, or run code that they are given or read."""
NOT_THE_USERS = {*sys.stdlib_module_names, "pipeline", "keras", "tensorflow", "numpy", "pandas", "hydra", "omegaconf"}
"""Packages that are never trusted as a whole because one of their names was typed."""
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
WORDS = frozenset({"network", "files", "environment"})
"""What `trust` may hold besides packages: config files may have parts send and download, read files, read variables."""


@dataclass(frozen=True)
class Trust:
    """What the user vouches for.

    Attributes:
        names: Packages, modules or single parts whose code a config may call, including everything below them.
        keys: Config keys whose values the user typed.
        lists: The typed keys whose values are lists, including everything in them.
        texts: The typed values that are texts.
        words: The words of `WORDS` that the user typed.
        named: The names that are not trusted only because a `_target_` was typed.
    """

    names: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()

    def covers(self, target: str) -> bool:
        """Whether a dotted path is covered by a name of the user."""
        return any(is_within(target, name) for name in self.names)

    def typed(self, parent: str) -> bool:
        """Whether the user typed that new folders are to be made in a folder."""
        return any(f"new_folder:{parent}}}" in text for text in self.texts)


_current: Trust | None = None


def current() -> Trust:
    """Returns the trust in effect: that of the running command, or otherwise of the environment alone."""
    return _trust_in(_names_of_environment()) if _current is None else _current


def of_environment() -> frozenset[str]:
    """Returns the packages and words that the environment names."""
    return _names_of_environment()


def is_command() -> bool:
    """Whether a command runs. Otherwise the user's own Python code calls, without config files."""
    return _current is not None


def typed(place: str) -> bool:
    """Whether the user typed the value at a config key such as `metrics[0].name`, or a value that contains it.

    `callbacks=[mine]` chooses a file; that does not count as typing its contents.
    """
    names = re.split(r"[.\[\]]+", place.rstrip("]"))
    keys, lists = current().keys, current().lists
    return ".".join(names) in keys or any(".".join(names[:length]) in lists for length in range(2, len(names)))


@contextmanager
def trusting(trust: Trust) -> Iterator[None]:
    """Puts a command's trust into effect."""
    global _current  # noqa: PLW0603
    before, _current = _current, trust
    try:
        yield
    finally:
        _current = before


def call_trusting(trust: Trust, job: Callable[[Any], Any], config: Any) -> Any:
    """Runs a job of a command, perhaps in another process than the command itself."""
    with trusting(trust):
        return job(config)


def trust_of(arguments: Sequence[str]) -> Trust:
    """Returns what the user of a command vouches for, by its arguments and the environment.

    Raises:
        ConfigError: `trust` names something that is not a package.
    """
    named, called, keys, texts = set(_names_of_environment()), set(), set(), set()
    lists = set()
    for key, value in typed_values(arguments):
        keys.add(key)
        lists |= {key} if isinstance(value, list) else set()
        texts |= {value} if isinstance(value, str) else set()
        if key == "trust":
            named |= {_checked(str(name), "trust") for name in (value if isinstance(value, list) else [value])}
        elif key.rpartition(".")[2] == "_target_" and isinstance(value, str) and NAME.fullmatch(value):
            package = value.partition(".")[0]
            called.add(value if package in NOT_THE_USERS else package)
    return replace(
        _trust_in(frozenset(named), frozenset(called), frozenset(keys), frozenset(texts)), lists=frozenset(lists)
    )


def typed_values(arguments: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Gives the key and the value of each override on a command line, those within a mapping one by one.

    What Hydra cannot read is left out; it tells of it itself.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import Override, QuotedString
    from hydra.errors import HydraException

    def values(override: Override) -> list[Any]:
        if not override.is_sweep_override():
            return [override.value()]
        if not override.is_choice_sweep():
            return []
        found = override.sweep_iterator(transformer=lambda value: value)
        return [value.text if isinstance(value, QuotedString) else value for value in found]

    parser = OverridesParser.create()
    for argument in arguments:
        if "=" in argument and not argument.startswith("-"):
            with suppress(HydraException):
                override = parser.parse_override(argument)
                for value in values(override):
                    yield from _leaves(override.key_or_group, value)


def target_mistake(target: Any) -> str | None:
    """Says why a target may not be named in a config, before anything of it is imported; None if it may."""
    if not isinstance(target, str) or not NAME.fullmatch(target):
        return f"expected a dotted path such as my_module.my_function, got {target!r}"
    if current().covers(target) or is_part(as_keras(target)):
        return None
    parent = as_keras(target).rpartition(".")[0]
    close = nearest(parent, (*OURS, *OF_KERAS)) if target.startswith(("pipeline.", "keras.")) else ""
    if "did you mean" in close and parent not in OF_KERAS:
        return f"'{target}' is not part of pipeline or Keras{close}"
    package = target.partition(".")[0]
    name = target if package in NOT_THE_USERS | WORDS else package
    return f"'{target}' is not part of pipeline or Keras; if you trust its code, add trust=[{name}] to the command"


def object_mistake(target: str, found: Any) -> str | None:
    """Says why what was found under an allowed path is not to be called; None if it may be.

    A module of ours or of the user's also holds all that it imports, which is not theirs.
    """
    if target in current().names:
        return None
    if not callable(found):
        return f"expected a class or a function, but '{target}' is {with_article(found)}"
    home, name = getattr(found, "__module__", None), getattr(found, "__qualname__", "")
    if current().covers(target):
        # An object that a module of the user's has made, such as a partial, has no home of its own.
        made = not inspect.isclass(found) and not inspect.isroutine(found)
        allowed = made or (isinstance(home, str) and current().covers(home))
    else:
        packages = ("keras",) if as_keras(target).startswith("keras.") else OURS
        of_stages = packages == OURS and str(home).rpartition(".")[2] in STAGES
        # Arguments of ours are judged by the name of the part, so that none may have another name.
        renamed = packages == OURS and name != target.rpartition(".")[2]
        allowed = not of_stages and not renamed and any(is_within(str(home), p) for p in packages) and "." not in name
    if allowed:
        return None
    return (
        f"'{target}' is {home}.{name}, which is not a part; if you trust its code, add trust=[{target}] to the command"
    )


def node_mistakes(key: str, node: Any) -> list[str]:
    """Returns what a config node, or anything below it, names that it may not; nothing is imported.

    Args:
        key: The node's config key, for the messages.
        node: Plain dicts, lists and values.
    """
    if isinstance(node, str):
        # Building would resolve it, to something that nobody has looked at.
        return [f"{key}: '{node}' would be resolved only when the part is built; write its value instead"] * (
            "${" in node
        )
    if isinstance(node, list):
        return [line for index, item in enumerate(node) for line in node_mistakes(f"{key}[{index}]", item)]
    if not isinstance(node, Mapping):
        return []
    lines = [line for name, value in node.items() for line in node_mistakes(f"{key}.{name}", value)]
    # A key such as `mine.urls` would pass for another place.
    lines += [
        f"{key}: the key '{name}' leads to a part; expected letters, digits and _"
        for name, value in node.items()
        if re.search(r"[.\[\]]", str(name)) and any(targets(key, value))
    ]
    if "class_name" in node and not {"config", "module"}.isdisjoint(node):
        lines.append(f"{key}: expected a mapping with a _target_, got one that Keras makes objects from")
    if "_target_" not in node:
        return lines
    mistake = target_mistake(node["_target_"])
    if mistake is not None:
        lines.append(f"{key}._target_: {mistake}")
    elif node.get("_args_") and not current().covers(node["_target_"]):
        lines.append(f"{key}._args_: arguments by position are only for parts of your own; give them by name")
    return lines


def targets(key: str, node: Any) -> Iterator[tuple[str, str]]:
    """Gives every target of a config node and below it, with the place where it is named."""
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield key, node["_target_"]
        for name, item in node.items():
            yield from targets(f"{key}.{name}", item)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from targets(f"{key}[{index}]", item)


def as_keras(target: str) -> str:
    """Returns a dotted path with Keras' own name where it has TensorFlow's for it."""
    return target.removeprefix("tensorflow.") if target.startswith("tensorflow.keras.") else target


def is_part(target: str) -> bool:
    """Whether a dotted path is that of a part of ours or of Keras, which any config may call."""
    parent, _, name = target.rpartition(".")
    if any(part.startswith("_") for part in target.split(".")):
        return False
    if any(is_within(parent, package) for package in OURS):
        return True
    return target in MODELS_OF_KERAS or (parent in OF_KERAS and name not in NO_PARTS)


def is_within(path: str, package: str) -> bool:
    """Whether a dotted path is a package or lies in it."""
    return path == package or path.startswith(f"{package}.")


def _trust_in(
    named: frozenset[str],
    called: frozenset[str] = frozenset(),
    keys: frozenset[str] = frozenset(),
    texts: frozenset[str] = frozenset(),
) -> Trust:
    packages = named - WORDS
    return Trust(packages | called, keys, texts, words=named & WORDS, named=packages)


def _names_of_environment() -> frozenset[str]:
    names = os.environ.get(VARIABLE, "").split(",")
    return frozenset(_checked(name.strip(), VARIABLE) for name in names if name.strip())


def _checked(name: str, place: str) -> str:
    if not NAME.fullmatch(name):
        raise ConfigError(f"{place}: expected the name of a package, such as my_parts, got '{name}'")
    return name


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(f"{key}.{name}", item)
        return
    yield key, value
    for index, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, (Mapping, list)):
            yield from _leaves(f"{key}.{index}", item)
