"""Paths with placeholders that a Keras callback fills in when it opens them. They stay in the run folder.

`ModelCheckpoint` formats its whole path with `str.format`. With `{epoch!s:.0}..`, a path that looks harmless leads
anywhere once it is opened, and so may one whose folder has braces in its own name.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, one_line
from pipeline.security import trust

TEMPLATES = {("keras.callbacks.ModelCheckpoint", "filepath")}
"""Parts with their arguments that are such paths."""
NUMBER = re.compile(r"[+-]?0?\d{0,2},?(\.\d{1,2})?[bdeEfFgGnoxX%]?")
"""How a number may be formatted: without custom fill characters."""


def within(path: str, folder: Path) -> str:
    """Returns the template of a path in which braces in the run folder's own name are literal."""
    if not path.startswith(str(folder)):
        return path
    return str(folder).replace("{", "{{").replace("}", "}}") + path.removeprefix(str(folder))


def template_mistakes(template: str) -> list[str]:
    """Returns one line per placeholder that could become any text."""
    expected = "expected a number such as {epoch:02d} or {val_loss:.2f}"
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError as error:
        return [f"'{template}': {one_line(error)}; {expected}"]
    wrong = {
        f"{{{name}{f'!{conversion}' if conversion else ''}{f':{how}' if how else ''}}}"
        for _, name, how, conversion in pieces
        if name is not None and (conversion or re.search(r"[.\[]", name) or not NUMBER.fullmatch(how or ""))
    }
    return [f"the placeholder '{placeholder}' could become any text; {expected}" for placeholder in sorted(wrong)]


def filled_in(node: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Returns a callback's config node in which only the config's placeholders count, not those in its folder."""
    names = {name for target, name in TEMPLATES if target == trust.as_keras(str(node["_target_"]))}
    return {n: within(value, folder) if n in names and isinstance(value, str) else value for n, value in node.items()}


def stay_within(callback: Any, folder: Path) -> None:
    """Makes a callback that fills in the placeholders of a path write only into a folder.

    Args:
        callback: A Keras callback. One without such a path is left alone.
        folder: The run folder.
    """
    fill_in = getattr(callback, "_get_file_path", None)
    if fill_in is None:
        return

    def within_folder(*arguments: Any, **named: Any) -> str:
        path = str(fill_in(*arguments, **named))
        if not Path(path).resolve().is_relative_to(folder.resolve()):
            raise ConfigError(f"callbacks: '{path}' is outside of the run folder; a path on the command line may be")
        return path

    callback._get_file_path = within_folder
