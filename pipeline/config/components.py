"""Components that the config names by `_target_`: found, checked against their signature, and built."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from pipeline.config.composition.ignored_keys import READS
from pipeline.errors import ConfigError, ConfigMistakes, DataError, PipelineError, nearest, one_line
from pipeline.run.names import TRAINS
from pipeline.security import trust

NOT_ARGUMENTS = {"_target_", "_partial_", "_convert_", "_recursive_", "_args_", READS, TRAINS}
"""Keys of a node that are not passed to its target: Hydra's, and a task's description of itself."""


def find(target: str) -> Any:
    """Returns the object that a dotted path names.

    Raises:
        ConfigError: A config may not call it (see `pipeline.security.trust`; nothing is imported then), or it does not
            exist; the message has the nearest name in the module that was found.
    """
    mistake = trust.target_mistake(target)
    if mistake is not None:
        raise ConfigError(mistake)
    found = _found(target)
    mistake = trust.object_mistake(target, found)
    if mistake is not None:
        raise ConfigError(mistake)
    return found


def _found(target: str) -> Any:
    if trust.current().covers(target):
        _look_in_working_folder()
    parts = trust.as_keras(target).split(".")
    for length in range(len(parts) - 1, 0, -1):
        module_name = ".".join(parts[:length])
        try:
            found: Any = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
                continue
            raise ConfigError(f"'{target}' needs the package '{error.name}', which is not installed") from error
        except Exception as error:
            raise ConfigError(f"importing '{module_name}' failed: {one_line(error)}") from error
        for part in parts[length:]:
            if not hasattr(found, part):
                raise ConfigError(f"'{module_name}' has no '{part}'{nearest(part, _public(found))}")
            found = getattr(found, part)
            if isinstance(found, types.ModuleType) and target not in trust.current().names:
                raise ConfigError(
                    f"'{target}' leads through '{module_name}' to '{found.__name__}', which is not its own"
                )
        return found
    raise ConfigError(f"no module '{parts[0]}' for '{target}'; use a dotted path such as my_module.my_function")


def _look_in_working_folder() -> None:
    """Adds the working folder to the module search path, last, so that it never hides an installed module."""
    if "" not in sys.path:
        sys.path.append("")


def mistakes(key: str, node: Any, provided: frozenset[str] = frozenset()) -> list[str]:
    """Checks a config node and everything below it against the signatures of its targets.

    Args:
        key: The node's config key, for the messages.
        node: Plain dicts, lists and values.
        provided: Arguments that the pipeline itself passes to the outermost target.

    Returns:
        One line per mistake.
    """
    found: list[str] = []
    if isinstance(node, list):
        for index, item in enumerate(node):
            found += mistakes(f"{key}[{index}]", item)
    if not isinstance(node, dict):
        return found
    for name, value in node.items():
        found += mistakes(f"{key}.{name}", value)
    if "_target_" not in node:
        return found
    try:
        target = find(node["_target_"])
    except ConfigError as error:
        return [*found, f"{key}._target_: {error}"]
    return found + _argument_mistakes(key, node, target, provided)


def takes(target: str, name: str) -> bool:
    """Whether a target has an argument of a name."""
    return name in _parameters(find(target))[0]


def build(key: str, node: Mapping[str, Any], **extra: Any) -> Any:
    """Builds the component of a config node; an error that it raises becomes one line with the key.

    Args:
        key: The node's config key.
        node: A mapping with a `_target_`, and possibly others nested below.
        **extra: Further arguments of the outermost target, passed unchanged.

    Raises:
        ConfigError: The component rejected its arguments, or names something that a config may not.
    """
    from hydra.utils import instantiate

    mistakes = _trust_mistakes(key, node)
    if mistakes:
        raise ConfigMistakes(mistakes)
    try:
        # Hydra converts dataclass arguments to dicts, so ours are passed separately.
        component = instantiate({**node, "_partial_": True}, _convert_="all")
        return partial(component, **extra) if node.get("_partial_") else component(**extra)
    except Exception as error:
        cause = _root_cause(error)
        if isinstance(cause, PipelineError):
            group = key.split(".", maxsplit=1)[0]
            text = str(cause) if str(cause).startswith(group) else f"{key}: {cause}"
            raise (DataError if isinstance(cause, DataError) else ConfigError)(text) from error
        raise ConfigError(f"{key}: {node.get('_target_')} refused its arguments: {one_line(cause)}") from error


def _trust_mistakes(key: str, node: Any) -> list[str]:
    """Returns the targets in a node that it may not name, including those that Hydra finds under an allowed path."""
    return trust.node_mistakes(key, node) or [
        f"{place}._target_: {line}" for place, target in trust.targets(key, node) if (line := _finding(target))
    ]


def _finding(target: str) -> str | None:
    try:
        find(target)
    except ConfigError as error:
        return str(error)
    return None


def _root_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None and not isinstance(error, PipelineError):
        error = error.__cause__
    return error


def _argument_mistakes(key: str, node: dict[str, Any], target: Any, provided: frozenset[str]) -> list[str]:
    parameters, open_ended = _parameters(target)
    given = {name for name in node if name not in NOT_ARGUMENTS}
    hints = _hints(target)
    found = []
    for name in sorted(given):
        if name not in parameters and not open_ended:
            valid = set(parameters) - provided
            found.append(f"{key}.{name}: {node['_target_']} has no argument '{name}'{nearest(name, valid)}")
        elif not _fits(node[name], hints.get(name, Any)):
            tip = f"; use [{node[name]}]" if _takes_only_lists(hints[name], node[name]) else ""
            found.append(f"{key}.{name}: expected {_describe(hints[name])}, got {node[name]!r}{tip}")
    if not node.get("_partial_") and not node.get("_args_"):
        for name, parameter in parameters.items():
            required = parameter.default is inspect.Parameter.empty
            if required and name not in given and name not in provided:
                found.append(f"{key}.{name}: missing; {node['_target_']} requires it")
    return found


def _parameters(target: Any) -> tuple[dict[str, inspect.Parameter], bool]:
    """Returns the named parameters of a callable, and whether it also accepts any others.

    A class with `**kwargs` is read together with its bases, whose required arguments it may supply itself.
    """
    named: dict[str, inspect.Parameter] = {}
    callables = (
        [vars(c)["__init__"] for c in target.__mro__ if "__init__" in vars(c)] if inspect.isclass(target) else [target]
    )
    for function in callables:
        of_base = function is not callables[0]
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            return named, True
        kinds = {p.kind for p in parameters}
        for p in parameters:
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "self":
                named.setdefault(p.name, p.replace(default=None) if of_base and p.default is p.empty else p)
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            return named, False
    return named, not inspect.isclass(target)


def _hints(target: Any) -> dict[str, Any]:
    if not inspect.isclass(target):
        return _resolved(target.__annotations__, target) if hasattr(target, "__annotations__") else {}
    hints: dict[str, Any] = {}
    for base in reversed(target.__mro__):
        # A dataclass has one `__init__` for the fields of all its bases, whose names mean something in their modules.
        if dataclasses.is_dataclass(base):
            hints |= _resolved(vars(base).get("__annotations__", {}), base)
    init = inspect.getattr_static(target, "__init__")
    return hints | _resolved(getattr(init, "__annotations__", {}), init)


def _resolved(annotations: Mapping[str, Any], defined: Any) -> dict[str, Any]:
    """Returns the types that annotations stand for in the module of what they are written at, as far as known there."""
    names = getattr(defined, "__globals__", None) or vars(sys.modules[defined.__module__])
    hints: dict[str, Any] = {}
    for name, annotation in annotations.items():
        alone = types.SimpleNamespace(__annotations__={name: annotation})
        # Names imported only for type checkers cannot be resolved here.
        with suppress(NameError, TypeError, AttributeError):
            hints |= typing.get_type_hints(alone, names)
    return hints


def _fits(value: Any, hint: Any) -> bool:
    """Whether a config value has the annotated type; types that a config cannot hold are not checked."""
    options = (
        typing.get_args(hint)
        if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
        else (hint,)
    )
    lists = [option for option in options if typing.get_origin(option) is Sequence]
    if lists and not isinstance(value, dict):
        (item,) = typing.get_args(lists[0])
        return (value is None and type(None) in options) or (
            isinstance(value, list) and all(_fits(v, item) for v in value)
        )
    plain = {int, float, str, bool, type(None)}
    if not set(options) <= plain or (isinstance(value, (dict, list)) and not set(options) <= plain):
        return True
    if isinstance(value, bool):
        return bool in options
    if isinstance(value, int):
        return int in options or float in options
    return type(value) in options


def _takes_only_lists(hint: Any, value: Any) -> bool:
    """Whether a list with the value would be valid where the value alone is not."""
    return isinstance(value, str) and _describe(hint).startswith("a list of texts")


def _describe(hint: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", type(None): "null"}
    lists = {str: "a list of texts", int: "a list of whole numbers", float: "a list of numbers"}
    if typing.get_origin(hint) is Sequence:
        return lists.get(typing.get_args(hint)[0], "a list")
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return " or ".join(map(_describe, typing.get_args(hint)))
    return names.get(hint, str(hint))


def _public(found: Any) -> list[str]:
    return [name for name in dir(found) if not name.startswith("_")]
