"""The words of a command line: options and overrides in any order, and one line per word that is neither."""

from __future__ import annotations

from argparse import Action
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.types import RunMode

from pipeline.config.composition.choices import EXPERIMENT, choices
from pipeline.config.composition.keys import ROOTS, Keys
from pipeline.config.conf_folder import conf_folder
from pipeline.errors import ConfigMistakes, did_you_mean, nearest, one_line
from pipeline.security.config_files import CheckedRepository

SUCH_AS = "KEY=VALUE, such as trainer.epochs=5"


def in_order(arguments: Sequence[str]) -> list[str]:
    """Returns a command line in the order that Hydra expects: overrides, then options.

    Args:
        arguments: The command line without its first word.

    Raises:
        ConfigMistakes: Some words are neither; one line each.
    """
    words = _Words(arguments)
    words.sort()
    words.check()
    if words.mistakes:
        raise ConfigMistakes(words.mistakes)
    return [*words.overrides, *words.options]


class _Words:
    """The words of a command line, sorted one after another.

    Attributes:
        overrides: Words with a key and a value, and words that delete a key.
        options: Hydra's options, with their values.
        mistakes: One line per other word.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.overrides: list[str] = []
        self.options: list[str] = []
        self.mistakes: list[str] = []
        self._left = list(arguments)
        self._config_dir: str | None = None
        self._actions = get_args_parser()._option_string_actions

    def sort(self) -> None:
        """Sorts all words."""
        while self._left:
            word = self._left.pop(0)
            if word.startswith("-") and word != "-":
                self._sort_option(word)
            elif "=" in word.lstrip("=") or word.startswith("~"):
                self._sort_override(word)
            else:
                self.mistakes.append(self._bare(word))

    def check(self) -> None:
        """Checks the values of options and overrides."""
        folder = self._config_dir
        if folder is not None and not Path(folder).is_dir():
            near = [path.name for path in Path(folder).absolute().parent.glob("*") if path.is_dir()]
            self.mistakes.append(f"--config-dir: no folder '{folder}'{did_you_mean(Path(folder).name, near)}")
        self.mistakes += [line for word in self.overrides if (line := _unreadable(word)) is not None]

    @cached_property
    def _keys(self) -> Keys:
        """The keys and choices of the defaults; composed only if there is a mistake."""
        # Hydra has not started yet, and registers its config sources only when it does.
        Plugins.instance()
        places = ConfigSearchPathImpl()
        places.append("hydra", "pkg://hydra.conf")
        places.append("main", str(conf_folder()))
        folders = [self._config_dir, *(self._left[i + 1] for i, w in enumerate(self._left[:-1]) if w == "--config-dir")]
        for folder in folders:
            if folder is not None and Path(folder).is_dir():
                places.append("command-line", f"file://{Path(folder).absolute()}")
        places.append("schema", "structured://")
        return Keys(ConfigLoaderImpl(places).load_configuration("config", [], RunMode.RUN), CheckedRepository(places))

    def _sort_option(self, word: str) -> None:
        head, equals, value = word.partition("=")
        matching = {head} & {*self._actions} or {
            o for o in self._actions if head.startswith("--") and o.startswith(head)
        }
        if head not in self._actions and self._correct(head, "VALUE") is not None:
            if not equals:
                value = self._left.pop(0) if self._left and _is_bare(self._left[0]) else "VALUE"
            self.mistakes.append(f"{head}: no such option; use {self._correct(head, value)}")
        elif len(matching) == 1 or (not head.startswith("--") and word[:2] in self._actions):
            self.options.append(word)
            if matching:
                self._take_value(self._actions[next(iter(matching))], equals, value)
        else:
            if not equals and self._left and _is_bare(self._left[0]):
                del self._left[0]
            options = matching or [option for option in self._actions if option.startswith("--")]
            self.mistakes.append(f"{head}: no such option{nearest(head, options)}")

    def _take_value(self, action: Action, equals: str, value: str) -> None:
        """Reads the value of an option, which may be the next word."""
        name = action.option_strings[0]
        if action.nargs == 0:
            return
        allowed = [str(choice) for choice in action.choices or ()]
        if not equals:
            if action.nargs == "?" and not (self._left and self._left[0] in allowed):
                return
            if not self._left or self._left[0].startswith("-"):
                examples = " or ".join(f"{name} {choice}" for choice in allowed) or f"{name} VALUE"
                self.mistakes.append(f"{name}: its value is missing; use {examples}")
                return
            value = self._left.pop(0)
            self.options.append(value)
        if allowed and value not in allowed:
            self.mistakes.append(f"{name}: there is no '{value}'{nearest(value, allowed)}")
        if action.dest == "config_dir":
            self._config_dir = value

    def _sort_override(self, word: str) -> None:
        key, _, value = word.partition("=")
        rest = list[str]()
        if value[:1] in ("[", "{"):
            while _is_cut_off(" ".join([word, *rest])) and len(rest) < len(self._left):
                rest.append(self._left[len(rest)])
        whole = " ".join([word, *rest])
        if rest and not _is_cut_off(whole):
            del self._left[: len(rest)]
            self.mistakes.append(f"{key}: '{value}' ends at a space; use '{whole}', in quotes")
        elif word.endswith("=") and self._left and _is_bare(self._left[0]):
            self.mistakes.append(f"{key}: space after '='; use {word}{self._left.pop(0)}")
        else:
            self.overrides.append(word)

    def _bare(self, word: str) -> str:
        """Returns the line for a word without `=`, with the correct form."""
        if self._left and self._left[0] == "=":
            value = self._left[1] if len(self._left) > 1 else "VALUE"
            del self._left[:2]
            return f"{word}: spaces around '='; use {self._correct(word, value) or f'{word}={value}'}"
        key, colon, value = word.partition(":")
        if self._correct(key, value) is not None:
            if not colon:
                value = self._left.pop(0) if self._left and _is_bare(self._left[0]) else "VALUE"
            return f"{word}: expected KEY=VALUE; use {self._correct(key, value)}"
        chosen = self._chosen(word)
        return f"{word}: expected {SUCH_AS}" if chosen is None else f"{word}: expected KEY=VALUE; {chosen}"

    def _chosen(self, word: str) -> str | None:
        """Returns how to choose what a word names, exactly or nearly; None if it names no choice."""
        by_choice = {name: f"+experiment={name}" for name in choices(self._keys.repository, EXPERIMENT)}
        for group in sorted(ROOTS - {"callbacks"}):
            if self._keys.repository.group_exists(group):
                by_choice |= {name: f"{group}={name}" for name in choices(self._keys.repository, group)}
        by_choice |= {n: f"callbacks=[{n}]" for n in choices(self._keys.repository, "callbacks") if n not in by_choice}
        if word in by_choice:
            return f"use {by_choice[word]}"
        found = nearest(word, by_choice)
        return f"did you mean {by_choice[found.split(chr(39))[1]]}?" if "did you mean" in found else None

    def _correct(self, word: str, value: str) -> str | None:
        """Returns how to set the key that a word names to a value; None if it names no key."""
        name = word.lstrip("-+~")
        if name == EXPERIMENT:
            return f"+experiment={value}"
        if name in ROOTS or self._keys.has(name):
            return f"{name}={value}"
        key = self._keys.meant(name, exactly=True)
        return None if key is None else f"{key}={value}"


def _is_bare(word: str) -> bool:
    return ("=" not in word and not word.startswith(("-", "~", "+"))) or word.lstrip("-").replace(".", "").isdigit()


def _is_cut_off(word: str) -> bool:
    return sum(map(word.count, "[{")) > sum(map(word.count, "]}"))


def _unreadable(word: str) -> str | None:
    """Returns why Hydra cannot read an override, with the quotes that it needs; None if Hydra can."""
    reason = _problem(word)
    if reason is None:
        return None
    key, _, value = word.partition("=")
    if _problem(f"{key}=x") is not None:
        return f"'{key}': not a valid key; use {SUCH_AS}"
    quoted = f'{key}="{value}"'
    if value[:1] not in ("[", "{", "'", '"') and _problem(quoted) is None and "'" not in value:
        return f"{key}: '{value}' has characters that need quotes; use '{quoted}'"
    return f"{key}: '{value}' cannot be read: {reason}"


def _problem(word: str) -> str | None:
    try:
        OverridesParser.create().parse_override(word)
    except Exception as error:  # noqa: BLE001
        return one_line(str(error).partition("\n")[0] or error)
    return None
